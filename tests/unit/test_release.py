"""deploy/release.sh, with a stand-in for the Swarm that knows specifications alone.

The real Swarm is in tests/swarm/test_updates.py.
"""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

DEPLOY = Path(__file__).parents[2] / "deploy"
FUNCTIONS = ("messages", "timeline")
LIVE = ["1.4.0", "a"]  # its version, and its setting

# A release with another version, and one with another setting.
changes = pytest.mark.parametrize(
    ("version", "setting"), [("1.5.0", "a"), ("1.4.0", "b")]
)

# Keeps a specification, the one before and the state of the update of each service. As
# in Swarm, a rollback swaps the two, and what is deployed unchanged is no update. With
# UNDONE, the engine rolls a function back after its state was read.
DOCKER = f"""#!{sys.executable}
import json, os, sys
from pathlib import Path

words, file = " ".join(sys.argv[1:]), Path(__file__).with_name("swarm.json")
swarm = json.loads(file.read_text())
named = {{n: s for n, s in swarm.items() if "minitwit_" + n in sys.argv}}

def roll_back(service, state):
    spec, service["previous"] = service["previous"], service["spec"]
    service |= {{"spec": spec, "state": state, "rollbacks": service["rollbacks"] + 1}}

if words.startswith("info"):
    print("true")
elif words.startswith("stack deploy"):
    spec = [os.environ["VERSION"], os.environ["SETTING"]]
    for service in swarm.values():
        if service["spec"] != spec:
            service |= {{"previous": service["spec"], "spec": spec}}
            service |= {{"state": "completed"}}
elif words.startswith("service rollback"):
    for service in named.values():
        roll_back(service, "rollback_completed")
elif "minitwit.probe" in words:
    print("/" + sys.argv[-1].removeprefix("minitwit_"), "200")
elif "PreviousSpec" in words:
    print("yes")
elif ".Spec.Name" in words:
    for name, service in named.items():
        version, setting = service["spec"]
        image = f"registry/minitwit-{{name}}:{{version}}@sha256:1"
        print(f"minitwit_{{name}} {{service['state']}} 1 {{image}}", end=" ")
        print(json.dumps({{"Env": [setting], "Image": version}}), "{{}}")
elif words.startswith("service ps") and "Error" not in words:
    for name, service in named.items():
        image = f"registry/minitwit-{{name}}:{{service['spec'][0]}}"
        print(f"minitwit_{{name}}.1 {{image}} Running 3 seconds ago")
    if (undone := os.environ.get("UNDONE")) and not swarm[undone]["rollbacks"]:
        if swarm[undone]["spec"] == [os.environ["VERSION"], os.environ["SETTING"]]:
            roll_back(swarm[undone], "rollback_completed")
file.write_text(json.dumps(swarm))
"""

# What is outside answers for the first function, and for the others as ANSWER says.
CURL = """#!/bin/sh
case "$*" in *messages*) echo 200 ;; *) echo "$ANSWER" ;; esac
"""


@dataclass(frozen=True)
class Checkout:
    """release.sh in a folder of its own, and the stand-ins."""

    folder: Path

    def release(
        self, version: str, setting: str, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """Release a version with the setting, from a database that is up to date."""
        return subprocess.run(
            [self.folder / "deploy/release.sh", version],
            env={
                "PATH": f"{self.folder}:{os.environ['PATH']}",
                "MINITWIT_URL": "http://site",
                "MINITWIT_REGISTRY": "registry",
                "ANSWER": "200",
                "SETTING": setting,
                **variables,
            },
            capture_output=True,
            text=True,
            timeout=60,
        )

    def require(self, specification: list[str], rollbacks: int) -> None:
        """Fail unless every service has this specification, after so many rollbacks."""
        swarm = json.loads((self.folder / "swarm.json").read_text())
        assert swarm.keys() == set(FUNCTIONS)
        for service in swarm.values():
            found = service["spec"], service["rollbacks"]
            assert found == (specification, rollbacks)


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """Return a checkout with version 1.4.0 live, and 1.3.0 before it."""
    (tmp_path / "deploy").mkdir()
    for script in ("release.sh", "functions.sh"):
        shutil.copy(DEPLOY / script, tmp_path / "deploy")
    for function in FUNCTIONS:
        (tmp_path / "functions" / function).mkdir(parents=True)
        (tmp_path / "functions" / function / "handler.py").touch()
    (tmp_path / "deploy/environment.sh").touch()
    for name, program in {
        "docker": DOCKER,
        "curl": CURL,
        "sleep": "#!/bin/sh\n",  # Seconds need not pass.
        "deploy/minitwit.sh": "#!/bin/sh\n",
    }.items():
        (tmp_path / name).write_text(program)
        (tmp_path / name).chmod(0o755)
    service = {
        "spec": LIVE,
        "previous": ["1.3.0", "a"],
        "state": "completed",
        "rollbacks": 0,
    }
    swarm = dict.fromkeys(FUNCTIONS, service)
    (tmp_path / "swarm.json").write_text(json.dumps(swarm))
    return Checkout(tmp_path)


@pytest.mark.parametrize(
    ("version", "setting"), [("1.5.0", "a"), ("1.4.0", "b"), ("1.4.0", "a")]
)
def test_what_answers_is_released(
    checkout: Checkout, version: str, setting: str
) -> None:
    done = checkout.release(version, setting)
    assert done.returncode == 0, done.stderr
    assert f"Version {version} is live." in done.stdout
    checkout.require([version, setting], rollbacks=0)


@changes
def test_what_does_not_answer_is_rolled_back_once(
    checkout: Checkout, version: str, setting: str
) -> None:
    """Also where only a setting changed: a second rollback would deploy it again."""
    done = checkout.release(version, setting, ANSWER="502")
    assert done.returncode == 2
    assert "/timeline answered 502" in done.stderr
    assert "live: timeline 1.4.0" in done.stdout
    checkout.require(LIVE, rollbacks=1)


def test_what_was_live_and_has_not_changed_is_not_rolled_back(
    checkout: Checkout,
) -> None:
    """It is not what keeps the site from answering, and before it was 1.3.0."""
    done = checkout.release("1.4.0", "a", ANSWER="502")
    assert done.returncode == 2
    checkout.require(LIVE, rollbacks=0)


@changes
def test_what_the_engine_rolls_back_is_a_failure(
    checkout: Checkout, version: str, setting: str
) -> None:
    done = checkout.release(version, setting, UNDONE="timeline")
    assert done.returncode == 2
    assert f"timeline does not run version {version}" in done.stderr
    checkout.require(LIVE, rollbacks=1)


def test_nothing_is_deployed_where_the_migration_fails(checkout: Checkout) -> None:
    (checkout.folder / "deploy/minitwit.sh").write_text("#!/bin/sh\nexit 1\n")
    done = checkout.release("1.5.0", "a")
    assert done.returncode == 3
    assert "Nothing was deployed." in done.stderr
    checkout.require(LIVE, rollbacks=0)
