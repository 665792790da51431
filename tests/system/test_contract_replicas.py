"""Any replica serves any request: what one stores, the others return at once."""

from collections.abc import Iterator

import httpx
import pytest

from tests.contract.callers import PASSWORD, Callers, new_name
from tests.functions import FUNCTIONS
from tests.system.running import RunningSystem

Pairs = dict[str, list[Callers]]


@pytest.fixture(scope="module")
def pairs(system: RunningSystem) -> Iterator[Pairs]:
    """Return callers of each of two replicas of every function, past the edge."""
    scale = {function: 2 for function in FUNCTIONS}
    change = ",".join(f"{name}={count}" for name, count in scale.items())
    grown = system.command("scale", change)
    assert grown.returncode == 0, grown.stderr
    pairs: Pairs = {function: [] for function in FUNCTIONS}
    for replica in system.replicas:
        url = f"http://127.0.0.1:{replica['port']}"
        pairs[replica["function"]].append(Callers(url))
    yield pairs
    for callers in pairs.values():
        for each in callers:
            each.close()
    change = ",".join(f"{name}=1" for name in scale)
    assert system.command("scale", change).returncode == 0


@pytest.fixture(scope="module")
def minitwit(system: RunningSystem) -> Iterator[Callers]:
    """Return callers of the whole system."""
    callers = Callers(system.url)
    yield callers
    callers.close()


def test_two_replicas_of_every_function_run(pairs: Pairs) -> None:
    assert {function: len(both) for function, both in pairs.items()} == {
        function: 2 for function in FUNCTIONS
    }


def test_replicas_agree_on_latest_whichever_wrote_it(pairs: Pairs) -> None:
    one, two = pairs["messages"]
    follow_one, follow_two = pairs["follow"]
    for mark, writer in enumerate([one, two, one, two], start=9000):
        assert writer.simulator.get("/msgs", params={"latest": mark}).is_success
        assert one.latest() == two.latest() == mark
    for mark, writer in enumerate([follow_one, follow_two], start=9100):
        writer.simulator.get("/fllws/nobody", params={"latest": mark})
        assert one.latest() == two.latest() == mark
    for mark, writer in enumerate(pairs["register"], start=9200):
        writer.simulator.post("/register", params={"latest": mark}, json={})
        assert one.latest() == two.latest() == mark


# contract: B2
def test_session_begun_at_one_replica_is_known_at_every_other(
    pairs: Pairs, minitwit: Callers
) -> None:
    ada = minitwit.user()
    form = {"username": ada, "password": PASSWORD}
    for replica in pairs["register"]:
        session = replica.anybody.post("/login", data=form).cookies["session"]
        for timeline in pairs["timeline"]:
            page = ask_as(timeline, session, "GET", "/")
            assert page.status_code == 200
            assert ada in page.text
        for messages in pairs["messages"]:
            posted = ask_as(messages, session, "POST", "/add_message", text="hello")
            assert posted.headers["Location"] == "/"
        for follow in pairs["follow"]:
            pressed = ask_as(follow, session, "POST", f"/{ada}/follow")
            assert pressed.headers["Location"] == f"/{ada}"
    assert minitwit.contents(ada) == ["hello"] * 4


def ask_as(
    replica: Callers, session: str, method: str, path: str, **form: str
) -> httpx.Response:
    """Send a request with a session's cookie."""
    headers = {"Cookie": f"session={session}"}
    return replica.anybody.request(method, path, data=form or None, headers=headers)


def test_flash_left_by_one_function_is_shown_by_either_replica_of_another(
    pairs: Pairs,
) -> None:
    for register in pairs["register"]:
        for timeline in pairs["timeline"]:
            refused = register.anybody.post("/register", data={"username": "typed"})
            headers = {"Cookie": f"flash={refused.cookies['flash']}"}
            page = timeline.anybody.get("/register", headers=headers)
            assert "You have to enter a valid email address" in page.text
            assert 'value="typed"' in page.text


# contract: B2
def test_what_is_written_at_one_replica_is_read_at_the_other(
    pairs: Pairs,
) -> None:
    name = new_name()
    pairs["register"][0].register(name)
    one, two = pairs["messages"]
    one.post(name, "first")
    two.post(name, "second")
    assert one.contents(name) == two.contents(name) == ["second", "first"]
    first, second = pairs["follow"]
    first.follow(name, name)
    assert second.follows(name) == [name]


def test_name_is_registered_once_however_many_replicas_are_asked(pairs: Pairs) -> None:
    body = {"username": new_name(), "email": "a@b.c", "pwd": PASSWORD}
    answers = [
        replica.anybody.post("/register", json=body).status_code
        for replica in pairs["register"] * 2
    ]
    assert answers == [204, 400, 400, 400]
