"""A profile of the hot path: where a function's own time goes, as a table."""

from tests.benchmark.systems import Machine


def profile(machine: Machine) -> str:
    """Return a table for a read and for a write."""
    return "TODO"
