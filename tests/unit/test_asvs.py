"""The table of OWASP ASVS: complete, with evidence that exists or an accepted risk."""

import re
import tomllib
from typing import NamedTuple

import pytest

from tests.evidence import ROOT, TESTS, exists, named

RISKS = set(re.findall(r"^\| (A\d+) \|", (ROOT / "docs/security.md").read_text(), re.M))


class Row(NamedTuple):
    """A requirement in the table."""

    id: str
    level: str
    words: str
    answer: str
    evidence: str


ROWS = [
    Row(*(cell.strip() for cell in line.strip("|").split(" | ")))
    for line in (ROOT / "docs/security-asvs.md").read_text().splitlines()
    if re.match(r"\| \d", line)
]


def test_every_requirement_of_levels_1_and_2_stands_in_the_table_once() -> None:
    standard = tomllib.loads((TESTS / "unit/asvs-5.0.0.toml").read_text())
    required = [
        (f"{section}.{number}", level)
        for section, levels in standard.items()
        for number, level in enumerate(levels, 1)
        if level in "12"
    ]
    assert len(required) == 253
    assert [(row.id, row.level) for row in ROWS] == required


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_a_requirement_holds_by_evidence_or_has_a_reason(row: Row) -> None:
    evidence = named(row.evidence)
    missing = [name for name in evidence if not exists(name)]
    assert not missing
    links = re.findall(r"\]\((\w[\w-]*\.md)#([\w-]+)\)", row.evidence)
    if row.answer == "holds":
        assert evidence or links, "name a test, a file or a command"
    else:
        assert row.answer == "n/a" or row.answer in RISKS, row.answer
        assert row.evidence
    for page, anchor in links:
        text = (ROOT / "docs" / page).read_text(encoding="utf-8")
        headings = re.findall(r"^#+ (.+)$", text, re.M)
        assert anchor in {
            h.lower().replace(" ", "-").replace(",", "") for h in headings
        }


def test_every_accepted_risk_answers_a_requirement() -> None:
    assert {row.answer for row in ROWS} - {"holds", "n/a"} <= RISKS
    cited = " ".join(f"{row.answer} {row.evidence}" for row in ROWS)
    assert not [risk for risk in RISKS if not re.search(rf"\b{risk}\b", cited)]


def test_every_table_and_cookie_says_what_it_holds_and_for_how_long() -> None:
    text = (ROOT / "docs/security.md").read_text(encoding="utf-8")
    section = text.partition("## Data, and how long")[2].partition("\n## ")[0]
    migrations = sorted((ROOT / "lib/minitwit/migrations").glob("*.sql"))
    tables = {
        name
        for migration in migrations
        for name in re.findall(r"^CREATE TABLE (\w+)", migration.read_text(), re.M)
    }
    assert tables
    assert not [name for name in tables if f"`{name}`" not in section]
    web = ROOT / "lib/minitwit/web"
    cookies = re.findall(
        r'^_(?:SESSION|FLASH|DRAFT|BROWSER|COOKIE) = "(\w+)"$',
        (web / "signed_cookies.py").read_text()
        + (web / "read_your_writes.py").read_text(),
        re.M,
    )
    assert len(cookies) == 5
    assert not [name for name in cookies if f"`{name}`" not in section]


def test_the_evidence_of_the_threat_model_exists() -> None:
    text = (ROOT / "docs/security.md").read_text(encoding="utf-8")
    tests = re.findall(r"`([\w/-]+\.py::\w+)`", text)
    assert tests
    assert not [name for name in tests if not exists(name)]
