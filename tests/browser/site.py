"""A running MiniTwit with users and messages, for the browser tests."""

import hashlib
import itertools
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.browser.crowd import PASSWORD, SIMULATOR, gather
from tests.system.running import RunningSystem

_SETTINGS = ("MINITWIT_DATABASE_URL", "MINITWIT_DATABASE_PASSWORD_FILE")


@dataclass(frozen=True)
class Site:
    """A running system, and what tests do to it other than by browser."""

    system: RunningSystem
    numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    @property
    def url(self) -> str:
        """The address for browsers."""
        return self.system.url

    def new_user(self) -> str:
        """Sign up a user for one test, and return the name."""
        return self.new_user_named(f"user {next(self.numbers)}")

    def new_user_named(self, name: str) -> str:
        """Sign a user up, unless there is one of that name, and return the name."""
        account = {"username": name, "email": "a@example.org", "pwd": PASSWORD}
        answer = httpx.post(f"{self.url}/register", json=account, auth=SIMULATOR)
        assert answer.status_code == 204 or "already taken" in answer.text, answer.text
        return name

    def post(self, author: str, content: str) -> None:
        """Post a message."""
        self._simulator(f"/msgs/{author}", {"content": content})

    def follow(self, follower: str, followed: str) -> None:
        """Let one user follow another."""
        self._simulator(f"/fllws/{follower}", {"follow": followed})

    def report(self, reporter: str, message_id: str) -> None:
        """Report a message."""
        with httpx.Client(base_url=self.url) as browser:
            browser.post("/login", data={"username": reporter, "password": PASSWORD})
            answer = browser.post("/report_message", data={"id": message_id})
        assert answer.status_code == 303, answer.text

    def command(self, *arguments: str) -> str:
        """Run a `minitwit` command as the owner of the database."""
        environment = self.system.process("timeline-1").environ()
        settings = {
            name: environment[name].replace("minitwit_timeline", "minitwit")
            for name in _SETTINGS
        }
        return subprocess.run(
            [Path(sys.executable).parent / "minitwit", *arguments],
            env=os.environ | settings,
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    def _simulator(self, path: str, body: dict[str, str]) -> None:
        answer = httpx.post(f"{self.url}{path}", json=body, auth=SIMULATOR)
        assert answer.status_code == 204, answer.text


def populated(system: RunningSystem) -> Site:
    """Return a site with a crowd, and something for Alice to moderate.

    The newcomer has a link to reset the password, with the token "lost".
    """
    gather(system.url)
    site = Site(system)
    site.command("grant-moderator", "alice")
    site.command("flag", "33")
    digest = hashlib.sha256(b"lost").hexdigest()
    link = ("--url", site.url, "--token-digest", digest)
    site.command("reset-password", "newcomer", *link)
    site.report("bob", "35")
    site.post(site.new_user_named("spammer"), "Buy cheap followers!")
    site.command("suspend", "spammer")
    return site
