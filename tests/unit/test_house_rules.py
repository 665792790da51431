"""House rules: what each folder may import, and how long and plain its modules are."""

import ast
import functools
import graphlib
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.packages import PACKAGES

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = ROOT / "lib" / "minitwit"
FUNCTIONS = ROOT / "functions"
TESTS = ROOT / "tests"
CONTRACT = TESTS / "contract"
STRATEGIES = TESTS / "strategies.py"

LONGEST = 265  # lines: "about 250"

VOCABULARY = set(
    "__init__ errors follows latest messages models schema settings store users".split()
)
ROOT_PACKAGES = ("minitwit", "minitwit_cli")

# The packages whose classes a handler asks for data.
DOMAIN = (
    "minitwit",
    "minitwit.accounts",
    "minitwit.discovery",
    "minitwit.moderation",
)

# What moderators see is a matter of messages, whose right it is one of all they do.
OWNERS = {
    "moderation": {"moderation", "messages", "reports", "suspensions"},
    "replication": {"standby"},
    "newer_pages": {"messages"},
}


def modules(folder: Path) -> list[Path]:
    """Return every module in and below a folder."""
    found = sorted(folder.rglob("*.py"))
    assert found
    return found


def imports(module: Path) -> Iterator[str]:
    """Yield the full name of everything that a module imports, anywhere in it."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def packages(module: Path) -> set[str]:
    """Return the packages at the top of what a module imports."""
    return {name.split(".")[0] for name in imports(module)}


def library() -> list[Path]:
    """Return every module of the library and of the command line."""
    return [m for package in ROOT_PACKAGES for m in modules(ROOT / "lib" / package)]


def dotted(module: Path) -> str:
    """Return the name by which a module is imported."""
    base = ROOT / "lib" if module.is_relative_to(ROOT / "lib") else ROOT
    parts = module.relative_to(base).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def package(module: Path) -> str:
    """Return the name of the folder whose row in PACKAGES a module has."""
    if module.is_relative_to(FUNCTIONS):
        return "functions"
    return ".".join(module.parent.relative_to(ROOT / "lib").parts)


def own_imports(module: Path) -> set[str]:
    """Return the modules of ours that a module imports."""
    known = {dotted(m) for m in library()}
    return {
        name if name in known else name.rpartition(".")[0]
        for name in imports(module)
        if name.split(".")[0] in ROOT_PACKAGES
    }


def data_modules() -> list[Path]:
    """Return the modules of the vocabulary and those that reach the database."""
    packages = (*DOMAIN, "minitwit.postgres", "minitwit_cli.maintenance")
    return [m for m in library() if package(m) in packages]


def nouns() -> list[Path]:
    """Return the modules whose classes a handler asks for data."""
    database = "minitwit.postgres.database.Database"
    return [
        m for m in data_modules() if package(m) in DOMAIN and database in imports(m)
    ]


@pytest.mark.parametrize("module", [*library(), *modules(FUNCTIONS)], ids=dotted)
def test_a_folder_imports_only_what_its_row_allows(module: Path) -> None:
    folders, outside = PACKAGES.get(package(module), (set(), set()))
    paths = {dotted(m): package(m) for m in library()}
    used = {paths[name] for name in own_imports(module)} - {package(module)}
    assert used <= folders, f"{dotted(module)}: allow it in PACKAGES, or move the code"
    ours = {*ROOT_PACKAGES, "functions"}
    third = packages(module) - ours - sys.stdlib_module_names
    assert {name.partition("_core")[0] for name in third} <= outside, dotted(module)


def test_every_folder_has_a_row() -> None:
    assert {package(m) for m in [*library(), *modules(FUNCTIONS)]} == set(PACKAGES)


def test_no_module_imports_itself_through_others() -> None:
    graph = {dotted(m): own_imports(m) for m in library()}
    graphlib.TopologicalSorter(graph).prepare()


def test_the_root_of_the_library_stays_a_vocabulary() -> None:
    root = sorted(LIBRARY.glob("*.py"))
    lines = sum(len(m.read_text(encoding="utf-8").splitlines()) for m in root)
    assert lines <= 1300
    assert {m.stem for m in root} == VOCABULARY
    for module in root:
        assert "socket" not in packages(module), module


@pytest.mark.parametrize("module", library(), ids=dotted)
def test_library_imports_no_function(module: Path) -> None:
    assert "functions" not in packages(module)


@pytest.mark.parametrize(
    "module", modules(FUNCTIONS), ids=lambda m: str(m.relative_to(FUNCTIONS))
)
def test_functions_never_import_each_other(module: Path) -> None:
    own = module.relative_to(FUNCTIONS).parts[0]
    others = [name for name in imports(module) if name.startswith("functions.")]
    assert all(name.startswith(f"functions.{own}.") for name in others), others


@pytest.mark.parametrize(
    "module", [*modules(CONTRACT), STRATEGIES], ids=lambda m: m.stem
)
def test_rows_of_the_contract_import_nothing_of_ours(module: Path) -> None:
    assert not packages(module) & {*ROOT_PACKAGES, "functions", "deploy"}
    ours = {name for name in imports(module) if name.startswith("tests.")}
    ours -= {"tests.strategies"}
    assert all(name.startswith("tests.contract.") for name in ours), ours


@pytest.mark.parametrize("kind", ["browser", "stress", "swarm", "system"])
def test_black_box_tests_import_nothing_of_minitwit_or_functions(kind: str) -> None:
    for module in modules(TESTS / kind):
        assert not packages(module) & {*ROOT_PACKAGES, "functions"}, module


def test_a_module_of_tests_imports_nothing_of_another() -> None:
    """What two of them need has a module of its own."""
    for module in modules(TESTS):
        names = [name for name in imports(module) if name.startswith("tests.")]
        assert not [name for name in names if ".test_" in name], module


@pytest.mark.parametrize(
    "module",
    [*library(), *modules(FUNCTIONS)],
    ids=lambda m: str(m.relative_to(ROOT)),
)
def test_no_module_is_longer_than_one_reads_at_once(module: Path) -> None:
    assert len(module.read_text(encoding="utf-8").splitlines()) <= LONGEST


def test_handlers_and_nouns_hold_no_sql() -> None:
    statement = re.compile(r"\b(SELECT|INSERT INTO|UPDATE|DELETE FROM) \w", re.ASCII)
    for module in [*modules(FUNCTIONS), *nouns()]:
        assert not statement.search(module.read_text(encoding="utf-8")), module


def test_handlers_read_no_environment_and_catch_nothing() -> None:
    for module in modules(FUNCTIONS):
        assert "os" not in packages(module), module
        tree = ast.parse(module.read_text(encoding="utf-8"))
        assert not [n for n in ast.walk(tree) if isinstance(n, ast.Try)], module


def test_responders_are_under_twenty_lines() -> None:
    for module in modules(FUNCTIONS):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("on_"):
                assert node.end_lineno is not None
                assert node.end_lineno - node.lineno < 20, (module, node.name)


def test_every_query_is_run_and_a_noun_runs_only_its_own() -> None:
    """A request touches three files: handler, noun, and the noun's queries."""
    ways = ("minitwit.postgres.database.Database", "minitwit.queries.statements")
    runners = [m for m in data_modules() if set(ways) & set(imports(m))]
    for queries in (LIBRARY / "queries").glob("*.sql"):
        text = queries.read_text(encoding="utf-8")
        for query in re.findall(r"^-- name: (\w+)$", text, re.MULTILINE):
            users = {m for m in runners if f'"{query}"' in m.read_text("utf-8")}
            assert users, f"nothing runs {query}"
            strangers = {m.stem for m in users & set(nouns())} - (
                OWNERS.get(queries.stem, {queries.stem})
            )
            assert not strangers, f"{query} of {queries.name} is run by {strangers}"


def test_ci_tests_every_kind_in_the_order_of_the_makefile() -> None:
    [kinds] = re.findall(r"^KINDS := (.+)$", (ROOT / "Makefile").read_text(), re.M)
    tested = re.findall(r'make test KIND="(.+?)"', (ROOT / ".ci/run").read_text())
    assert " ".join(tested) == kinds


def test_no_row_of_the_contract_hides_another_of_the_same_name() -> None:
    names = Counter(
        name
        for module in modules(CONTRACT)
        for name in re.findall(r"^def (test_\w+)", module.read_text(), re.MULTILINE)
    )
    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize("kind", ["unit", "postgres", "system", "swarm"])
def test_every_kind_checks_every_row_of_the_contract(kind: str) -> None:
    # Only a MiniTwit of one's own is one that nobody has used.
    unchecked = ("fresh",) if kind in ("system", "swarm") else ()
    rows = {
        name
        for module in modules(CONTRACT)
        if module.stem not in unchecked
        for name in re.findall(r"^def (test_\w+)", module.read_text(), re.MULTILINE)
    }
    collected = re.findall(rf"^tests/{kind}/.*::(test_\w+)", collection(), re.MULTILINE)
    assert rows <= set(collected)


@functools.cache
def collection() -> str:
    """Return what pytest collects in the tests of the contract, a test a line."""
    modules = TESTS.glob("*/test_contract*.py")
    return subprocess.run(
        (sys.executable, "-m", "pytest", "--collect-only", "--verbosity=-1", *modules),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
