"""What it costs to encrypt the overlay networks, as the decision against it says."""

import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.evidence import ROOT
from tests.tools.programs import program, skip_or_fail

OVERLAYS = Path(__file__).parent / "overlays"
PROGRAMS = ("busybox", "cpio", "gcc", "ip", "modprobe", "qemu-system-x86_64", "wg")

RECORD = ROOT / "docs/decisions/2026-11-29-overlays-without-ipsec.md"
# Other kernels and compilers need other instructions. The record decides by whether
# encryption costs as much again.
TOLERANCE = 0.3


@dataclass(frozen=True)
class Measured:
    """What came of each kind of network.

    Attributes:
        instructions: of both ends for an exchange, by kind and bytes of the response.
        encrypted: share of the packets between the droplets, by kind.

    """

    instructions: dict[tuple[str, int], int]
    encrypted: dict[str, float]

    def cost(self, kind: str, size: int) -> float:
        """Return the instructions of an exchange as a multiple of the plain one's."""
        return self.instructions[kind, size] / self.instructions["plain", size]


@pytest.fixture(scope="module")
def measured() -> Measured:
    """Measure in the emulated machine."""
    for name in PROGRAMS:
        program(name)
    if not (ROOT / ".artifacts/kernel").is_dir():
        skip_or_fail("there is no kernel: run tests/tools/overlays/install-kernel")
    command = ["nice", "-n19", str(OVERLAYS / "measure")]
    output = subprocess.check_output(command, text=True)
    exchanges = re.findall(r"(\w+): (\d+) for a response of (\d+) bytes", output)
    packets = re.findall(r"(\w+): (\d+) of (\d+) packets encrypted", output)
    return Measured(
        {(kind, int(size)): int(count) for kind, count, size in exchanges},
        {kind: int(count) / int(sent) for kind, count, sent in packets},
    )


def test_what_should_be_encrypted_is(measured: Measured) -> None:
    encrypted = measured.encrypted
    assert encrypted["plain"] == 0
    # The rest are the packets by which the droplets find each other.
    assert encrypted["ipsec"] > 0.99
    assert encrypted["wireguard"] > 0.99


def test_encryption_costs_what_the_record_says(
    measured: Measured, record_property: Callable[[str, object], None]
) -> None:
    row = r"\| ([\d,]+) bytes .*× ([\d.]+)\).*× ([\d.]+)\) \|"
    recorded = re.findall(row, RECORD.read_text(encoding="utf-8"))
    assert len(recorded) == 3
    for bytes_of_response, *costs in recorded:
        size = int(bytes_of_response.replace(",", ""))
        for kind, cost in zip(("ipsec", "wireguard"), costs, strict=True):
            figure = measured.cost(kind, size)
            record_property(
                "measured",
                f"{kind}, response of {size} bytes: {figure:.2f} times the "
                f"{measured.instructions['plain', size]:,} instructions of a plain one",
            )
            assert figure == pytest.approx(float(cost), rel=TOLERANCE)
