"""amtool: Alertmanager's configuration is valid and routes alerts correctly."""

import subprocess
from pathlib import Path

import pytest

from tests.tools.monitoring import rendered_alertmanager
from tests.tools.programs import program


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    file = tmp_path / "alertmanager.yml"
    file.write_text(
        rendered_alertmanager(
            tmp_path, "https://chat.example/hook", "https://switch.example/ping"
        )
    )
    return file


def test_amtool_accepts_the_configuration(configuration: Path) -> None:
    check = [program("amtool"), "check-config", str(configuration)]
    result = subprocess.run(check, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        ("alertname=Watchdog", "dead-mans-switch"),
        ("alertname=PostgresDown severity=critical", "chat"),
        ("alertname=DiskFilling severity=warning", "chat"),
    ],
)
def test_an_alert_goes_to(configuration: Path, labels: str, receiver: str) -> None:
    command = [program("amtool"), "config", "routes", "test"]
    options = [f"--config.file={configuration}", f"--verify.receivers={receiver}"]
    result = subprocess.run(
        [*command, *options, *labels.split()], capture_output=True, text=True
    )
    assert result.returncode == 0, result.stdout + result.stderr
