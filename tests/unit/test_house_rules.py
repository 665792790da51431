"""The rules of design.md that reading the code can check."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = ROOT / "lib" / "minitwit"
FUNCTIONS = ROOT / "functions"
CONTRACT = ROOT / "tests" / "contract"

HTTP_AND_PROCESS = {"falcon", "gunicorn", "prometheus_client", "sentry_sdk"}
LONGEST = 265  # lines: "about 250"

# Who may moderate is a matter of users, what they do one of messages.
OWNERS = {"moderation": {"users", "messages"}, "replication": {"replica"}}


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


def data_half() -> list[Path]:
    """Return the modules that know nothing of HTTP."""
    outside = ("runtime", "commands")
    return [
        m for m in modules(LIBRARY) if m.relative_to(LIBRARY).parts[0] not in outside
    ]


def nouns() -> list[Path]:
    """Return the modules whose classes a handler asks for data."""
    return [m for m in data_half() if "minitwit.db.Database" in imports(m)]


def test_only_two_modules_import_pg8000() -> None:
    users = {m.relative_to(ROOT) for m in modules(LIBRARY) if "pg8000" in packages(m)}
    users |= {
        m.relative_to(ROOT) for m in modules(FUNCTIONS) if "pg8000" in packages(m)
    }
    folder = Path("lib/minitwit")
    assert users == {folder / "connections.py", folder / "prepared.py"}


@pytest.mark.parametrize("module", data_half(), ids=lambda m: m.stem)
def test_data_half_knows_nothing_of_http_or_the_process(module: Path) -> None:
    assert not packages(module) & HTTP_AND_PROCESS
    assert not [name for name in imports(module) if name.startswith("minitwit.runtime")]


@pytest.mark.parametrize("module", modules(LIBRARY), ids=lambda m: m.stem)
def test_library_imports_no_function(module: Path) -> None:
    assert "functions" not in packages(module)


@pytest.mark.parametrize(
    "module", modules(FUNCTIONS), ids=lambda m: str(m.relative_to(FUNCTIONS))
)
def test_functions_never_import_each_other(module: Path) -> None:
    own = module.relative_to(FUNCTIONS).parts[0]
    others = [name for name in imports(module) if name.startswith("functions.")]
    assert all(name.startswith(f"functions.{own}.") for name in others), others


@pytest.mark.parametrize("module", modules(CONTRACT), ids=lambda m: m.stem)
def test_rows_of_the_contract_import_nothing_of_ours(module: Path) -> None:
    assert not packages(module) & {"minitwit", "functions", "deploy"}
    ours = [name for name in imports(module) if name.startswith("tests.")]
    assert all(name.startswith("tests.contract.") for name in ours), ours


def test_black_box_tests_import_nothing_of_minitwit_or_functions() -> None:
    for module in sorted((ROOT / "tests" / "system").glob("*.py")):
        assert not packages(module) & {"minitwit", "functions"}, module


@pytest.mark.parametrize(
    "module",
    [*modules(LIBRARY), *modules(FUNCTIONS)],
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
    ways = ("minitwit.db.Database", "minitwit.queries.statements")
    runners = [m for m in data_half() if set(ways) & set(imports(m))]
    for queries in (LIBRARY / "queries").glob("*.sql"):
        text = queries.read_text(encoding="utf-8")
        for query in re.findall(r"^-- name: (\w+)$", text, re.MULTILINE):
            users = {m for m in runners if f'"{query}"' in m.read_text("utf-8")}
            assert users, f"nothing runs {query}"
            strangers = {m.stem for m in users & set(nouns())} - (
                OWNERS.get(queries.stem, {queries.stem})
            )
            assert not strangers, f"{query} of {queries.name} is run by {strangers}"


def test_no_row_of_the_contract_hides_another_of_the_same_name() -> None:
    names = Counter(
        name
        for module in modules(CONTRACT)
        for name in re.findall(r"^def (test_\w+)", module.read_text(), re.MULTILINE)
    )
    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize("kind", ["unit", "postgres", "system"])
def test_every_kind_checks_every_row_of_the_contract(kind: str) -> None:
    rows = {m.stem for m in modules(CONTRACT) if "\ndef test_" in m.read_text()}
    imported = {
        name.split(".")[2]
        for module in (ROOT / "tests" / kind).glob("test_contract*.py")
        for name in imports(module)
        if name.startswith("tests.contract.") and name.endswith(".*")
    }
    # Only a MiniTwit of one's own is one that nobody has used.
    assert imported == rows - ({"fresh"} if kind == "system" else set())
