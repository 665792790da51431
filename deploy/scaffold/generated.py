"""The parts of files that follow from the route table or from the locked packages.

`make generate` writes them; a test fails while one of them differs.
"""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.edge.traefik_rules import (
    in_flight_middleware,
    limited_matchers,
    limiting_middlewares,
    limits_of,
    serves_simulator,
    simulator_matchers,
    traefik_matchers,
    traefik_priority,
)
from deploy.supply import licenses
from minitwit.postgres.roles import function_role, password_file_name
from minitwit.web.address_limits import (
    MAX_IN_FLIGHT,
    MAX_IN_FLIGHT_VARIABLE,
    NO_SIMULATOR,
    SIMULATOR_VARIABLE,
    AddressLimit,
)
from minitwit.web.routes import FUNCTIONS, PAGES, ROUTES, Route, probe, routes_of

ROOT = Path(__file__).parents[2]

_CALLERS = {"api": "API", "browser": "browser"}

_SERVICE = """\
  {function}:
    <<: *function
    environment:
      <<: *environment
      MINITWIT_DATABASE_URL: postgresql://{role}@${{DATA_STACK:-data}}_postgres,${{DATA_STACK:-data}}_standby:5432/minitwit
      MINITWIT_REPLICAS: ${{{replicas}:-2}}
    secrets:
      - {{source: {function}_password, target: database_password, uid: "10001", mode: 0400}}
      - *database_ca
      - *session_keys
      - *sentry_dsn
    image: ${{MINITWIT_REGISTRY:?the registry of the images}}/minitwit-{function}:${{VERSION:?the version to deploy}}${{{digest}:-}}
    deploy:
      <<: *deploy
      replicas: ${{{replicas}:-2}}
      labels:
        minitwit.probe: {probe}
        traefik.enable: "true"
        traefik.swarm.network: edge
        traefik.http.routers.{function}.priority: "{priority}"
        traefik.http.routers.{function}.rule: >-
          {rule}
        traefik.http.routers.{function}.middlewares: {middlewares}
{in_flight}\
{simulator}\
{limits}\
        traefik.http.services.{function}.loadbalancer.server.port: "8000"
        traefik.http.services.{function}.loadbalancer.serverstransport: functions@file

"""  # noqa: E501


_LIMIT = """\
        traefik.http.routers.{router}.priority: "{priority}"
        traefik.http.routers.{router}.rule: >-
          {rule}
        traefik.http.routers.{router}.service: {function}
        traefik.http.routers.{router}.middlewares: {middlewares}
{options}\
"""


_SIMULATOR = """\
        traefik.http.routers.{function}-simulator.priority: "{priority}"
        traefik.http.routers.{function}-simulator.rule: >-
          ClientIP(`${{{variable}:-{default}}}`) && (
          {rule}
          )
        traefik.http.routers.{function}-simulator.service: {function}
"""

_EXTERNAL = """\
  {function}_password: {{external: true, name: "${{{variable}_PASSWORD_SECRET:?run deploy/bootstrap.sh, then `. deploy/environment.sh`}}"}}
"""  # noqa: E501


@dataclass(frozen=True)
class Part:
    """A part of a file.

    Args:
        file: path from the root of the project.
        before: regular expression of the text before the part.
        after: regular expression of the text behind it.
        render: returns the part that follows from the route table.

    """

    file: str
    before: str
    after: str
    render: Callable[[], str]

    def write(self) -> bool:
        """Write the part into its file, and say whether that changed it."""
        if self.expected() == self.current():
            return False
        (ROOT / self.file).write_text(self.expected(), encoding="utf-8")
        return True

    def current(self) -> str:
        """Return the file's text."""
        return (ROOT / self.file).read_text(encoding="utf-8")

    def expected(self) -> str:
        """Return the file's text with the part as it should be.

        Raises:
            LookupError: the file does not have just one such part.

        """
        pattern = re.compile(f"({self.before})(.*?)({self.after})", re.DOTALL)
        text, count = pattern.subn(
            lambda match: match[1] + self.render() + match[3], self.current()
        )
        if count != 1:
            raise LookupError(f"{self.file} has {count} parts after {self.before!r}")
        return text


def _services() -> str:
    return "".join(_service(function) for function in FUNCTIONS)


def _service(function: str) -> str:
    matchers = map(_escaped, traefik_matchers(function))
    path, status = probe(function)
    amount = f"${{{MAX_IN_FLIGHT_VARIABLE}:-{MAX_IN_FLIGHT}}}"
    in_flight = in_flight_middleware(function, amount)
    compress = ["compress@file"] if function == PAGES else []
    return _SERVICE.format(
        function=function,
        role=function_role(function),
        replicas=f"REPLICAS_{function.upper()}",
        digest=f"DIGEST_{function.upper()}",
        probe=f"{path} {status}",
        priority=traefik_priority(function),
        rule="\n          || ".join(matchers),
        middlewares=",".join((*in_flight, *compress)),
        in_flight=_options(in_flight),
        simulator=_simulator(function) if serves_simulator(function) else "",
        limits="".join(_limit(function, limit) for limit in limits_of(function)),
    )


def _simulator(function: str) -> str:
    return _SIMULATOR.format(
        function=function,
        priority=traefik_priority(function) + 1,
        variable=SIMULATOR_VARIABLE,
        default=NO_SIMULATOR,
        rule="\n          || ".join(map(_escaped, simulator_matchers(function))),
    )


def _passwords() -> str:
    return "".join(
        _EXTERNAL.format(function=function, variable=function.upper())
        for function in FUNCTIONS
    )


def _mounted_passwords() -> str:
    return "".join(
        f"      - {{source: {function}_password, "
        f"target: {password_file_name(function_role(function))}}}\n"
        for function in FUNCTIONS
    )


def _limit(function: str, limit: AddressLimit) -> str:
    per_minute = f"${{{limit.variable}:-{limit.per_minute}}}"
    middlewares = limiting_middlewares(limit, per_minute)
    return _LIMIT.format(
        router=f"{function}-{limit.name}",
        priority=traefik_priority(function) + 2,
        rule="\n          || ".join(map(_escaped, limited_matchers(function, limit))),
        function=function,
        middlewares=",".join((f"{function}-in-flight", *middlewares)),
        options=_options(middlewares),
    )


def _options(middlewares: Any) -> str:
    return "".join(
        f'        traefik.http.middlewares.{label}: "{value}"\n'
        for label, value in _labels(middlewares)
    )


def _labels(options: Any) -> Iterator[tuple[str, str]]:
    """Yield nested options as Traefik's labels, without their common beginning."""
    for name, value in options.items():
        if isinstance(value, dict):
            yield from ((f"{name}.{label}".lower(), v) for label, v in _labels(value))
        else:
            yield name, ",".join(value) if isinstance(value, list) else str(value)


def _escaped(rule: str) -> str:
    return rule.replace("$", "$$")


def _targets() -> str:
    return ", ".join(f"tasks.{function}" for function in FUNCTIONS)


def _missing() -> str:
    terms = (
        f'absent(minitwit:replicas:up{{function="{function}"}})'
        for function in FUNCTIONS
    )
    return "\n          or ".join(terms)


def _diagram() -> str:
    return ", ".join(FUNCTIONS)


def _functions() -> str:
    return "\n".join(_function(function) for function in FUNCTIONS)


def _function(function: str) -> str:
    handler = ROOT / "functions" / function / "handler.py"
    docstring = ast.get_docstring(ast.parse(handler.read_text(encoding="utf-8"))) or ""
    purpose = docstring.partition("\n")[0].partition(": ")[2].removesuffix(".")
    callers = sorted({_CALLERS[route.caller] for route in routes_of(function)})
    link = f"[`{function}`](functions/{function}/handler.py)"
    return _row(link, purpose, ", ".join(callers))


def _endpoints() -> str:
    return "\n".join(_endpoint(route) for route in ROUTES)


def _endpoint(route: Route) -> str:
    parameters = {"latest": route.carries_latest, "no": route.carries_no}
    return _row(
        f"`{route.method}`",
        f"`{route.path}`",
        route.function,
        _CALLERS[route.caller],
        "credentials" if route.credentials else "",
        ", ".join(f"`{name}`" for name, carried in parameters.items() if carried),
        route.summary.removesuffix("."),
    )


def _row(*cells: str) -> str:
    return "|" + "|".join(f" {cell} " if cell else " " for cell in cells) + "|"


PARTS = (
    Part("stack.yml", r"\nservices:\n", r"networks:\n", _services),
    Part("stack.yml", r"\nsecrets:\n", r"  database_ca:", _passwords),
    Part(
        "deploy/data/stack.yml",
        r"    secrets:\n      - database_ca\n      - owner_password\n",
        r"    read_only:",
        _mounted_passwords,
    ),
    Part(
        "deploy/data/stack.yml", r"\nsecrets:\n", r"  superuser_password:", _passwords
    ),
    Part("docs/contract.md", r"what it does \|\n[|-]+\n", r"\n\n", _endpoints),
    Part("README.md", r"\| function \|[^\n]*\n[|-]+\n", r"\n\n", _functions),
    Part("README.md", r'\[\["functions: ', r'"', _diagram),
    Part("docs/architecture.md", r'\[\["functions: ', r'"', _diagram),
    Part(
        "deploy/tools/prometheus/prometheus.yml",
        r"job_name: functions\n.*?names: \[",
        r"\]",
        _targets,
    ),
    Part(
        "deploy/tools/prometheus/rules/alerts_functions.yml",
        r"alert: FunctionDown\n        expr: \|\n          ",
        r"\n        for:",
        _missing,
    ),
    Part("docs/licenses.md", r"\| package \|[^\n]*\n[|-]+\n", r"\n\n", licenses.table),
)
