"""The docs say what the code says: settings, routes, commands, links."""

import json
import re
from pathlib import Path

import pytest
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from minitwit.settings import Settings
from minitwit_cli.commands import main
from tests.benchmark import report, scaling
from tests.swarm.handbook import commands

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(
    page
    for page in {*ROOT.glob("*.md"), *ROOT.glob("*/*.md"), *ROOT.glob("docs/**/*.md")}
    if not any(part.startswith(".") for part in page.relative_to(ROOT).parts)
)
# Its entries may name what a later release has moved or removed.
HISTORY = ROOT / "CHANGELOG.md"
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("20*.md"))


def _code(page: Path) -> str:
    """Return what a page shows as code: fenced blocks, and spans within a line."""
    text = page.read_text(encoding="utf-8")
    fenced = re.findall(r"^```\w*\n(.*?)^```$", text, re.M | re.S)
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)
    return "\n".join([*fenced, *re.findall(r"`([^`\n]+)`", prose)])


def _anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub and the site name them."""
    prose = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.M | re.S)
    headings = re.findall(r"^#+ (.+)$", prose, re.M)
    return {
        re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
        for heading in headings
    }


def _names_a_file(name: str) -> bool:
    """Say whether a path, or the end of one, is that of a file of ours."""
    folders = ("lib", "functions", "deploy", "tests", "docs", ".github", ".ci")
    # To its end: a glob that is left earlier warns when its open folder is collected.
    return (ROOT / name).exists() or any(
        list((ROOT / folder).glob(f"**/{name}")) for folder in folders
    )


def _row(name: str, field: FieldInfo) -> str:
    default = field.default
    is_secret = field.annotation in (SecretStr, SecretStr | None)
    if isinstance(default, SecretStr):
        default = default.get_secret_value()
    shown = (
        "required" if field.is_required() else "none" if default is None else default
    )
    variable = f"MINITWIT_{name.upper()}" + ("_FILE" if is_secret else "")
    return f"| `{variable}` | {shown} | {field.description} |"


def test_every_setting_is_described_with_its_default() -> None:
    rows = [
        line
        for line in (ROOT / "docs/settings.md").read_text().splitlines()
        if line.startswith("| `")
    ]
    assert rows == [_row(*item) for item in Settings.model_fields.items()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_names_only_commands_that_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    code = _code(page)
    assert set(re.findall(r"\bmake ([a-z-]+)", code)) <= targets
    verbs = set(re.findall(r"\bminitwit ([a-z][a-z-]+)", code))
    assert verbs <= set(main.list_commands(None))  # type: ignore[arg-type]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_links_only_to_what_is_there(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)", page.read_text())
    missing = []
    for path, anchor in links:
        target = page.parent / path if path else page
        # The site has no page for a folder.
        if not target.is_file() or (anchor and anchor not in _anchors(target)):
            missing.append(f"{path}#{anchor}")
    assert not missing


def test_every_task_of_the_handbook_is_in_a_guide() -> None:
    guides = "".join((DOCS / f"day-{day}.md").read_text() for day in (1, 2))
    linked = set(re.findall(r"\(operations\.md#([^)]+)\)", guides))
    assert linked == _anchors(DOCS / "operations.md") - {"operations"}


def test_every_runbook_is_in_the_list_of_runbooks() -> None:
    runbooks = {page.name for page in (DOCS / "runbooks").glob("*.md")} - {"README.md"}
    text = (DOCS / "runbooks" / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\]\(([^)/]+)\)", text)) == runbooks


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if page != HISTORY],
    ids=lambda page: str(page.relative_to(ROOT)),
)
def test_a_page_names_only_files_that_exist(page: Path) -> None:
    # Placeholders such as functions/<name>/handler.py and generated files are no path.
    names = re.findall(
        r"(?<![\w./<>$*-])((?:[\w.-]+/)*[\w-]+\.(?:py|sh|sql|yml|toml|html))(?![\w./*])",
        _code(page),
    )
    missing = {name for name in names if not _names_a_file(name)}
    assert not missing, "the page names files that are not in the tree"


@pytest.fixture(scope="module")
def tests_of_ours() -> set[str]:
    """Return the names of all tests, and of the modules that have them."""
    modules = [*ROOT.glob("tests/*.py"), *ROOT.glob("tests/*/*.py")]
    code = "".join(module.read_text(encoding="utf-8") for module in modules)
    return {module.stem for module in modules} | set(
        re.findall(r"def (test_\w+)", code)
    )


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if page != HISTORY],
    ids=lambda page: str(page.relative_to(ROOT)),
)
def test_a_page_names_only_tests_that_exist(
    page: Path, tests_of_ours: set[str]
) -> None:
    # One that a page defines is an example.
    named = set(re.findall(r"(?<!def )\btest_\w+", _code(page)))
    assert named <= tests_of_ours


@pytest.mark.parametrize("record", DECISIONS, ids=lambda record: record.stem)
def test_a_decision_record_has_its_status_and_headings(record: Path) -> None:
    text = record.read_text(encoding="utf-8")
    status = rf"{record.name[:10]}[^\n]* · (accepted|changed|superseded)\b"
    assert re.match(rf"# .+\n\n{status}", text), (
        "after the title: the date, then accepted, changed or superseded"
    )
    assert re.findall(r"^## (.+)$", text, re.M) == [
        "Context",
        "Decision",
        "Alternatives considered",
        "Consequences",
    ]


def test_every_heading_that_the_swarm_test_follows_has_commands() -> None:
    headings = set()
    for module in (ROOT / "tests" / "swarm").glob("*.py"):
        text = module.read_text(encoding="utf-8")
        for page, heading in re.findall(
            r"follow(?:_runbook)?\(\s*(?:\"([\w-]+)\", )?\"([A-Z][\w ]+)\"", text
        ):
            headings.add((f"runbooks/{page}.md" if page else "operations.md", heading))
    assert headings
    assert all(commands(heading, page) for page, heading in sorted(headings))


def test_pre_commit_runs_every_tool_that_lint_runs() -> None:
    recipe = re.search(
        r"^check-lint:\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.M
    )
    assert recipe
    hooks = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    missing = {
        tool
        for tool in re.findall(r"\$\(BIN\)/(\w+)", recipe[1])
        if f".venv/bin/{tool}" not in hooks
    }
    assert not missing


def test_the_benchmark_page_is_the_report_of_its_data(tmp_path: Path) -> None:
    results = json.loads((ROOT / "docs" / "benchmark.json").read_text(encoding="utf-8"))
    report.write(results, tmp_path / "benchmark.md")
    for page in tmp_path.iterdir():
        assert page.read_text(encoding="utf-8") == (
            ROOT / "docs" / page.name
        ).read_text(encoding="utf-8")


def test_the_tables_of_the_scaling_page_follow_from_what_was_measured() -> None:
    page = scaling.PAGE.read_text(encoding="utf-8")
    assert page == scaling.expected(), (
        "write them: .venv/bin/python -m tests.benchmark report docs/benchmark.md"
    )


def test_the_changelog_has_the_form_of_keep_a_changelog() -> None:
    kinds = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    releases = re.split(r"^## (.+)\n", HISTORY.read_text(encoding="utf-8"), flags=re.M)
    for release, text in zip(releases[1::2], releases[2::2], strict=True):
        assert re.fullmatch(r"Unreleased|\d+\.\d+\.\d+ - \d{4}-\d\d-\d\d", release)
        before, *parts = re.split(r"^### (.+)\n", text, flags=re.M)
        assert not before.strip(), (
            f"{release}: move each entry below one of {', '.join(sorted(kinds))}"
        )
        assert set(parts[::2]) <= kinds
        entries = "\n".join(parts[1::2]).split("\n")
        assert all(not line or line.startswith("- ") for line in entries), (
            "an entry is one line that starts with a hyphen"
        )
        assert len(set(entries) - {""}) == len([line for line in entries if line]), (
            f"{release} has an entry twice"
        )
