"""`make new-function` adds a function to every place, and a forgotten place is noticed.

In a copy of the project, without network and Docker; tests/system/test_new_function.py
starts such a copy.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pytest import ExitCode

from deploy.scaffold import new_function
from deploy.scaffold.new_function import InvalidName
from tests.copied_tree import ROOT, Copy

NAME = "likes"
GENERATED = (
    "README.md",
    "deploy/data/stack.yml",
    "deploy/tools/prometheus/prometheus.yml",
    "deploy/tools/prometheus/rules/alerts_functions.yml",
    "docs/architecture.md",
    "stack.yml",
)
# Each with what fails without it, and the file or sentence that the failure names.
WRITTEN = {
    "docs/contract.md": ("contract_ids", "LIKES1"),
    "functions/likes/handler.py": ("routes", "functions.likes.handler"),
    "lib/minitwit/models.py": ("routes", "LikesExample"),
    "lib/minitwit/web/routes.py": ("routes", "each folder has routes in ROUTES"),
    "tests/contract/likes.py": ("contract_ids", "LIKES1"),
}
# What is part of every function's tests; the new one's are selected by its name.
CHECKS = tuple(
    f"tests/unit/test_{name}.py"
    for name in ("contract", "images", "local_traefik", "openapi", "routes", "stack")
)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """Return a copy of the project with one more function."""
    copy = Copy(tmp_path_factory.mktemp("project") / "minitwit")
    copy.add_function(NAME)
    return copy


@contextmanager
def forgotten(copy: Copy, *places: str) -> Iterator[None]:
    """Undo the changes of some files for a while."""
    written = {place: (copy.folder / place).read_bytes() for place in places}
    try:
        for place in places:
            if (ROOT / place).exists():
                shutil.copy(ROOT / place, copy.folder / place)
            else:
                (copy.folder / place).unlink()
        yield
    finally:
        for place, content in written.items():
            (copy.folder / place).write_bytes(content)


def files(folder: Path) -> dict[str, bytes]:
    """Return every file of a project, by its path."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not {"__pycache__", ".venv"} & set(path.parts)
    }


def test_a_new_function_passes_the_checks_of_every_function(copy: Copy) -> None:
    done = copy.pytest("-k", NAME, *CHECKS)
    assert done.returncode == 0, done.stdout
    rules = ("tests/unit/test_contract_ids.py", "tests/unit/test_generated.py")
    done = copy.pytest(*rules)
    assert done.returncode == 0, done.stdout


def test_the_places_of_a_function_are_listed_here(copy: Copy) -> None:
    changed = {
        path
        for path, content in files(copy.folder).items()
        if not (ROOT / path).exists() or (ROOT / path).read_bytes() != content
    }
    hidden = {path for path in changed if path.startswith(".")}
    assert changed - hidden == {*GENERATED, *WRITTEN}


def test_a_forgotten_generated_place_is_noticed(copy: Copy) -> None:
    with forgotten(copy, *GENERATED):
        done = copy.pytest("tests/unit/test_generated.py")
    assert done.returncode == 1
    for place in GENERATED:
        assert (
            f"{place} does not follow from ROUTES: run `make generate`" in done.stdout
        )


@pytest.mark.parametrize("place", WRITTEN)
def test_a_forgotten_written_place_is_noticed(copy: Copy, place: str) -> None:
    check, sentence = WRITTEN[place]
    with forgotten(copy, place):
        done = copy.pytest("-x", f"tests/unit/test_{check}.py")
    assert done.returncode in (ExitCode.TESTS_FAILED, ExitCode.INTERRUPTED)
    assert sentence in done.stdout


@pytest.mark.parametrize(
    "name", ["Likes", "a", "my-likes", "class", "api", "cli", "owner"]
)
def test_a_name_that_cannot_be_a_functions_is_refused(name: str) -> None:
    with pytest.raises(InvalidName, match=repr(name)):
        new_function.add(name)
