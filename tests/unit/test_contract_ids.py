"""Every row of docs/contract.md has a test that cites it, and every citation a row."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "contract.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| ([A-Z]+\d+) \|", DOCUMENT, re.MULTILINE)


def cited() -> dict[str, str]:
    """Return the ids that tests cite, each with a file that does."""
    return {
        row: str(path.relative_to(ROOT))
        for path in sorted((ROOT / "tests").rglob("*.py"))
        for line in re.findall(
            r"^# contract: (.*)$", path.read_text("utf-8"), re.MULTILINE
        )
        for row in line.split(", ")
    }


def test_no_two_rows_have_one_id() -> None:
    assert sorted(ROWS) == sorted(set(ROWS))


def test_every_row_is_cited_by_a_test() -> None:
    untested = sorted(set(ROWS) - set(cited()))
    assert not untested, "write `# contract: ID` above a test of each of these rows"


def test_every_citation_is_of_a_row() -> None:
    wrong = {row: file for row, file in cited().items() if row not in ROWS}
    assert not wrong, "docs/contract.md has no such rows: add them, or mend the ids"
