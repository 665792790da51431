"""Builds the OpenTelemetry collector from Go modules and runs our configuration."""

import fcntl
import hashlib
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import yaml

from deploy.local.ports import free_ports
from tests.tools.programs import program, running
from tests.tools.rules_files import TOOLS
from tests.waiting import status_of, wait_until

MANIFEST = Path(__file__).with_name("collector.yaml")


@dataclass(frozen=True)
class Collector:
    """A running collector's addresses."""

    otlp: str
    metrics: str

    def counters(self) -> dict[str, float]:
        """Return its own counters, summed over their labels."""
        totals: dict[str, float] = {}
        for line in httpx.get(f"http://{self.metrics}/metrics").text.splitlines():
            if not line.startswith("#"):
                series, value = line.rsplit(" ", 1)
                name = series.split("{")[0].removesuffix("_total")
                totals[name] = totals.get(name, 0) + float(value)
        return totals


@contextmanager
def running_collector(
    name: str, folder: Path, environment: Mapping[str, str]
) -> Iterator[Collector]:
    """Run the collector on deploy/tools/collector/NAME.yml until the block ends."""
    with free_ports(3) as (otlp, health, metrics):
        own = {
            "OTLP_LISTEN": f"127.0.0.1:{otlp}",
            "HEALTH_LISTEN": f"127.0.0.1:{health}",
            "METRICS_HOST": "127.0.0.1",
            "METRICS_PORT": str(metrics),
        }
        command = [str(binary()), "--config", str(TOOLS / "collector" / f"{name}.yml")]
        with running(command, folder / f"{name}.log", {**own, **environment}):
            wait_until(lambda: status_of(f"http://127.0.0.1:{health}") == 200)
            yield Collector(f"http://127.0.0.1:{otlp}", f"127.0.0.1:{metrics}")


def binary() -> Path:
    """Return the collector that the manifest describes, built once a machine."""
    digest = hashlib.sha256(MANIFEST.read_bytes()).hexdigest()[:16]
    path = Path.home() / ".cache" / "minitwit" / f"otelcol-{digest}"
    path.parent.mkdir(parents=True, exist_ok=True)
    # A concurrent test run waits for this build instead of building as well.
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            _build(path)
    return path


def _build(path: Path) -> None:
    go = program("go")
    manifest = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))
    builder = (
        f"go.opentelemetry.io/collector/cmd/builder@v{manifest['dist']['version']}"
    )
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        manifest["dist"]["output_path"] = folder
        copy = Path(folder) / "manifest.yaml"
        copy.write_text(yaml.safe_dump(manifest), encoding="utf-8")
        build = [go, "run", builder, "--config", str(copy)]
        result = subprocess.run(
            build, cwd=folder, capture_output=True, text=True, env=dict(os.environ)
        )
        assert result.returncode == 0, result.stdout + result.stderr
        # On the same file system, so the rename is atomic.
        (Path(folder) / "otelcol").rename(path)
