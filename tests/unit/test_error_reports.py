"""Error reports: nothing without a DSN, and with one, no more than is needed."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from minitwit.telemetry import error_reports
from tests.fakes.store import fake_store
from tests.in_process import callers_of, settings

ROOT = Path(__file__).resolve().parents[2]


def test_without_a_dsn_sentry_is_not_even_imported() -> None:
    code = (
        "import sys\n"
        "from tests.in_process import callers_of, settings\n"
        "from tests.fakes.store import fake_store\n"
        "from minitwit.telemetry import error_reports\n"
        "error_reports.start(settings('messages'))\n"
        "callers = callers_of(fake_store())\n"
        "assert callers.anybody.get('/latest').status_code == 200\n"
        "error_reports.capture(ValueError(), None)\n"
        "assert 'sentry_sdk' not in sys.modules\n"
        "assert 'opentelemetry.sdk' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


class Broken:
    """A part of the store with a mistake in it."""

    def value(self) -> int:
        """Fail as only a mistake of ours does."""
        raise ZeroDivisionError("secret-of-ada")


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Return what Sentry would be sent."""
    import sentry_sdk
    from sentry_sdk.transport import Transport

    sent: list[dict[str, Any]] = []

    class Memory(Transport):
        def capture_envelope(self, envelope: Any) -> None:
            sent.append(envelope.get_event())

    original = sentry_sdk.init
    monkeypatch.setattr(
        sentry_sdk,
        "init",
        lambda **options: original(**options, transport=Memory),
    )
    monkeypatch.setattr(error_reports, "_enabled", False)
    dsn = "http://public@127.0.0.1:9/1"
    error_reports.start(settings("messages", sentry_dsn=dsn, version="1.2.3"))
    return sent


def test_mistake_of_ours_is_a_500_in_our_words_and_is_reported(
    events: list[dict[str, Any]],
) -> None:
    store = fake_store()
    object.__setattr__(store, "latest", Broken())
    callers = callers_of(store)
    answer = callers.anybody.get("/latest?password=hunter-2")
    assert answer.status_code == 500
    assert answer.json()["status"] == 500
    assert "secret-of-ada" not in answer.text
    [event] = events
    assert event["exception"]["values"][0]["type"] == "ZeroDivisionError"
    assert event["release"] == "1.2.3"
    assert event["tags"]["function"] == "messages"
    assert event["tags"]["route"] == "/latest"
    assert "hunter-2" not in str(event)


def test_refused_request_is_not_reported(events: list[dict[str, Any]]) -> None:
    callers = callers_of(fake_store())
    assert callers.anybody.get("/msgs").status_code == 403
    assert callers.simulator.get("/msgs/nobody").status_code == 404
    assert events == []
