"""Every alert has a runbook, links to it, and every runbook has an alert."""

import json
import re
from pathlib import Path

import pytest

from tests.tools.rules_files import ROOT, alerts

RUNBOOKS = ROOT / "docs" / "runbooks"
# An alert's runbook has the alert's name; others have names of their own.
PAGES = sorted(set(RUNBOOKS.glob("[A-Z]*.md")) - {RUNBOOKS / "README.md"})
HEADINGS = ["Meaning", "Impact", "Diagnosis", "Mitigation"]


def test_every_alert_has_a_runbook_and_no_other_has() -> None:
    assert {page.stem for page in PAGES} == set(alerts())


@pytest.mark.parametrize("name", sorted(alerts()))
def test_an_alert_says_how_bad_it_is_and_what_to_do(name: str) -> None:
    alert = alerts()[name]
    assert alert["labels"]["severity"] in ("critical", "warning", "none")
    annotations = alert["annotations"]
    assert set(annotations) == {"summary", "description", "runbook_url"}
    assert annotations["runbook_url"].endswith(f"/{name}.md")


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_a_runbook_has_its_four_parts(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"# {page.stem}\n")
    parts = re.split(r"^## (.+)\n", text, flags=re.MULTILINE)
    assert parts[1::2] == HEADINGS
    assert all(part.strip() for part in parts[2::2])


@pytest.mark.parametrize("page", sorted(RUNBOOKS.glob("*.md")), ids=lambda p: p.stem)
def test_a_runbook_says_how_to_run_what_is_no_command_of_a_shell(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    if page.stem != "README" and re.search(
        r"`(SELECT|control\.sh|minitwit status)\b", text
    ):
        assert "](README.md#how-to-run-a-command)" in text


def test_the_runbooks_know_one_way_back_from_a_release() -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in RUNBOOKS.glob("*.md"))
    # That undoes the last change of one service, whatever it was.
    assert "docker service rollback" not in text
    assert set(re.findall(r"^- Since a release: (.*)", text, re.MULTILINE)) == {
        "`deploy/release.sh EARLIER_VERSION` ([roll back](../operations.md#roll-back))."
    }


def test_the_service_levels_name_rules_that_exist() -> None:
    text = (ROOT / "docs" / "sla.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(minitwit:[\w:]+)`", text))
    rules = "".join(
        path.read_text(encoding="utf-8")
        for path in (ROOT / "deploy/tools/prometheus/rules").glob("*.yml")
    )
    assert named and all(f"record: {name}\n" in rules for name in named)


def test_documents_name_dashboards_panels_and_searches_that_exist() -> None:
    tools = ROOT / "deploy" / "tools"
    dashboards = [
        json.loads(path.read_text(encoding="utf-8"))
        for path in (tools / "grafana" / "dashboards").glob("*.json")
    ]
    searches = [
        json.loads(line)["attributes"]["title"]
        for line in (tools / "elasticsearch" / "saved_objects.ndjson")
        .read_text(encoding="utf-8")
        .splitlines()
    ]
    titles = "\n".join(
        [dashboard["title"] for dashboard in dashboards]
        + [panel.get("title", "") for d in dashboards for panel in d["panels"]]
        + searches
    )
    for page in (ROOT / "docs").glob("**/*.md"):
        text = " ".join(page.read_text(encoding="utf-8").split())
        named = re.findall(r'(?:[Pp]anel|[Dd]ashboard|saved search) "([^"]+)"', text)
        named += re.findall(r'"(MiniTwit: [^"]+)"', text)
        assert {name for name in named if name not in titles} == set(), page
