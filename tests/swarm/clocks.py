"""A wall clock of its own for `messages`, which can be stepped while it runs.

Timers go on by the monotonic clock, as when a real clock is stepped.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

from tests.swarm.installation import Installation
from tests.swarm.shell import run
from tests.waiting import wait_until

SERVICE = "minitwit_messages"
_SOURCE = Path(__file__).with_name("clock.c")
_LIBRARY = "/opt/clock.so"
_OFFSET = "/dev/shm/offset"  # noqa: S108 (the container's own)


@contextmanager
def clocks_that_can_be_stepped(swarm: Installation) -> Iterator[None]:
    """Give the replicas of `messages` clocks of their own until the block ends."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        library = Path(folder) / "clock.so"
        run("gcc", "-shared", "-fPIC", "-Wall", "-Werror", "-o", library, _SOURCE)
        mount = f"type=bind,readonly,source={library},target={_LIBRARY}"
        change = f"--mount-add {mount} --env-add LD_PRELOAD={_LIBRARY}"
        swarm.operate(f"docker service update --detach {change} {SERVICE}")
        swarm.wait_for_update(SERVICE)
        try:
            yield
        finally:
            swarm.operate(f"docker service rollback --detach {SERVICE}")
            wait_until(
                lambda: swarm.update(SERVICE) == "rollback_completed",
                "its own clock",
                180,
            )


@contextmanager
def stepped(swarm: Installation, container: str, seconds: int) -> Iterator[None]:
    """Step the clock of a replica, and back at the end; callers see it in `Date`."""
    _set(swarm, container, seconds)
    try:
        wait_until(lambda: _is_seen(swarm), f"a clock that is {seconds} s off", 10)
        yield
    finally:
        _set(swarm, container, 0)


def _set(swarm: Installation, container: str, seconds: int) -> None:
    write = f"echo {seconds} > {_OFFSET}"
    swarm.application.docker("exec", container, "sh", "-c", write)


def _is_seen(swarm: Installation) -> bool:
    answer = swarm.ask("GET", "/msgs?no=1")
    if answer is None:
        return False
    there = parsedate_to_datetime(answer.headers["Date"])
    return abs(there - datetime.now(UTC)) > timedelta(seconds=60)
