"""The docs say what the code says: settings, routes, commands, links."""

import re
from pathlib import Path

import pytest
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from minitwit.settings import Settings
from minitwit_cli.commands import main

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    page
    for page in (*ROOT.glob("*.md"), *ROOT.glob("*/*.md"), *ROOT.glob("docs/**/*.md"))
    if not any(part.startswith(".") for part in page.relative_to(ROOT).parts)
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
    text = page.read_text()
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    code = "\n".join(re.findall(r"`[^`]+`|^\$ .*$", text, re.M))
    assert set(re.findall(r"\bmake ([a-z-]+)", code)) <= targets
    verbs = set(re.findall(r"\bminitwit ([a-z][a-z-]+)", code))
    assert verbs <= set(main.list_commands(None))  # type: ignore[arg-type]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_links_only_to_what_is_there(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text())
    missing = [link for link in links if not (page.parent / link).exists()]
    assert not missing
