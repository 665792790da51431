"""Logs: one JSON object a line, with the id of the request's trace."""

import json
import logging
from collections.abc import Iterator

import pytest

from minitwit.telemetry.logs import JsonFormatter, configuration
from tests.contract.callers import Callers
from tests.fakes.store import store_that_is_down
from tests.in_process import callers_of

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"


class Lines(logging.Handler):
    """Keeps what would be written."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(JsonFormatter("messages", "1.2.3"))
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record's line."""
        self.lines.append(self.format(record))


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """Return what is logged during the test."""
    handler = Lines()
    logger = logging.getLogger("minitwit")
    logger.addHandler(handler)
    yield handler.lines
    logger.removeHandler(handler)


@pytest.fixture
def broken() -> Iterator[Callers]:
    """Return callers of a MiniTwit that has something to log at every request."""
    callers = callers_of(store_that_is_down())
    yield callers
    callers.close()


def test_log_line_is_one_json_object(lines: list[str]) -> None:
    logging.getLogger("minitwit.test").warning("two\nlines and %s", "ærø")
    [line] = lines
    assert "\n" not in line
    entry = json.loads(line)
    assert entry["message"] == "two\nlines and ærø"
    assert entry["level"] == "WARNING"
    assert entry["logger"] == "minitwit.test"
    assert (entry["function"], entry["version"]) == ("messages", "1.2.3")
    assert entry["time"]
    assert "trace_id" not in entry


def test_log_line_has_the_trace_of_the_request(
    lines: list[str], broken: Callers
) -> None:
    parent = {"traceparent": f"00-{TRACE_ID}-00f067aa0ba902b7-01"}
    assert broken.anybody.get("/latest", headers=parent).status_code == 503
    [entry] = [json.loads(line) for line in lines]
    assert entry["trace_id"] == TRACE_ID
    assert len(entry["span_id"]) == 16


def test_log_line_has_the_exception_with_its_traceback(lines: list[str]) -> None:
    try:
        raise ValueError("why")
    except ValueError as error:
        logging.getLogger("minitwit.test").error("it broke", exc_info=error)
    [entry] = [json.loads(line) for line in lines]
    assert "ValueError: why" in entry["exception"]
    assert "test_logs.py" in entry["exception"]


def test_log_line_of_what_json_cannot_hold_is_written_all_the_same() -> None:
    # Not through a logger: pytest keeps what is logged, and workers cannot send this.
    record = logging.makeLogRecord({"msg": "before \ud800 after"})
    line = JsonFormatter("messages", "1.2.3").format(record)
    assert json.loads(line)["message"] == "before \ud800 after"


def test_configuration_sends_everything_to_stdout_as_json() -> None:
    handlers = configuration("messages", "1", "INFO")["handlers"]
    assert [h["stream"] for h in handlers.values()] == ["ext://sys.stdout"]
    assert [h["formatter"] for h in handlers.values()] == ["json"]


def test_security_log_is_written_at_every_level() -> None:
    loggers = configuration("register", "1", "ERROR")["loggers"]
    assert loggers["minitwit.security"]["level"] == "INFO"
