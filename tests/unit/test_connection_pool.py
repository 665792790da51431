"""The connection pool, with connections that are only names."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from minitwit.postgres.network import BLOCKING
from minitwit.postgres.pool import Pool
from minitwit.server import event_loop
from minitwit.server.event_loop import EventLoop


@dataclass(eq=False)
class Named:
    """A connection that remembers whether it was closed."""

    name: str
    hung_up: bool = False
    closed: bool = False

    def is_dead(self) -> bool:
        """Say whether the server hung up."""
        return self.hung_up

    def close(self) -> None:
        """Close it."""
        self.closed = True


@pytest.fixture
def loop() -> EventLoop:
    """Return a loop whose tasks wait for connections."""
    return EventLoop()


def opened(pool: Pool[Named], name: str) -> Named:
    """Return a connection that the pool has just opened."""
    return pool.open(lambda: Named(name))


class Waiting:
    """A task that waits for a connection."""

    def __init__(self, loop: EventLoop, pool: Pool[Named]) -> None:
        self._loop = loop
        self._found: list[Named | None] = []
        loop.start(lambda: self._found.append(pool.wait(10)))

    def result(self) -> Named | None:
        """Return what it got."""
        while not self._found:
            self._loop.run_once(1)
        return self._found[0]


def test_the_connection_used_last_is_used_first() -> None:
    pool: Pool[Named] = Pool(BLOCKING)
    first, second = opened(pool, "first"), opened(pool, "second")
    pool.give_back(first)
    pool.give_back(second)
    assert pool.take() is second
    assert pool.take() is first
    assert pool.take() is None


def test_a_connection_that_the_server_ended_is_closed_instead_of_lent() -> None:
    pool: Pool[Named] = Pool(BLOCKING)
    dead = opened(pool, "dead")
    pool.give_back(dead)
    dead.hung_up = True
    assert pool.take() is None
    assert dead.closed
    assert not pool.expects_one


def test_tasks_get_returned_connections_in_the_order_in_which_they_came(
    loop: EventLoop,
) -> None:
    pool: Pool[Named] = Pool(event_loop)
    only = opened(pool, "only")
    served: list[int] = []

    def serve(number: int) -> None:
        taken = pool.wait(10)
        assert taken is only
        served.append(number)
        pool.give_back(taken)

    for number in range(3):
        loop.start(serve, number)
    pool.give_back(only)
    # Waiting tasks come first, so no idle connection is left for later ones.
    assert pool.take() is None
    while len(served) < 3:
        loop.run_once(1)
    assert served == [0, 1, 2]
    assert pool.take() is only


def test_a_task_learns_that_the_connection_it_waits_for_was_lost(
    loop: EventLoop,
) -> None:
    pool: Pool[Named] = Pool(event_loop)
    lost = opened(pool, "lost")
    task = Waiting(loop, pool)
    pool.discard(lost)
    assert task.result() is None
    assert lost.closed
    assert not pool.expects_one


def test_a_task_waits_for_a_connection_that_is_being_opened(loop: EventLoop) -> None:
    pool: Pool[Named] = Pool(event_loop)
    tasks: list[Waiting] = []

    def fail() -> Named:
        assert pool.expects_one
        tasks.append(Waiting(loop, pool))
        raise ConnectionError

    with pytest.raises(ConnectionError):
        pool.open(fail)
    assert tasks[0].result() is None
    assert not pool.expects_one


def test_a_failed_attempt_disturbs_no_task_that_waits_for_a_connection_in_use(
    loop: EventLoop,
) -> None:
    pool: Pool[Named] = Pool(event_loop)
    only = opened(pool, "only")
    task = Waiting(loop, pool)

    def fail() -> Named:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        pool.open(fail)
    pool.give_back(only)
    assert task.result() is only


def test_a_task_does_not_get_a_connection_that_the_server_has_ended(
    loop: EventLoop,
) -> None:
    pool: Pool[Named] = Pool(event_loop)
    only = opened(pool, "only")
    task = Waiting(loop, pool)
    pool.give_back(only)
    only.hung_up = True
    assert task.result() is None
    assert only.closed
    assert not pool.expects_one


def test_a_wait_that_times_out_leaves_the_queue() -> None:
    pool: Pool[Named] = Pool(BLOCKING)
    busy = opened(pool, "busy")
    with pytest.raises(TimeoutError):
        pool.wait(0.001)
    pool.give_back(busy)
    assert pool.take() is busy


def test_threads_share_one_connection() -> None:
    pool: Pool[Named] = Pool(BLOCKING)
    pool.give_back(opened(pool, "only"))

    def use(_: int) -> bool:
        taken = pool.take()
        while taken is None:
            taken = pool.wait(10) if pool.lends_one else pool.take()
        pool.give_back(taken)
        return True

    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(use, range(200)))


def test_a_closed_pool_has_closed_its_idle_connections() -> None:
    pool: Pool[Named] = Pool(BLOCKING)
    idle = opened(pool, "idle")
    pool.give_back(idle)
    pool.close()
    assert idle.closed
