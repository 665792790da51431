"""The documentation site: complete, without a dead link, and from one host."""

import os
import re
import subprocess
from collections.abc import Iterator
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import click
import pytest
from playwright.sync_api import sync_playwright

from minitwit_cli.commands import main
from tests.browser import tools
from tests.serving import served

ROOT = Path(__file__).parents[2]
# What a browser fetches without being asked by its user.
FETCHED = {"img", "link", "script", "source", "iframe", "use"}


class Page(HTMLParser):
    """What a page links to, what it loads, and its anchors."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.links: list[str] = []
        self.loads: list[str] = []
        self.anchors: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the addresses and the id of an element."""
        values = dict(attrs)
        self.anchors |= {values.get("id") or "", values.get("name") or ""} - {""}
        for name in ("href", "src"):
            if address := values.get(name):
                (self.loads if tag in FETCHED else self.links).append(address)


@pytest.fixture(scope="session")
def site() -> Path:
    """Build the site with `make docs`, which fails on a warning."""
    built = subprocess.run(
        ["make", "--no-print-directory", "docs"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, "MAKEFLAGS": ""},
    )
    assert built.returncode == 0, built.stdout + built.stderr
    return ROOT / ".artifacts" / "site"


@pytest.fixture(scope="session")
def pages(site: Path) -> dict[Path, Page]:
    """Parse every page."""
    return {path: Page(path) for path in sorted(site.rglob("*.html"))}


def test_every_page_of_the_docs_is_in_the_site(site: Path) -> None:
    written = {*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")}
    missing = [
        page
        for page in written
        if not (site / page.relative_to(ROOT)).with_suffix(".html").exists()
    ]
    assert not missing, "add the page to NAVIGATION in docs/site/conf.py"


def test_every_link_leads_to_a_page_and_an_anchor(pages: dict[Path, Page]) -> None:
    dead = []
    for path, page in pages.items():
        for link in page.links + page.loads:
            target = urlsplit(link)
            if target.scheme or target.netloc:
                continue
            file = path
            if target.path:
                file = (path.parent / unquote(target.path)).resolve()
            anchor = unquote(target.fragment)
            if not file.exists() or (
                anchor and file in pages and anchor not in pages[file].anchors
            ):
                dead.append(f"{path.name}: {link}")
    assert len(pages) > 100
    assert not dead


def test_a_page_loads_nothing_from_another_host(
    site: Path, pages: dict[Path, Page]
) -> None:
    loaded = {load for page in pages.values() for load in page.loads}
    for style in site.rglob("*.css"):
        text = style.read_text(encoding="utf-8")
        loaded |= set(re.findall(r"(?:url\(|@import)\s*[\"']?([^\"')\s]+)", text))
    assert loaded
    assert not [address for address in loaded if urlsplit(address).netloc]


def _options(command: click.Command) -> Iterator[str]:
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            yield max(parameter.opts, key=len)


def test_the_reference_has_every_command_with_its_options(site: Path) -> None:
    text = (site / "docs" / "cli.html").read_text(encoding="utf-8")
    words = set(re.findall(r"[\w-]+", re.sub(r"<[^>]+>", " ", text)))
    context = click.Context(main)
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        assert command
        assert {name, *_options(command)} <= words


def test_a_browser_draws_the_diagrams_and_asks_no_other_host(site: Path) -> None:
    program = tools.chromium()
    handler = partial(SimpleHTTPRequestHandler, directory=str(site))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    with served(server) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=tools.FLAGS)
        page = browser.new_page(color_scheme="dark")
        requested: list[str] = []
        page.on("request", lambda request: requested.append(request.url))
        page.goto(f"{address}/index.html")
        page.wait_for_selector("pre.mermaid svg")
        browser.close()
    assert requested
    assert not [url for url in requested if not url.startswith((address, "data:"))]
