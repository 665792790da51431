"""What a test needs from the machine; without it, it is skipped or has to fail."""

import os
import shutil

import pytest

_REQUIRED = {"all", "data"} & set(
    os.environ.get("MINITWIT_TEST_REQUIRE", "").split(",")
)


def needs(missing: str | None) -> pytest.MarkDecorator:
    """Skip a test when something is missing, unless nothing may be missing."""
    is_skipped = missing is not None and not _REQUIRED
    return pytest.mark.skipif(is_skipped, reason=str(missing))


def missing_for_root(*programs: str) -> str | None:
    """Return what is missing for a test that changes the machine a little."""
    if os.geteuid() != 0:
        return "needs root"
    absent = [program for program in programs if shutil.which(program) is None]
    return f"{', '.join(absent)} not installed" if absent else None
