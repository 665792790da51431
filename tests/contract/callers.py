"""HTTP clients: the simulator, clients without credentials, and browsers.

Nothing in this folder imports MiniTwit: tests of the contract know only requests and
answers, and run against any base URL.
"""

import itertools
import uuid
from functools import cached_property
from typing import Any

import httpx

SIMULATOR = {
    "Authorization": "Basic c2ltdWxhdG9yOnN1cGVyX3NhZmUh",
    "Connection": "close",
    "Content-Type": "application/json",
}
PASSWORD = "correct horse battery staple"
NOT_AUTHORIZED = {
    "status": 403,
    "error_msg": "You are not authorized to use this resource!",
}

_numbers = itertools.count()
_marks = itertools.count(1000)
_run = uuid.uuid4().hex[:8]


def new_name(prefix: str = "user") -> str:
    """Return a name that no user has, in this run or an earlier one."""
    return f"{prefix}-{_run}-{next(_numbers)}"


def new_mark() -> int:
    """Return a value of `latest` that no request of this run has carried."""
    return next(_marks)


class Callers:
    """Clients of the MiniTwit at a base URL.

    Args:
        url: where it is.
        transport: how requests get there.

    """

    def __init__(self, url: str, transport: httpx.BaseTransport | None = None) -> None:
        self.url = url
        self._transport = transport or httpx.HTTPTransport(verify=False, retries=1)
        self.simulator = self._client(headers=SIMULATOR)

    @property
    def anybody(self) -> httpx.Client:
        """Return a new client that is not a browser and has no credentials."""
        return self._client()

    @cached_property
    def somebody(self) -> str:
        """Return a user that tests share when they do not depend on its content.

        Signing up costs a hash, and thousands of them would cost minutes.
        """
        return self.user("somebody")

    @cached_property
    def somebodys_browser(self) -> httpx.Client:
        """Return a browser in which that user stays signed in."""
        return self.browser_of(self.somebody)

    def browser(self) -> httpx.Client:
        """Return a new browser, which keeps cookies and follows redirects."""
        return self._client(
            follow_redirects=True, headers={"Accept": "text/html,application/xhtml+xml"}
        )

    def browser_of(self, name: str) -> httpx.Client:
        """Return a browser in which a user is signed in."""
        browser = self.browser()
        form = {"username": name, "password": PASSWORD}
        assert "You were logged in" in browser.post("/login", data=form).text
        return browser

    def user(self, prefix: str = "user") -> str:
        """Register a new user and return the name."""
        name = new_name(prefix)
        self.register(name)
        return name

    def register(self, name: str) -> None:
        """Register a user by the API."""
        body = {"username": name, "email": "a@b.c", "pwd": PASSWORD}
        answer = self.simulator.post("/register", json=body)
        assert (answer.status_code, answer.content) == (204, b"")

    def post(self, name: str, content: str) -> None:
        """Post a message by the API."""
        answer = self.simulator.post(f"/msgs/{name}", json={"content": content})
        assert answer.status_code == 204

    def messages(self, name: str) -> list[dict[str, Any]]:
        """Return a user's messages."""
        answer = self.simulator.get(f"/msgs/{name}")
        assert answer.status_code == 200
        messages: list[dict[str, Any]] = answer.json()
        return messages

    def contents(self, name: str) -> list[str]:
        """Return the texts of a user's messages."""
        return [message["content"] for message in self.messages(name)]

    def follow(self, follower: str, followed: str) -> None:
        """Make one user follow another by the API."""
        answer = self.simulator.post(f"/fllws/{follower}", json={"follow": followed})
        assert answer.status_code == 204

    def follows(self, name: str) -> list[str]:
        """Return the names that a user follows."""
        answer = self.simulator.get(f"/fllws/{name}")
        assert answer.status_code == 200
        names: list[str] = answer.json()["follows"]
        return names

    def latest(self) -> int:
        """Return the simulator's progress mark."""
        mark: int = self.anybody.get("/latest").json()["latest"]
        return mark

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def _client(self, **options: Any) -> httpx.Client:
        return httpx.Client(
            base_url=self.url,
            transport=self._transport,
            timeout=10,
            trust_env=False,
            **options,
        )


def assert_error(answer: httpx.Response, status: int, message: str = "") -> None:
    """Check an error's status, its JSON shape, and what its sentence says."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"].split(";")[0] == "application/json"
    body = answer.json()
    assert set(body) == {"status", "error_msg"}
    assert body["status"] == status
    assert isinstance(body["error_msg"], str)
    assert body["error_msg"]
    assert message in body["error_msg"]
