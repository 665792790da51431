"""Report of a replay: counts, statuses, latencies, failures and advice."""

from collections import Counter
from collections.abc import Iterator, Sequence
from math import ceil

from rich.console import Console
from rich.table import Table

from minitwit_cli.simulator.client import SIMULATOR_TIMEOUT, Outcome
from minitwit_cli.simulator.scenario import COMMANDS

_FAILURES_SHOWN = 20
_PERCENTILES = (50, 95, 99)


def show(
    outcomes: Sequence[Outcome], timeout: float, concurrency: int, console: Console
) -> None:
    """Print the tables, the failures, and what to do about missed time-outs.

    Args:
        outcomes: of all actions.
        timeout: the seconds after which an action failed.
        concurrency: how many were sent at a time.
        console: where to print.

    """
    console.print(_by_command(outcomes))
    console.print(_by_answer(outcomes))
    for line in [*_failures(outcomes), *_advice(outcomes, timeout, concurrency)]:
        # Names and answers are others' words: no markup in them, and no folding.
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def percentile(seconds: Sequence[float], percent: int) -> float:
    """Return the smallest value that so many percent do not exceed."""
    return sorted(seconds)[ceil(len(seconds) * percent / 100) - 1]


def _by_command(outcomes: Sequence[Outcome]) -> Table:
    table = Table(caption="latency in ms, connecting included, of all requests")
    table.add_column("command")
    headings = ("actions", "204", "already there", "failed")
    for heading in (*headings, *(f"p{percent}" for percent in _PERCENTILES)):
        table.add_column(heading, justify="right")
    for command in COMMANDS:
        some = [o for o in outcomes if o.action.command == command]
        if some:
            table.add_row(command, *_figures(some))
    table.add_section()
    table.add_row("all", *_figures(outcomes))
    return table


def _figures(outcomes: Sequence[Outcome]) -> list[str]:
    seconds = [outcome.seconds for outcome in outcomes]
    counts = (
        len(outcomes),
        sum(outcome.answer == 204 for outcome in outcomes),
        sum(outcome.already_there for outcome in outcomes),
        sum(outcome.failure is not None for outcome in outcomes),
    )
    latencies = (percentile(seconds, percent) for percent in _PERCENTILES)
    return [f"{n:,}" for n in counts] + [f"{1000 * s:,.1f}" for s in latencies]


def _by_answer(outcomes: Sequence[Outcome]) -> Table:
    table = Table("answer")
    table.add_column("times", justify="right")
    answers = Counter(str(outcome.answer) for outcome in outcomes)
    for answer, times in sorted(answers.items()):
        table.add_row(answer, f"{times:,}")
    return table


def _failures(outcomes: Sequence[Outcome]) -> list[str]:
    failed = [outcome for outcome in outcomes if outcome.failure is not None]
    failed.sort(key=lambda outcome: outcome.action.id)
    lines = [
        f"failed: {some.action.id} {some.action.command} "
        f"of {some.action.username!r}: {some.failure}"
        for some in failed[:_FAILURES_SHOWN]
    ]
    if rest := len(failed) - len(lines):
        lines.append(f"… and {rest:,} more failures")
    return lines


def _advice(
    outcomes: Sequence[Outcome], timeout: float, concurrency: int
) -> Iterator[str]:
    late = sum(outcome.answer == "time-out" for outcome in outcomes)
    if not late:
        return
    limit = (
        "the course simulator's limit" if timeout == SIMULATOR_TIMEOUT else "the limit"
    )
    yield (
        f"{late:,} of {len(outcomes):,} requests took longer than {timeout:g} s, "
        f"{limit} (--timeout). Later actions of a user whose registration was late "
        "fail with 404."
    )
    fewer = f"fewer requests at a time (--concurrency {concurrency // 4 or 1})"
    attempt = fewer if concurrency > 1 else "again later"
    yield (
        f"If the machine is busy, try {attempt}, or "
        f"wait longer (--timeout {max(2, 4 * timeout):g}). If it is idle, the service "
        "is too slow: scale the functions or look at their logs."
    )
