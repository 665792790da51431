"""The queue of waiting requests."""

import pytest

from minitwit.server.fair_queue import FairQueue


def test_clients_are_served_in_turn_and_each_in_order() -> None:
    queue: FairQueue[str] = FairQueue()
    for item in ("a1", "a2", "a3", "b1", "c1", "b2"):
        queue.append(item[0], item)
    assert len(queue) == 6
    assert [queue.popleft() for _ in range(3)] == ["a1", "b1", "c1"]
    queue.append("c", "c2")
    assert [queue.popleft() for _ in range(4)] == ["a2", "b2", "c2", "a3"]
    assert len(queue) == 0


def test_a_client_without_items_leaves_nothing_behind() -> None:
    queue: FairQueue[int] = FairQueue()
    for number in range(1000):
        queue.append(f"client {number}", number)
        assert queue.popleft() == number
    assert not queue._queues
    with pytest.raises(StopIteration):
        queue.popleft()
