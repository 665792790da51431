"""Report of a benchmark run: a Markdown page with plots, and JSON."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from tests.benchmark import plots
from tests.benchmark.experiments import ratio
from tests.benchmark.peers import GO, GO_EDGE, PEERS
from tests.benchmark.targets import targets

_INTRODUCTION = """\
# Benchmark

Written by `make bench`; do not edit. All systems were measured side by side on one
machine in one run. They take turns in slices of {slice_seconds:g} s, for
{rounds} rounds (latency: twice as many, of half the length). Figures are medians,
and ratios are medians of the ratios within each round, so that other load on the
machine affects both sides alike. Compare ratios, not absolute figures.

{cores} cores ({processor}), {system}, {date}.
Python {python}; it takes {python_call_ns:.0f} ns to create an object and call it (the
builds of the images and of Debian have profile-guided optimization).
Memory pages are up to {page_kilobytes} kB; a droplet's are 64
([how](operations.md#prepare-a-droplet)).
The load average before the run was {load_before:.1f}. Load generator, Traefik,
functions and PostgreSQL share the cores. Each function has two replicas;
telemetry is as in production: one request in ten is traced, to a collector
that discards the spans.

- **edge**: through Traefik, with telemetry
- **direct**: without Traefik
- **untraced**: direct, and without traces
- **bare**: a Falcon handler with the same SQL and nothing else, under the same
  gunicorn worker
- **pgbench**: the same prepared statements over the same socket, from 16 connections,
  as many as the load generator uses
- **original**: Flask and SQLite as in the original: a connection per request, no index,
  the same queries, gunicorn's sync worker with four processes, no proxy, no telemetry

{flushes}The **scenario** has the course's own proportions: 200 register, 11,306 \
tweet, 9,751
follow, 4,665 unfollow; **with reads** adds a small read after every four of them, and
is what the targets refer to ([why](decisions/2026-11-26-workload-with-reads.md)).
The empty data set has 1,000 users and nothing else, so its lists are shorter, too.
"""

_STACKS = """\
Ours has credentials, validation, metrics and traces; the other stacks have the same
statements, two replicas of eight connections each, and nothing else. Go is net/http and
pgx, also behind a Traefik that is configured as ours; FastAPI runs under uvicorn with
uvloop and httptools, on asyncpg; the others run the bare handler. The figures are ours
in percent of theirs, direct unless it says edge; where ours is slower, they are bold.

"""

_NEEDS = ("ready", "idle", "busy")
_SYSTEMS = ("edge", "direct", "untraced", "bare", "pgbench")


def save(results: dict[str, Any], page: Path) -> None:
    """Write the results as JSON next to the page; a run in progress may do so, too."""
    page.parent.mkdir(parents=True, exist_ok=True)
    page.with_suffix(".json").write_text(json.dumps(results, indent=1) + "\n")


def write(results: dict[str, Any], page: Path) -> None:
    """Write the page and its plots."""
    throughput = page.with_name(f"{page.stem}-throughput.svg")
    throughput.write_text(_throughput_plot(results))
    latency = page.with_name(f"{page.stem}-latency.svg")
    latency.write_text(_latency_plot(results))
    introduction = _INTRODUCTION.format(
        **results["machine"], flushes=_flushes(results["machine"])
    )
    sections = [
        introduction,
        "## Targets\n\n" + _targets(results),
        "## Throughput, 16 connections, 100,000 messages\n\n"
        + _throughput(results)
        + f"\n![Throughput of each endpoint]({throughput.name})\n",
        *_stacks(results, page),
        f"## Latency at 200 requests a second, through the edge\n\n{_latency(results)}"
        f"\n![Median latency by data set]({latency.name})\n",
        "## Against the original\n\n" + _original(results),
        "## One replica\n\n" + _containers(results),
    ]
    page.write_text("\n".join(sections))


def _targets(results: dict[str, Any]) -> str:
    rows = [
        ("yes" if target.holds else "**no**", target.what, target.wanted, target.found)
        for target in targets(results)
    ]
    return _table(("met", "target", "required", "measured"), rows)


def _throughput(results: dict[str, Any]) -> str:
    rows = [
        (
            endpoint,
            *(_rate(rates, system) for system in _SYSTEMS),
            _percent(rates, "pgbench"),
            _percent(rates, "bare"),
            _percent(rates, "untraced"),
        )
        for endpoint, rates in results["endpoints"].items()
    ]
    shares = ("direct of pgbench", "of bare", "of untraced")
    return _table(("requests/s", *_SYSTEMS, *shares), rows)


def _stacks(results: dict[str, Any], page: Path) -> list[str]:
    """Return the section about other stacks, if any was measured."""
    measured = [
        (endpoint, rates, [name for name in (*PEERS, GO, GO_EDGE) if name in rates])
        for endpoint, rates in results["endpoints"].items()
    ]
    measured = [each for each in measured if each[2]]
    if not measured:
        return []
    names = measured[0][2]
    rows = [
        (endpoint, *(_share(rates, name) for name in names))
        for endpoint, rates, _ in measured
    ]
    plot = page.with_name(f"{page.stem}-stacks.svg")
    systems = ("edge", GO_EDGE, "direct", GO, "bare", *PEERS)
    groups = {
        endpoint: {name: median(rates[name]) for name in systems if name in rates}
        for endpoint, rates, _ in measured
    }
    plot.write_text(plots.bars("Requests a second", groups))
    table = _table(("ours in % of", *names), rows)
    image = f"\n![Throughput beside other stacks]({plot.name})\n"
    return ["## Other stacks\n\n" + _STACKS + table + image]


def _share(rates: dict[str, list[float]], name: str) -> str:
    found = ratio(rates, "edge" if name == GO_EDGE else "direct", name)
    if found is None:
        return "–"
    return f"{found:.0%}" if found >= 1 else f"**{found:.0%}**"


def _flushes(machine: dict[str, Any]) -> str:
    """Return how long the disk took, where that was measured."""
    if not (times := machine.get("flush_ms")):
        return ""
    return (
        f"Flushing a page of 8 kB to the disk took {min(times):.1f} to "
        f"{max(times):.1f} ms (medians, before and after each experiment); every write "
        "waits for a flush.\n\n"
    )


def _latency(results: dict[str, Any]) -> str:
    rows = []
    for endpoint, costs in results["latency"].items():
        sets = [costs[name] for name in ("empty", "100k", "3.2m")]
        rows.append(
            (
                endpoint,
                *(f"{cost['p50']:.1f}" for cost in sets),
                *(f"{cost['p99']:.1f}" for cost in sets),
                *(f"{cost['function_cpu']:.0f}" for cost in sets),
                *(f"{cost['database_cpu']:.0f}" for cost in sets),
            )
        )
    heads = [
        f"{what} {name}"
        for what in ("p50 ms", "p99 ms", "function CPU µs", "database CPU µs")
        for name in ("empty", "100k", "3.2m")
    ]
    return _table(("", *heads), rows)


def _original(results: dict[str, Any]) -> str:
    rows = [
        (
            kind,
            data_set,
            _rate(rates, "ours"),
            _rate(rates, "original"),
            _times(ratio(rates, "ours", "original")),
        )
        for data_set, kinds in results["original"].items()
        for kind, rates in kinds.items()
    ]
    return _table(("16 connections", "data", "ours (edge)", "original", "ratio"), rows)


def _containers(results: dict[str, Any]) -> str:
    rows = [
        (name, *(f"{needs[key]:.2f}" if needs[key] else "–" for key in _NEEDS))
        for name, needs in results["container"].items()
    ]
    return _table(("", "start to ready, s", "PSS idle, MB", "PSS after load, MB"), rows)


def _throughput_plot(results: dict[str, Any]) -> str:
    groups = {
        endpoint: {s: median(rates[s]) for s in _SYSTEMS if s in rates}
        for endpoint, rates in results["endpoints"].items()
    }
    return plots.bars("Requests a second", groups)


def _latency_plot(results: dict[str, Any]) -> str:
    groups = {
        endpoint: {name: costs[name]["p50"] for name in ("empty", "100k", "3.2m")}
        for endpoint, costs in results["latency"].items()
    }
    return plots.bars("Median latency in milliseconds", groups)


def _rate(rates: dict[str, list[float]], system: str) -> str:
    return f"{median(rates[system]):,.0f}" if system in rates else "–"


def _times(factor: float | None) -> str:
    return f"{factor:,.1f} ×" if factor is not None else "–"


def _percent(rates: dict[str, list[float]], limit: str) -> str:
    share = ratio(rates, "direct", limit)
    return f"{share * 100:.0f} %" if share is not None else "–"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
