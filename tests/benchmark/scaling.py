"""The tables of docs/scaling.md, which follow from what was measured."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Any

from tests.benchmark import capacity
from tests.benchmark.processes import ROOT

PAGE = ROOT / "docs" / "scaling.md"
_DATA = PAGE.with_suffix(".json")
_BENCHMARK = ROOT / "docs" / "benchmark.json"

_DAY = 86_400  # seconds
_GROWTH = (1, 10, 100, 1_000)
_VIEWS = 9  # page views for each request of the simulator's mix


def save(measured: Mapping[str, Any]) -> None:
    """Write what was measured next to the page."""
    _DATA.write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")


def write() -> None:
    """Write the tables into the page."""
    PAGE.write_text(expected(), encoding="utf-8")


def measured() -> dict[str, Any]:
    """Return what was measured."""
    found: dict[str, Any] = json.loads(_DATA.read_text(encoding="utf-8"))
    return found


def expected() -> str:
    """Return the page with the tables as they follow from the data.

    Raises:
        LookupError: the page lacks the place of a table.

    """
    text = PAGE.read_text(encoding="utf-8")
    for name, table in _tables().items():
        place = re.compile(f"(<!-- table: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        text, count = place.subn(rf"\g<1>\n{table}\n\g<2>", text)
        if count != 1:
            raise LookupError(f"{PAGE} has {count} places of the table {name}")
    return text


def _tables() -> dict[str, str]:
    found = measured()
    benchmark = json.loads(_BENCHMARK.read_text(encoding="utf-8"))
    costs = capacity.grown(capacity.costs(found), benchmark)
    replay = {kind: median(rounds) for kind, rounds in found["replay"].items()}
    mixes = {
        "simulator": capacity.simulator(),
        "readers": capacity.with_readers(_VIEWS),
    }
    return {
        "costs": _costs(costs),
        "checks": _checks(capacity.checks(found)),
        **{
            name: _growth(capacity.mean(costs, mix), _replayed(replay, mix), mix)
            for name, mix in mixes.items()
        },
    }


def _costs(costs: Mapping[str, capacity.Cost]) -> str:
    mixes = {
        "**the simulator's mix**": capacity.mean(costs, capacity.simulator()),
        f"**with {_VIEWS} page views each**": capacity.mean(
            costs, capacity.with_readers(_VIEWS)
        ),
    }
    figures = ("edge", "function", "database", "wal", "rows", "log")
    rows = [
        (kind, *(f"{getattr(cost, figure):,.0f}" for figure in figures))
        for kind, cost in {**costs, **mixes}.items()
    ]
    heads = ("edge µs", "function µs", "database µs", "WAL B", "rows B", "access log B")
    return _table(("", *heads), rows)


def _checks(checks: Sequence[capacity.Check]) -> str:
    rows = [
        (
            check.limited,
            f"{check.cores:g}",
            f"{median(check.predicted):,.0f}",
            f"{median(check.measured):,.0f}",
            f"{check.ratio():.2f}",
            f"{len(check.measured)}",
        )
        for check in checks
    ]
    heads = (
        "quota on",
        "cores",
        "predicted/s",
        "measured/s",
        "measured / predicted",
        "rounds",
    )
    return _table(heads, rows)


def _replayed(replay: Mapping[str, float], mix: capacity.Mix) -> float:
    """Return the CPU of replaying a request of a mix, in microseconds."""
    follows = mix[capacity.FOLLOW] + mix[capacity.UNFOLLOW]
    return (
        mix[capacity.TWEET] * replay[capacity.TWEET] + follows * replay[capacity.FOLLOW]
    )


def _growth(cost: capacity.Cost, replay: float, mix: capacity.Mix) -> str:
    writes = sum(mix[kind] for kind in capacity.ACTIONS)
    rows = []
    for factor in _GROWTH:
        actions = capacity.TODAY * factor
        requests = actions / writes
        rows.append(
            (
                f"{factor:,} ×",
                f"{actions:,.0f}",
                f"{requests:,.0f}",
                *(
                    _short(requests * microseconds / 1e6)
                    for microseconds in (
                        *(cost.edge, cost.function, cost.database, replay),
                        cost.wal,
                    )
                ),
                *(
                    _short(requests * size * _DAY / 1e9)
                    for size in (cost.rows, cost.log)
                ),
            )
        )
    heads = (
        *("", "actions/s", "requests/s"),
        *("edge, cores", "functions, cores", "database, cores", "replay, cores"),
        *("WAL MB/s", "rows GB/day", "access log GB/day"),
    )
    return _table(heads, rows)


def _short(number: float) -> str:
    return f"{number:,.0f}" if number >= 10 else f"{number:.2g}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
