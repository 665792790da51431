"""Without PostgreSQL the system says 503 and when to come back; then it works again."""

from collections.abc import Iterator

import pytest

from tests.contract.callers import PASSWORD, Callers, assert_error, new_name
from tests.functions import FUNCTIONS
from tests.system.running import RunningSystem
from tests.waiting import wait_until


@pytest.fixture
def minitwit(system: RunningSystem) -> Iterator[Callers]:
    """Return callers of the system, and leave it whole."""
    callers = Callers(system.url)
    yield callers
    if "RUNNING" not in system.supervisorctl("status", "postgres"):
        system.supervisorctl("start", "postgres")
    wait_until(lambda: works(callers), seconds=60)
    callers.close()


def works(minitwit: Callers) -> bool:
    """Say whether every function reaches the storage."""
    return all(
        minitwit.simulator.get(path).status_code == 200
        for path in ("/msgs", f"/fllws/{minitwit.somebody}", "/public")
    ) and bool(minitwit.somebodys_browser)


def test_storage_down_is_503_with_retry_after_and_recovers_by_itself(
    system: RunningSystem, minitwit: Callers
) -> None:
    ada = minitwit.user()
    assert works(minitwit)
    minitwit.post(ada, "before")
    functions = system.pids(*(f"{function}-1" for function in FUNCTIONS))
    system.supervisorctl("stop", "postgres")
    new = {"username": new_name(), "email": "a@b.c", "pwd": PASSWORD}
    for method, path, body in [
        ("GET", "/msgs", None),
        ("GET", "/latest", None),
        ("POST", f"/msgs/{ada}", {"content": "while down"}),
        ("POST", f"/fllws/{ada}", {"follow": ada}),
        ("POST", "/register", new),
    ]:
        answer = minitwit.simulator.request(method, path, json=body)
        assert_error(answer, 503)
        assert int(answer.headers["Retry-After"]) > 0
    page = minitwit.browser().get("/public")
    assert page.status_code == 503
    assert page.headers["Content-Type"].startswith("text/html")
    assert int(page.headers["Retry-After"]) > 0
    system.supervisorctl("start", "postgres")
    wait_until(lambda: works(minitwit), seconds=60)
    assert system.pids(*(f"{function}-1" for function in FUNCTIONS)) == functions
    assert minitwit.contents(ada) == ["before"]
    assert minitwit.follows(ada) == []
    minitwit.register(new["username"])
