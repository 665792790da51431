"""The documentation site: Sphinx over the Markdown pages of this repository.

`make docs` builds it. The pages stay where they are and read well without it, so what
only a site needs is added here: navigation, pictures, the reference of commands.
"""

import hashlib
import shutil
from collections.abc import Iterator
from html import escape
from importlib.metadata import files
from pathlib import Path

import click
from docutils import nodes
from sphinx.application import Sphinx

from minitwit_cli.commands import main

NAVIGATION = {
    "Try it": ["docs/simulator", "docs/pages"],
    "Operate it": [
        "docs/day-1",
        "docs/day-2",
        "docs/operations",
        "docs/observability",
        "docs/runbooks/README",
        "docs/data",
        "deploy/droplets/README",
    ],
    "Understand it": [
        "docs/architecture",
        "docs/report",
        "docs/sla",
        "docs/security",
        "docs/benchmark",
        "docs/scaling",
        "docs/decisions/README",
    ],
    "Change it": ["CONTRIBUTING", "functions/README", "tests/README", "CHANGELOG"],
    "Reference": [
        "docs/contract",
        "docs/cli",
        "docs/settings",
        "docs/security-asvs",
        "docs/licenses",
        "SECURITY",
        "CODE_OF_CONDUCT",
    ],
}
HOME = "README"
# Pages that list the others of their folder.
LISTS = {"docs/decisions/README": "20*", "docs/runbooks/README": "*"}

REFERENCE = "docs/cli"

# The file of mermaid@11.16.0 on npm, which the package mermaidx contains unchanged.
_MERMAID = "74d7c46dabca328c2294733910a8aa1ed0c37451776e8d5295da38a2b758fb9b"

project = "MiniTwit"
html_title = "MiniTwit"
extensions = ["myst_parser"]
root_doc = HOME
include_patterns = [
    f"{page}.md" for pages in ([HOME], *NAVIGATION.values()) for page in pages
] + [f"{Path(page).parent}/*.md" for page in LISTS]
exclude_patterns = [".*", "**/node_modules", "tests/*/**", "lib", "docs/screenshots"]

myst_heading_anchors = 4
# A link that leads nowhere is a warning, and `make docs` fails on warnings.
nitpicky = True

html_theme = "furo"
html_static_path = ["diagrams.js", "style.css"]
html_css_files = ["style.css"]
html_js_files = [("diagrams.js", {"type": "module"})]
html_copy_source = False
html_show_sphinx = False
html_permalinks_icon = "#"
html_favicon = "../../functions/timeline/static/icon.svg"


def _additions(_app: Sphinx, page: str, source: list[str]) -> None:
    """Add the tables of contents, which make the sidebar, and the reference."""
    if page == HOME:
        source[0] += "".join(
            _toctree(f":caption: {caption}\n", pages)
            for caption, pages in NAVIGATION.items()
        )
    if page in LISTS:
        source[0] += _toctree(":glob:\n:titlesonly:\n", [LISTS[page]])
    if page == REFERENCE:
        source[0] += "".join(_commands())


def _toctree(options: str, pages: list[str]) -> str:
    entries = "\n".join(f"/{page}" if "/" in page else page for page in pages)
    return f"\n```{{toctree}}\n:hidden:\n{options}\n{entries}\n```\n"


def _commands() -> Iterator[str]:
    """Yield a section for each command: what `--help` prints."""
    program = click.Context(main, info_name="minitwit")
    for name in main.list_commands(program):
        command = main.get_command(program, name)
        assert command  # noqa: S101
        context = click.Context(command, parent=program, info_name=name)
        yield f"\n## minitwit {name}\n\n```text\n{context.get_help()}\n```\n"


def _diagrams(_app: Sphinx, document: nodes.document) -> None:
    """Let the browser draw what is written in Mermaid."""
    for block in list(document.findall(nodes.literal_block)):
        if block.get("language") == "mermaid":
            html = f'<pre class="mermaid">{escape(block.astext())}</pre>'
            block.replace_self(nodes.raw("", html, format="html"))


def _finish(app: Sphinx, error: Exception | None) -> None:
    """Add the script that draws, and make README the home page."""
    if error or app.builder.format != "html":
        return
    source = next(
        Path(str(file.locate()))
        for file in files("mermaidx") or ()
        if file.name == "mermaid.js"
    )
    script = source.read_bytes()
    assert hashlib.sha256(script).hexdigest() == _MERMAID  # noqa: S101
    (app.outdir / "_static" / "mermaid.js").write_bytes(script)
    shutil.copy(app.outdir / f"{HOME}.html", app.outdir / "index.html")


def setup(app: Sphinx) -> None:
    """Register what is above."""
    app.connect("source-read", _additions)
    app.connect("doctree-read", _diagrams)
    app.connect("build-finished", _finish)
