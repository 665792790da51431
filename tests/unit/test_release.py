"""deploy/release.sh, by hand and from deploy/deliver.sh, with a stand-in for the Swarm.

The stand-in knows specifications alone. The real Swarm: tests/swarm/test_updates.py.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FUNCTIONS = ("messages", "timeline")
LIVE = ["1.4.0", "a"]  # its version, with the digest if it has one, and its setting

# A release with another version, and one with another setting.
changes = pytest.mark.parametrize(
    ("version", "setting"), [("1.5.0", "a"), ("1.4.0", "b")]
)

# Keeps a specification, the one before and the state of the update of each service. As
# in Swarm, a rollback swaps the two, and what is deployed unchanged is no update. With
# UNDONE, the engine rolls a function back after its state was read. A command's task is
# complete at once. The file `named` lists the commands that name an image.
DOCKER = f"""#!{sys.executable}
import hashlib, json, os, re, sys
from pathlib import Path

words, file = " ".join(sys.argv[1:]), Path(__file__).with_name("swarm.json")
run = file.with_name("run")
swarm = json.loads(file.read_text())
named = {{n: s for n, s in swarm.items() if "minitwit_" + n in sys.argv}}

def name_image(image):
    with file.with_name("named").open("a") as images:
        print(*sys.argv[1:3], image, file=images)

def in_stack(name):
    stack = Path("stack.yml").read_text()
    [image] = re.findall(f"image: (.*/minitwit-{{name}}:.*)", stack)
    variable = "[$]{{([A-Z_]+)[^}}]*}}"
    return re.sub(variable, lambda found: os.environ.get(found[1], ""), image)

def roll_back(service, state):
    spec, service["previous"] = service["previous"], service["spec"]
    service |= {{"spec": spec, "state": state, "rollbacks": service["rollbacks"] + 1}}

if words.startswith("info"):
    print("true")
elif words.startswith("stack deploy"):
    for name, service in swarm.items():
        image = in_stack(name)
        name_image(image)
        spec = [image.partition(f"/minitwit-{{name}}:")[2], os.environ["SETTING"]]
        if service["spec"] != spec:
            service |= {{"previous": service["spec"], "spec": spec}}
            service |= {{"state": "completed"}}
elif words.startswith("pull"):
    name_image(sys.argv[-1])
elif words.startswith("buildx imagetools inspect"):
    print("sha256:" + hashlib.sha256(sys.argv[4].encode()).hexdigest())
elif words.startswith("service update"):
    name_image(sys.argv[sys.argv.index("--image") + 1])
    run.write_text(sys.argv[sys.argv.index("--container-label-add") + 1][4:])
elif words.startswith("service ps --quiet"):
    print(run.read_text() if run.exists() else "")
elif words.startswith("inspect"):
    print("complete" if "State" in words else sys.argv[-1])
elif words.startswith("service rollback"):
    for service in named.values():
        roll_back(service, "rollback_completed")
elif "minitwit.probe" in words:
    print("/" + sys.argv[-1].removeprefix("minitwit_"), "200")
elif "PreviousSpec" in words:
    print("yes")
elif "ContainerSpec.Image" in words:
    for name, service in named.items():
        version, setting = service["spec"]
        digest = "" if "@" in version else "@sha256:1"
        image = f"registry/minitwit-{{name}}:{{version}}{{digest}}"
        if ".Spec.Name" not in words:
            print(image)
            continue
        print(f"minitwit_{{name}} {{service['state']}} 1 {{image}}", end=" ")
        print(json.dumps({{"Env": [setting], "Image": version}}), "{{}}")
elif words.startswith("service ps") and "Error" not in words:
    for name, service in named.items():
        tag = service["spec"][0].partition("@")[0]
        image = f"registry/minitwit-{{name}}:{{tag}}"
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
    """The scripts in a folder of their own, and the stand-ins."""

    folder: Path

    def release(
        self, version: str, setting: str, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """Release a version with the setting, from a database that is up to date."""
        return self._run("release.sh", version, SETTING=setting, **variables)

    def deliver(
        self, version: str, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """Release a version whose signatures are valid."""
        return self._run(
            "deliver.sh",
            version,
            SETTING="a",
            COSIGN="true",
            ENVIRONMENT="staging",
            GITHUB_REPOSITORY="owner/minitwit",
            **variables,
        )

    def _run(
        self, script: str, version: str, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.folder / "deploy" / script, version],
            env={
                "PATH": f"{self.folder}:{os.environ['PATH']}",
                "MINITWIT_URL": "http://site",
                "MINITWIT_REGISTRY": "registry",
                "ANSWER": "200",
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

    def named(self) -> list[str]:
        """Return the commands that name an image, with the image, and forget them."""
        file = self.folder / "named"
        lines = file.read_text().splitlines()
        file.unlink()
        return lines

    def live(self) -> dict[str, str]:
        """Return the version of each function, with its digest if it has one."""
        swarm = json.loads((self.folder / "swarm.json").read_text())
        return {function: service["spec"][0] for function, service in swarm.items()}


def digest(name: str, version: str) -> str:
    """Return the digest that the registry has for an image."""
    image = f"registry/minitwit-{name}:{version}"
    return f"@sha256:{hashlib.sha256(image.encode()).hexdigest()}"


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """Return a checkout with version 1.4.0 live, and 1.3.0 before it."""
    (tmp_path / "deploy").mkdir()
    for script in ("deliver", "cosign", "release", "functions", "minitwit"):
        shutil.copy(ROOT / f"deploy/{script}.sh", tmp_path / "deploy")
    shutil.copy(ROOT / "stack.yml", tmp_path)
    for function in FUNCTIONS:
        (tmp_path / "functions" / function).mkdir(parents=True)
        (tmp_path / "functions" / function / "handler.py").touch()
    (tmp_path / "deploy/environment.sh").touch()
    for name, program in {
        "docker": DOCKER,
        "curl": CURL,
        "sleep": "#!/bin/sh\n",  # Seconds need not pass.
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


def test_a_delivery_names_every_image_by_its_verified_digest(
    checkout: Checkout,
) -> None:
    """The migration's image as well, which runs as the database's owner."""
    done = checkout.deliver("1.5.0")
    assert done.returncode == 0, done.stderr
    assert "live: timeline 1.5.0\n" in done.stdout
    assert sorted(checkout.named()) == sorted(
        f"{command} registry/minitwit-{name}:1.5.0{digest(name, '1.5.0')}"
        for command, names in {
            "pull --quiet": (*FUNCTIONS, "cli"),
            "service update": ("cli",),
            "stack deploy": FUNCTIONS,
        }.items()
        for name in names
    )


def test_a_release_by_hand_names_every_image_by_its_tag(checkout: Checkout) -> None:
    """Also that of the version before a delivery: its digests are not used again."""
    assert checkout.deliver("1.5.0").returncode == 0
    checkout.named()
    done = checkout.release("1.4.0", "a")
    assert done.returncode == 0, done.stderr
    images = [line.split()[-1] for line in checkout.named()]
    assert set(images) == {
        f"registry/minitwit-{name}:1.4.0" for name in (*FUNCTIONS, "cli")
    }
    checkout.require(LIVE, rollbacks=0)


def test_a_delivery_that_fails_goes_back_to_the_digests_before(
    checkout: Checkout,
) -> None:
    assert checkout.deliver("1.5.0").returncode == 0
    done = checkout.deliver("1.6.0", ANSWER="502")
    assert done.returncode == 1
    assert "the functions were rolled back" in done.stdout
    assert "live: timeline 1.5.0\n" in done.stdout
    assert checkout.live() == {
        function: f"1.5.0{digest(function, '1.5.0')}" for function in FUNCTIONS
    }
