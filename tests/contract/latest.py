"""The progress mark `latest`: when it is recorded and when it is ignored."""

from collections.abc import Callable

import httpx
import pytest

from tests.contract.callers import (
    Callers,
    assert_error,
    new_mark,
    new_name,
)
from tests.contract.endpoints import (
    MARKING,
    Endpoint,
    call,
    endpoint_id,
)


# contract: S8
@pytest.mark.parametrize("prefix", ["", "/api"], ids=["root", "api"])
@pytest.mark.parametrize("endpoint", MARKING, ids=endpoint_id)
def test_valid_latest_becomes_the_value(
    minitwit: Callers, endpoint: Endpoint, prefix: str
) -> None:
    mark = new_mark()
    answer = call(minitwit, endpoint, prefix, params={"latest": mark})
    assert answer.status_code == endpoint.status
    assert minitwit.latest() == mark


# contract: S7
@pytest.mark.parametrize("value", ["", "one", "1.5", "1e3", "-1", " 5", "0x10", "1_0"])
@pytest.mark.parametrize("endpoint", MARKING, ids=endpoint_id)
def test_latest_empty_or_no_integer_or_minus_one_is_ignored_and_the_request_goes_on(
    minitwit: Callers, endpoint: Endpoint, value: str
) -> None:
    mark = new_mark()
    minitwit.simulator.get("/msgs", params={"latest": mark})
    answer = call(minitwit, endpoint, params={"latest": value})
    assert answer.status_code in (200, 204)
    assert minitwit.latest() == mark


# contract: S7
@pytest.mark.parametrize("endpoint", MARKING, ids=endpoint_id)
def test_latest_absent_is_ignored(minitwit: Callers, endpoint: Endpoint) -> None:
    mark = new_mark()
    minitwit.simulator.get("/msgs", params={"latest": mark})
    assert call(minitwit, endpoint).status_code in (200, 204)
    assert minitwit.latest() == mark


@pytest.mark.parametrize("value", [str(10**30), "9" * 4000], ids=["30 digits", "4000"])
def test_latest_beyond_any_storage_does_no_harm(minitwit: Callers, value: str) -> None:
    answer = minitwit.simulator.get("/msgs", params={"latest": value})
    assert answer.status_code == 200
    assert minitwit.anybody.get("/latest").status_code == 200


@pytest.mark.parametrize("value", [0, 2**31, 2**63 - 1, -2])
def test_latest_takes_zero_and_large_and_other_negative_numbers(
    minitwit: Callers, value: int
) -> None:
    minitwit.simulator.get("/msgs", params={"latest": value})
    assert minitwit.latest() == value


# contract: S8
def test_latest_moves_also_when_the_request_then_fails(minitwit: Callers) -> None:
    ada, nobody = minitwit.somebody, new_name()
    text = {"Content-Type": "text/plain"}
    simulator = minitwit.simulator
    attempts: dict[int, Callable[[dict[str, int]], httpx.Response]] = {
        404: lambda at: simulator.get(f"/msgs/{nobody}", params=at),
        400: lambda at: simulator.post(f"/msgs/{ada}", params=at, json={}),
        413: lambda at: simulator.post(f"/msgs/{ada}", params=at, content=b"x" * 70000),
        415: lambda at: simulator.post(
            f"/msgs/{ada}", params=at, content=b"x", headers=text
        ),
    }
    for status, attempt in attempts.items():
        mark = new_mark()
        assert_error(attempt({"latest": mark}), status)
        assert minitwit.latest() == mark


def test_latest_moves_also_when_registration_is_refused(minitwit: Callers) -> None:
    mark = new_mark()
    refused = minitwit.simulator.post("/register", params={"latest": mark}, json={})
    assert_error(refused, 400)
    assert minitwit.latest() == mark


# contract: S8
def test_latest_is_what_the_last_request_said_so_it_may_go_down(
    minitwit: Callers,
) -> None:
    for mark in (500, 3, 400, 2):
        minitwit.simulator.get("/msgs", params={"latest": mark})
        assert minitwit.latest() == mark


# contract: S9
def test_latest_on_get_latest_is_ignored(minitwit: Callers) -> None:
    mark = new_mark()
    minitwit.simulator.get("/msgs", params={"latest": mark})
    answer = minitwit.simulator.get("/latest", params={"latest": mark + 500})
    assert answer.json() == {"latest": mark}
    assert minitwit.latest() == mark


def test_latest_of_a_wrong_method_moves_nothing(minitwit: Callers) -> None:
    mark = new_mark()
    minitwit.simulator.get("/msgs", params={"latest": mark})
    assert_error(minitwit.simulator.delete("/msgs", params={"latest": 9}), 405)
    assert minitwit.latest() == mark
