"""The capacity model predicts what was measured, and its page names what exists."""

import re
from dataclasses import fields
from statistics import median

import pytest

from minitwit.queries import statements
from tests.benchmark import capacity, scaling
from tests.benchmark.capacity import Cost, Pool

PAGE = scaling.PAGE.read_text(encoding="utf-8")


def test_a_mix_costs_the_mean_of_its_kinds() -> None:
    costs = {"read": Cost(100, 200, 300), "write": Cost(200, 400, 900, wal=80)}
    mix = {"read": 3, "write": 1}
    assert capacity.mean(costs, mix) == Cost(125, 250, 450, wal=20)


def test_cores_answer_until_the_parts_that_share_them_have_used_them() -> None:
    cost = Cost(edge=100, function=150, database=500)
    assert Pool(("edge", "function"), 0.5).rate(cost) == pytest.approx(2_000)
    assert Pool(("database",), 0.25, idle=0.05).rate(cost) == pytest.approx(400)


@pytest.mark.parametrize("mix", [capacity.simulator(), capacity.with_readers(9)])
def test_the_shares_of_a_mix_are_a_whole(mix: capacity.Mix) -> None:
    assert sum(mix.values()) == pytest.approx(1)
    assert set(mix) <= set(scaling.measured()["costs"])


def test_a_run_that_could_not_use_its_quota_is_left_out() -> None:
    figures = {field.name: [100.0, 100.0] for field in fields(Cost)}
    measured = {
        "idle": {"database": [0.02, 0.02]},
        "costs": {kind: figures for kind in capacity.simulator()},
        "runs": [
            {
                "limited": "database",
                "cores": 0.12,
                "processes": {"database": 1},
                "measured": [990.0, 300.0],
                "used": [0.99, 0.5],
            }
        ],
    }
    [check] = capacity.checks(measured)
    assert check.predicted == pytest.approx([1_000])
    assert check.ratio() == pytest.approx(0.99)


CHECKS = capacity.checks(scaling.measured())


@pytest.mark.parametrize("check", CHECKS, ids=lambda c: f"{c.limited} {c.cores}")
def test_the_model_predicts_each_run_within_a_fifth(check: capacity.Check) -> None:
    assert len(check.measured) >= 5, "too few rounds in which the quota was used"
    assert check.ratio() == pytest.approx(1, abs=0.2)


@pytest.mark.parametrize("limited", {check.limited: None for check in CHECKS})
def test_the_model_predicts_the_runs_under_quotas_within_15_percent(
    limited: str,
) -> None:
    ratios = [check.ratio() for check in CHECKS if check.limited == limited]
    assert len(ratios) == 3
    assert median(ratios) == pytest.approx(1, abs=0.15)


def test_the_page_names_statements_that_exist() -> None:
    cells = re.findall(r"^\| (`[a-z_]+`[^|]*)\|", PAGE, re.MULTILINE)
    named = {name for cell in cells for name in re.findall(r"`([a-z_]+)`", cell)}
    assert len(named) > 20
    assert named <= set(statements())
