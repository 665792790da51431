"""A copy of the project, in which a test may change files and run commands."""

import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

ROOT = Path(__file__).parents[1]
_PARTS = ("deploy", "docs", "functions", "lib", "tests")
_FILES = ("*.md", "*.toml", "*.yml", "Makefile")


class Copy:
    """A copy of the project in an empty folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        ignored = shutil.ignore_patterns("__pycache__", "*.egg-info", "*.png")
        for part in _PARTS:
            shutil.copytree(ROOT / part, folder / part, ignore=ignored)
        for pattern in _FILES:
            for file in ROOT.glob(pattern):
                shutil.copy(file, folder)

        self.executable = _environment(folder)

    def python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run Python in the copy."""
        return subprocess.run(
            [self.executable, *arguments],
            cwd=self.folder,
            capture_output=True,
            text=True,
        )

    def pytest(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run tests of the copy."""
        plugins = ("-p", "no:randomly", "-p", "no:cacheprovider")
        return self.python("-m", "pytest", *plugins, *arguments)

    def add_function(self, name: str) -> None:
        """Add a function by the command that developers use."""
        done = self.python("-m", "deploy.scaffold", "new-function", name)
        assert done.returncode == 0, done.stdout + done.stderr


def _environment(folder: Path) -> Path:
    """Make a .venv that has this one's packages, and the copy as the library."""
    venv.create(folder / ".venv", symlinks=True)
    [packages] = (folder / ".venv").glob("lib/*/site-packages")
    paths = (folder / "lib", sysconfig.get_path("purelib"))
    (packages / "copy.pth").write_text("".join(f"{path}\n" for path in paths))
    here = Path(sys.prefix) / "bin" / "traefik"
    (folder / ".venv" / "bin" / "traefik").symlink_to(here)
    return folder / ".venv" / "bin" / "python"
