"""Adds a function with an example endpoint: its handler, route, contract and test.

What follows from the route table is generated afterwards: the service in `stack.yml`,
Prometheus' targets and alert, the tables of the docs. Scripts, images, the local run
and `minitwit status` read the list of functions and need no change.
"""

import keyword
import re
import subprocess
import sys

from deploy.scaffold.generated import PARTS, ROOT
from minitwit.web.reserved_names import is_reserved
from minitwit.web.routes import FUNCTIONS

# Images, secrets or database roles of that name are something else.
_TAKEN = (
    *("cli", "postgres"),
    *("database", "owner", "superuser", "monitor", "grafana"),
    *("app", "function"),
)

_ROUTES = "lib/minitwit/web/routes.py"
_MODELS = "lib/minitwit/models.py"
_CONTRACT = "docs/contract.md"

_HANDLER = '''\
"""{name}: an example, to be replaced.

GET /{name} is for the API's callers.
"""

from collections.abc import Mapping

import falcon

from minitwit.models import {model}
from minitwit.web.app import Services


class Example:
    """A resource that needs nothing of the store."""

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        """Answer with the function's name."""
        resp.data = {model}(function="{name}").model_dump_json().encode()


def routes(_services: Services) -> Mapping[str, object]:
    """Return this function's resources by their paths."""
    return {{"/{name}": Example()}}
'''

_ROUTE = """\
    Route(
        "GET",
        "/{name}",
        "{name}",
        "api",
        "Read the function's name.",
        answer={model},
        probe=200,
    ),
"""

_MODEL = '''\
class {model}(BaseModel):
    """The answer of an example, to be replaced."""

    function: str


'''

_ROW = """\
| {id} | `GET /{name}` | `{{"function": "{name}"}}` |
"""

_TEST = '''\
"""Contract of the function {name}."""

from tests.contract.callers import Callers


# contract: {id}
def test_{name}_answers_with_its_name(minitwit: Callers) -> None:
    answer = minitwit.anybody.get("/{name}")
    assert answer.status_code == 200
    assert answer.json() == {{"function": "{name}"}}
'''


class InvalidName(Exception):
    """A function cannot have this name."""


def add(name: str) -> list[str]:
    """Add a function, and return the sentences that say what was done.

    Raises:
        InvalidName: a function cannot have this name.

    """
    _check(name)
    model = f"{name.capitalize()}Example"
    fields = {"name": name, "id": f"{name.upper()}1", "model": model}
    new = {
        f"functions/{name}/handler.py": _HANDLER,
        f"tests/contract/{name}.py": _TEST,
    }
    for file, template in new.items():
        (ROOT / file).parent.mkdir(exist_ok=True)
        (ROOT / file).write_text(template.format(**fields), encoding="utf-8")
    _insert(_ROUTES, r'    _page\("GET", "/", "timeline"', _ROUTE.format(**fields))
    _insert(_ROUTES, r"    FollowChange,", f"    {model},\n")
    _insert(_MODELS, r"class ErrorBody", _MODEL.format(**fields))
    _insert(_CONTRACT, r"\n## 4\.", _ROW.format(**fields))
    # In a new process, which imports the changed route table.
    generate = [sys.executable, "-m", "deploy.scaffold", "generate"]
    subprocess.run(generate, cwd=ROOT, check=True)  # noqa: S603 (fixed words)
    changed = dict.fromkeys(
        (_ROUTES, _MODELS, _CONTRACT, *(part.file for part in PARTS))
    )
    return [
        *(f"wrote {file}" for file in (*new, _ROUTES, _MODELS)),
        f"GET /{name} is the new function's. Replace the example: CONTRIBUTING.md.",
        f"Undo: git restore {' '.join(changed)} && rm -r functions/{name} "
        f"tests/contract/{name}.py",
    ]


def _check(name: str) -> None:
    if not re.fullmatch(r"[a-z]{2,20}", name) or keyword.iskeyword(name):
        raise InvalidName(f"{name!r} is no name for a function: use 2 to 20 of a to z.")
    if name in FUNCTIONS or name in _TAKEN or is_reserved(name):
        raise InvalidName(
            f"{name!r} is taken by another function, image, role or route."
        )


def _insert(file: str, before: str, text: str) -> None:
    path = ROOT / file
    content = path.read_text(encoding="utf-8")
    found = re.search(before, content)
    if found is None:
        raise LookupError(f"{file} has no line like {before!r}")
    place = found.start()
    path.write_text(content[:place] + text + content[place:], encoding="utf-8")
