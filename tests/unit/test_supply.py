"""What production consists of: licenses, SBOMs, and the scans that need no network."""

import re
import subprocess
from pathlib import Path

import pytest

from deploy.supply.licenses import is_allowed
from deploy.supply.packages import LOCKS, ROOT, Package, packages_in, packages_of
from deploy.supply.sbom import document

PACKAGES = sorted({p for image in LOCKS for p in packages_in(image)}, key=str)


def test_every_line_of_a_lock_is_read() -> None:
    for lock in {lock for locks in LOCKS.values() for lock in locks}:
        pinned = re.findall(r"^([\w.-]+)==", lock.read_text(), re.M)
        assert [package.name for package in packages_of(lock)] == pinned
        assert all(package.hashes for package in packages_of(lock))


def test_every_lock_that_an_image_installs_belongs_to_one() -> None:
    installed = {
        name
        for dockerfile in (ROOT / "deploy").rglob("Dockerfile")
        for name in re.findall(r"requirements[\w-]*\.txt", dockerfile.read_text())
    }
    assert installed == {lock.name for locks in LOCKS.values() for lock in locks}


def test_images_have_the_versions_with_which_the_tests_run() -> None:
    tested = packages_of(ROOT / "deploy/requirements-dev.txt")
    assert set(PACKAGES) <= set(tested)


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_the_license_of_a_package_is_allowed(package: Package) -> None:
    assert is_allowed(package.license), (
        f'{package.name} is under "{package.license}": find out whether we may use it, '
        "and add it to ALLOWED in deploy/supply/licenses.py if so"
    )


@pytest.mark.parametrize(
    "expression",
    ["", "UNKNOWN", "GPL-3.0-only", "MIT AND GPL-2.0-or-later", "MIT OR AGPL-3.0-only"],
)
def test_an_unknown_license_or_a_strong_copyleft_is_refused(expression: str) -> None:
    assert not is_allowed(expression)


def test_an_sbom_names_each_package_with_version_hash_and_license() -> None:
    packages = packages_in("functions")
    sbom = document("functions", "1.4.0", packages)
    assert (sbom["bomFormat"], sbom["specVersion"]) == ("CycloneDX", "1.6")
    assert sbom["metadata"]["component"]["version"] == "1.4.0"
    falcon = next(c for c in sbom["components"] if c["name"] == "falcon")
    assert falcon["purl"] == f"pkg:pypi/falcon@{falcon['version']}"
    assert falcon["licenses"] == [{"expression": "Apache-2.0"}]
    assert falcon["externalReferences"][0]["hashes"][0]["alg"] == "SHA-256"
    refs = [component["bom-ref"] for component in sbom["components"]]
    assert len(set(refs)) == len(packages)
    assert sbom["dependencies"][0]["dependsOn"] == refs


def test_the_scan_finds_a_secret_that_a_later_commit_has_removed(
    tmp_path: Path,
) -> None:
    def git(*arguments: str) -> None:
        author = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
        subprocess.run(("git", *author, *arguments), cwd=tmp_path, check=True)

    scan = tmp_path / "deploy/local/secret-scan"
    scan.parent.mkdir(parents=True)
    scan.write_text((ROOT / "deploy/local/secret-scan").read_text())
    (tmp_path / ".gitignore").write_text(".venv\n")
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    git("init", "--quiet")
    git("add", ".")
    git("commit", "--quiet", "--message", "Clean")
    assert subprocess.run(("sh", scan)).returncode == 0

    lines = "\n".join(64 * "Ab1+" for _ in range(12))
    key = f"-----BEGIN {'RSA'} PRIVATE KEY-----\n{lines}\n-----END RSA PRIVATE KEY-----"
    (tmp_path / "key.pem").write_text(key)
    git("add", "key.pem")
    git("commit", "--quiet", "--message", "Leak")
    git("rm", "--quiet", "key.pem")
    git("commit", "--quiet", "--message", "Remove it")
    assert subprocess.run(("sh", scan)).returncode != 0
