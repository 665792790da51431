"""A function that `make new-function` adds runs, scales and is watched."""

from pathlib import Path

import httpx

from tests.copied_tree import Copy
from tests.system.running import running_system
from tests.waiting import status_of

NAME = "likes"


def test_a_new_function_runs_scales_and_is_watched(tmp_path: Path) -> None:
    copy = Copy(tmp_path / "minitwit")
    copy.add_function(NAME)
    run = tmp_path / "run"
    run.mkdir()
    with running_system(
        run,
        f"--scale={NAME}=2",
        checkout=copy.folder,
        python=copy.executable,
    ) as system:
        for url in (f"{system.url}/{NAME}", f"{system.url}/api/{NAME}"):
            assert httpx.get(url).json() == {"function": NAME}
        assert status_of(f"{system.url}/latest") == 200
        replicas = [r for r in system.replicas if r["function"] == NAME]
        assert len(replicas) == 2
        for replica in replicas:
            operators = f"http://127.0.0.1:{replica['operator_port']}"
            assert status_of(f"{operators}/ready") == 200
            assert f'function="{NAME}"' in httpx.get(f"{operators}/metrics").text
        status = copy.python("-m", "minitwit_cli", "status", "--url", system.url)
        assert status.returncode == 0, status.stdout + status.stderr
        assert NAME in status.stdout
