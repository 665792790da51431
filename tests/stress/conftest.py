"""The systems of tests/system, for tests that must have the machine to themselves."""

from tests.system.conftest import limited_system, system

__all__ = ["limited_system", "system"]
