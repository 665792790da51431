"""Performance targets, evaluated on the results of a run."""

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any

from tests.benchmark.endpoints import BUSIEST
from tests.benchmark.experiments import REGISTRATIONS, ratio, telemetry_cost
from tests.benchmark.peers import GO, GO_EDGE

_ORIGINAL_POSTS = 550  # a second, on the machine that the absolute target describes

# One of two measured workloads, see docs/decisions/2026-11-26-workload-with-reads.md.
_MIX = "scenario with reads"

# Percent of what pgbench reaches.
_SHARES = {"GET /msgs?no=20": 20, "GET /msgs?no=100": 27, "POST /msgs/<user>": 45}

_OF_GO = {"GET /msgs?no=20": 90, "GET /msgs?no=100": 110, "POST /msgs/<user>": 95}


@dataclass(frozen=True)
class Target:
    """A performance target, the measured value, and whether it is met."""

    what: str
    wanted: str
    found: str
    holds: bool


def targets(results: dict[str, Any]) -> list[Target]:
    """Evaluate every target."""
    return [
        *_against_original(results),
        *_shares(results),
        *_against_go(results),
        *_pages(results),
        *_flatness(results),
        *_growth(results),
        *_containers(results),
    ]


def _at_least(what: str, wanted: float, found: float | None, unit: str) -> Target:
    if found is None:
        return Target(what, f"≥ {wanted:,.4g}{unit}", "not measured", holds=False)
    return Target(
        what, f"≥ {wanted:,.4g}{unit}", f"{found:,.3g}{unit}", found >= wanted
    )


def _at_most(what: str, wanted: float, found: float | None, unit: str) -> Target:
    if found is None:
        return Target(what, f"≤ {wanted:,.4g}{unit}", "not measured", holds=False)
    return Target(
        what, f"≤ {wanted:,.4g}{unit}", f"{found:,.3g}{unit}", found <= wanted
    )


def _against_original(results: dict[str, Any]) -> Iterator[Target]:
    for data_set, wanted in (("empty", 3), ("3.2m", 100)):
        yield _at_least(
            f"{_MIX} through the edge, {data_set}, against the original",
            wanted,
            ratio(results["original"][data_set][_MIX], "ours", "original"),
            " ×",
        )
    empty = results["original"]["empty"]
    posts = empty["posts"]["original"]
    yield _where_original_posts(_MIX, 2_000, empty[_MIX]["ours"], posts)


def _where_original_posts(
    what: str, wanted: float, rates: list[float], posts: list[float]
) -> Target:
    found = ratio({"ours": rates, "posts": posts}, "ours", "posts")
    return _at_least(
        f"{what} a second, where the original posts {_ORIGINAL_POSTS} a second "
        f"(here {median(posts):.0f}, and {median(rates):.0f} of ours)",
        wanted,
        found and found * _ORIGINAL_POSTS,
        "/s",
    )


def _shares(results: dict[str, Any]) -> Iterator[Target]:
    for endpoint, share in _SHARES.items():
        rates = results["endpoints"][endpoint]
        for limit, wanted in (("pgbench", share), ("bare", 80)):
            found = ratio(rates, "direct", limit)
            what = f"{endpoint}, direct, share of {limit}"
            yield _at_least(what, wanted, found and found * 100, " %")
    kept = telemetry_cost(results["endpoints"])
    what = "throughput with telemetry against without, the median endpoint"
    yield _at_least(what, 85, kept * 100, " %")


def _against_go(results: dict[str, Any]) -> Iterator[Target]:
    """Compare with Go without telemetry, where Go is installed."""
    for endpoint, direct in _OF_GO.items():
        rates = results["endpoints"][endpoint]
        for ours, go, wanted in (("edge", GO_EDGE, 100), ("direct", GO, direct)):
            if go in rates:
                found = ratio(rates, ours, go)
                what = f"{endpoint}, {ours}, share of Go"
                yield _at_least(what, wanted, found and found * 100, " %")


def _pages(results: dict[str, Any]) -> Iterator[Target]:
    rates = results.get("pages", {})
    for page in ("GET /<user>", "GET / (a usual reader's)"):
        if page in rates:
            found = ratio(rates, page, "GET /public")
            what = f"{page}, direct, share of GET /public"
            yield _at_least(what, 75, found and found * 100, " %")


def _flatness(results: dict[str, Any]) -> Iterator[Target]:
    for endpoint, costs in results["latency"].items():
        if endpoint != BUSIEST:
            for less in ("empty", "100k"):
                growth = ratio(costs["p50s"], "3.2m", less)
                what = f"{endpoint}, p50 at 3.2m against {less}"
                yield _at_most(what, 1.3, growth, " ×")
        wanted = 40 if costs["is_page"] else 25
        what = f"{endpoint}, p99 at 3.2m, 200 requests/s"
        yield _at_most(what, wanted, costs["3.2m"]["p99"], " ms")
    own = results["latency"][BUSIEST]["3.2m"]["p50"]
    yield _at_most("own timeline of a reader who follows 7,400, p50", 30, own, " ms")


def _growth(results: dict[str, Any]) -> Iterator[Target]:
    rates = results["scaling"]
    yield _at_least(
        "GET /latest, two replicas of a quarter of a core each against one",
        1.6,
        ratio(rates, "two", "one"),
        " ×",
    )
    yield _at_most(
        "GET /latest, a request's CPU with two replicas against one",
        1.2,
        ratio(rates, "two cpu", "one cpu"),
        " ×",
    )


def _containers(results: dict[str, Any]) -> Iterator[Target]:
    for function, needs in results["container"].items():
        yield _at_most(f"{function}, start to ready", 1.0, needs["ready"], " s")
        yield _at_most(f"{function}, memory idle", 60, needs["idle"], " MB")
        if needs["busy"]:
            what = f"{function}, memory after 100,000 requests"
            yield _at_most(what, 90, needs["busy"], " MB")
    registrations = results["registrations"]
    found = registrations["per_second"]
    wanted = REGISTRATIONS
    yield _at_least("registrations a second, on all cores", wanted, median(found), "/s")
    posts = registrations["original_posts"]
    yield _where_original_posts("registrations", wanted, found, posts)
    slowed = ratio(registrations, "beside", "alone")
    what = f"GET /msgs?no=20, p50 beside {wanted} registrations/s against alone"
    yield _at_most(what, 1.2, slowed, " ×")
