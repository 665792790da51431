"""What every kind of test starts from: an environment without MiniTwit's settings."""

import os
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# The developer's shell must not change a result. What tells the tests themselves
# something (MINITWIT_TEST_URL, MINITWIT_TEST_REQUIRE) stays.
for name in [name for name in os.environ if name.startswith("MINITWIT_")]:
    if not name.startswith("MINITWIT_TEST_"):
        del os.environ[name]

# These hold assertions as well, though their names do not begin with test_.
pytest.register_assert_rewrite(
    "tests.contract", "tests.store_rows", "tests.tools.following"
)

# CI repeats the same examples, so that a red run is red again; elsewhere every run
# looks in new places.
settings.register_profile(
    "here",
    max_examples=50,
    # How fast the machine is must not decide.
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("ci", settings.get_profile("here"), derandomize=True)
settings.load_profile("ci" if "MINITWIT_TEST_REQUIRE" in os.environ else "here")


class ModuleWithRows(pytest.Module):
    """Collects its own tests and those of the modules in its SHARED_ROWS.

    A module of rows says what must hold; the module that lists it says where, with its
    fixtures. So each row has one name in every kind.
    """

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        """Return the tests."""
        for rows in getattr(self.obj, "SHARED_ROWS", ()):
            for name, row in vars(rows).items():
                if name.startswith("test_"):
                    setattr(self.obj, name, row)
        return super().collect()


def pytest_pycollect_makemodule(
    module_path: Path, parent: pytest.Collector
) -> pytest.Module:
    """Let every module of tests list rows."""
    return ModuleWithRows.from_parent(parent, path=module_path)
