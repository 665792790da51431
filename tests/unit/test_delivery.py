"""Delivery: workflows as thin wrappers of make, and the scripts behind its targets.

docker, cosign, curl and gh are stand-ins that record their arguments.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
DIGEST = "sha256:" + "a" * 64
OTHER = "sha256:" + "b" * 64
FUNCTIONS = sorted(path.parent.name for path in ROOT.glob("functions/*/handler.py"))
IMAGES = [*FUNCTIONS, "cli", "postgres"]

DOCKER = f"""#!/bin/bash
echo "docker $*" >> "$CALLS"
case "$1 $2" in
    "buildx build")
        while [ "$1" != --metadata-file ]; do shift; done
        printf '{{\\n  "containerimage.digest": "{DIGEST}"\\n}}\\n' > "$2" ;;
    "buildx imagetools") echo "{DIGEST}" ;;
    "service inspect") echo "registry/image:1.4.0@${{RUNNING:-{DIGEST}}}" ;;
esac
"""
RECORDING = '#!/bin/bash\necho "$(basename "$0") $*" >> "$CALLS"\n'


def jobs() -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{path.stem}.{name}", job)
        for path in WORKFLOWS
        for name, job in yaml.safe_load(path.read_text())["jobs"].items()
    ]


def steps() -> list[dict[str, Any]]:
    return [step for _, job in jobs() for step in job.get("steps", [])]


def test_every_run_step_is_a_make_target_that_exists() -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    commands = [step["run"] for step in steps() if "run" in step]
    assert commands
    for command in commands:
        words = command.split()
        assert words[0] == "make" and len(words) == 2
        assert words[1] in targets


def test_every_action_is_pinned_to_a_commit_with_its_version() -> None:
    for path in WORKFLOWS:
        for line in path.read_text().splitlines():
            if "uses: " in line and "uses: ./" not in line:
                assert re.search(r"uses: [\w/-]+@[0-9a-f]{40} # v[\d.]+$", line), line


@pytest.mark.parametrize(("_name", "job"), jobs())
def test_every_job_names_its_permissions(_name: str, job: dict[str, Any]) -> None:
    assert "permissions" in job


def test_a_delivery_has_the_settings_of_a_release_by_hand() -> None:
    """Without one of them, a delivery would set it back to its default."""
    stack = (ROOT / "stack.yml").read_text(encoding="utf-8")
    settings = set(re.findall(r"\$\{(MINITWIT_\w+):-", stack))
    assert "MINITWIT_INSTALLATION" in settings
    deliveries = [step["env"] for step in steps() if step.get("run") == "make deliver"]
    assert len(deliveries) == 2
    for passed in deliveries:
        assert {name: passed.get(name) for name in settings} == {
            name: f"${{{{ vars.{name} }}}}" for name in settings
        }


class Checkout:
    """The scripts in a folder of their own, with stand-ins of the programs."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "checkout"
        self._calls = folder / "calls"
        programs = folder / "bin"
        programs.mkdir()
        for name in ("cosign", "curl", "gh", "trivy"):
            (programs / name).write_text(RECORDING)
        (programs / "docker").write_text(DOCKER)
        (programs / "git").write_text("#!/bin/bash\necho abc1234\n")
        for program in programs.iterdir():
            program.chmod(0o755)
        self.path = f"{programs}:{os.environ['PATH']}"
        (self.root / "deploy").mkdir(parents=True)
        for script in (ROOT / "deploy").glob("*.sh"):
            shutil.copy(script, self.root / "deploy")
        for name in FUNCTIONS:
            (self.root / "functions" / name).mkdir(parents=True)
            (self.root / "functions" / name / "handler.py").touch()
        self.changelog("1.4.0")
        self.release("exit 0")

    def changelog(self, version: str) -> None:
        """Replace the changelog by one with a section of this version."""
        (self.root / "CHANGELOG.md").write_text(
            f"# Changelog\n\n## {version} - 2026-11-28\n\n- New.\n\n"
            "## 1.3.0 - 2026-11-01\n\n- Old.\n"
        )

    def release(self, body: str) -> None:
        """Replace the script that releases."""
        script = self.root / "deploy" / "release.sh"
        script.write_text(f"{RECORDING}{body}\n")
        script.chmod(0o755)

    def run(self, script: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a script for version 1.4.0."""
        return subprocess.run(
            [self.root / "deploy" / script, "1.4.0"],
            env={
                "PATH": self.path,
                "CALLS": str(self._calls),
                "COSIGN": shutil.which("cosign", path=self.path) or "",
                # Of an account with a capital, which no image's name may have.
                "MINITWIT_REGISTRY": "ghcr.io/Owner/minitwit",
                "GITHUB_REPOSITORY": "Owner/minitwit",
                "ENVIRONMENT": "staging",
                **variables,
            },
            capture_output=True,
            text=True,
            timeout=60,
        )

    def make(self, target: str, **variables: str) -> None:
        """Run a target of the Makefile."""
        subprocess.run(
            ["make", "--no-print-directory", "--directory", ROOT, target],
            env={"PATH": self.path, "CALLS": str(self._calls), **variables},
            stdout=subprocess.PIPE,
            check=True,
            timeout=60,
        )

    def calls(self, start: str) -> list[str]:
        """Return the commands that began with these words."""
        lines = self._calls.read_text().splitlines() if self._calls.exists() else []
        return [line for line in lines if line.startswith(start)]


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_every_image_is_built_once_for_both_platforms_and_signed_by_digest(
    checkout: Checkout,
) -> None:
    done = checkout.run("publish.sh")
    assert done.returncode == 0, done.stderr
    builds = checkout.calls("docker buildx build")
    assert len(builds) == len(IMAGES)
    for build in builds:
        assert "--platform linux/amd64,linux/arm64" in build
        assert "--sbom=true --provenance=mode=max" in build
    assert checkout.calls("cosign sign") == [
        f"cosign sign --yes ghcr.io/owner/minitwit/minitwit-{name}@{DIGEST}"
        for name in IMAGES
    ]
    assert f"CLI=ghcr.io/owner/minitwit/minitwit-cli@{DIGEST}" in builds[-1]
    digests = (checkout.root / "digests.txt").read_text().splitlines()
    assert digests == [f"{name} {DIGEST}" for name in IMAGES]


def test_a_version_without_a_section_of_the_changelog_is_not_published(
    checkout: Checkout,
) -> None:
    checkout.changelog("Unreleased")
    done = checkout.run("publish.sh")
    assert done.returncode == 1
    assert 'rename "## Unreleased" to "## 1.4.0 - ' in done.stderr
    assert not checkout.calls("docker")


def test_the_password_of_the_registry_is_no_argument(checkout: Checkout) -> None:
    account = {"REGISTRY_USER": "ada", "REGISTRY_PASSWORD": "secret"}
    registry = "ghcr.io/owner/minitwit"
    checkout.make("registry-login", MINITWIT_REGISTRY=registry, **account)
    [login] = checkout.calls("docker login")
    assert login == "docker login --username ada --password-stdin ghcr.io"


def test_a_published_version_starts_its_delivery(checkout: Checkout) -> None:
    """From its tag, whose scripts and stack files are the version's own."""
    for version in ("v1.4.0", "1.4.0"):
        checkout.make("request-deploy", VERSION=version)
        run = checkout.calls("gh workflow")[-1]
        assert (
            run == f"gh workflow run deploy.yml --ref v1.4.0 --field version={version}"
        )


def test_a_delivery_verifies_releases_and_reports(
    checkout: Checkout, tmp_path: Path
) -> None:
    output = tmp_path / "output"
    checkout.release('[ "$MINITWIT_REGISTRY" = ghcr.io/owner/minitwit ]')
    done = checkout.run(
        "deliver.sh", CHAT_WEBHOOK="https://chat/hook", GITHUB_OUTPUT=str(output)
    )
    assert done.returncode == 0, done.stderr
    verified = checkout.calls("cosign verify")
    assert len(verified) == len(IMAGES)
    identity = "Owner/minitwit/.github/workflows/release.yml@refs/tags/v1.4.0"
    assert all(identity in call and call.endswith(f"@{DIGEST}") for call in verified)
    assert all(" ghcr.io/owner/minitwit/minitwit-" in call for call in verified)
    assert checkout.calls("release.sh") == ["release.sh 1.4.0"]
    [message] = checkout.calls("curl")
    assert "MiniTwit 1.4.0 is live in staging." in message
    lines = [f"{name} {DIGEST}" for name in IMAGES]
    assert output.read_text().splitlines() == ["digests<<END", *lines, "END"]


def test_a_release_gets_the_verified_digest_of_each_image(checkout: Checkout) -> None:
    """A tag may be moved after its signature was verified, a digest may not."""
    checkout.release('env | grep ^DIGEST_ >> "$CALLS"')
    done = checkout.run("deliver.sh")
    assert done.returncode == 0, done.stderr
    expected = [f"DIGEST_{name.upper()}=@{DIGEST}" for name in IMAGES]
    assert sorted(checkout.calls("DIGEST_")) == sorted(expected)


def test_an_image_that_is_not_signed_is_not_released(checkout: Checkout) -> None:
    done = checkout.run("deliver.sh", COSIGN="false")
    assert done.returncode == 1
    assert "were not signed by the release workflow" in done.stdout
    assert not checkout.calls("release.sh")


def test_other_images_than_those_of_staging_are_not_released(
    checkout: Checkout,
) -> None:
    expected = "\n".join(f"{name} {OTHER}" for name in IMAGES)
    done = checkout.run("deliver.sh", EXPECTED_DIGESTS=expected)
    assert done.returncode == 1
    assert not checkout.calls("release.sh")
    same = "\n".join(f"{name} {DIGEST}" for name in IMAGES)
    assert checkout.run("deliver.sh", EXPECTED_DIGESTS=same).returncode == 0


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (2, "the release failed, and the functions were rolled back."),
        (3, "the release failed, and nothing was deployed."),
        (255, "the release failed; its log says what is live."),
    ],
)
def test_a_release_that_fails_is_reported_in_the_chat(
    checkout: Checkout, status: int, sentence: str
) -> None:
    checkout.release(f"exit {status}")
    done = checkout.run("deliver.sh", CHAT_WEBHOOK="https://chat/hook")
    assert done.returncode == 1
    [message] = checkout.calls("curl")
    assert f"was not delivered to staging: {sentence}" in message


def test_a_function_that_runs_another_image_is_a_failure(checkout: Checkout) -> None:
    done = checkout.run("deliver.sh", RUNNING=OTHER)
    assert done.returncode == 1
    assert "another image than the verified one" in done.stdout


@pytest.mark.parametrize("known", [True, False])
def test_a_github_release_has_its_section_of_the_changelog(
    checkout: Checkout, known: bool
) -> None:
    checkout.changelog("1.4.0" if known else "1.4.01")
    sbom = checkout.root / ".artifacts/sbom/minitwit-cli.cdx.json"
    sbom.parent.mkdir(parents=True)
    sbom.touch()
    done = checkout.run("github-release.sh")
    if known:
        assert done.returncode == 0, done.stderr
        [call] = checkout.calls("gh release create")
        assert call.startswith("gh release create v1.4.0 --verify-tag")
        calls = (checkout.root.parent / "calls").read_text()
        assert "- New." in calls and "- Old." not in calls
        assert "digests.txt .artifacts/sbom/minitwit-cli.cdx.json" in calls
    else:
        assert done.returncode == 1
        assert not checkout.calls("gh")


@pytest.mark.parametrize("is_clean", [True, False])
def test_our_images_and_those_of_the_stacks_are_searched_for_vulnerabilities(
    checkout: Checkout, is_clean: bool
) -> None:
    for stack in ROOT.glob("deploy/*/stack.yml"):
        folder = checkout.root / "deploy" / stack.parent.name
        folder.mkdir()
        shutil.copy(stack, folder)
    if not is_clean:
        trivy = checkout.root.parent / "bin/trivy"
        trivy.write_text(f'{RECORDING}[[ "$*" != *audit-cli* ]]\n')
    done = checkout.run("audit-images.sh", TRIVY="trivy")
    assert (done.returncode == 0) == is_clean, done.stderr
    searched = {call.split()[-1] for call in checkout.calls("trivy image")}
    assert searched >= {f"audit-{name}" for name in IMAGES}
    foreign = {name for name in searched if not name.startswith("audit-")}
    assert {name.split(":")[0] for name in foreign} >= {"traefik", "grafana/grafana"}
    assert not [name for name in foreign if "$" in name]
