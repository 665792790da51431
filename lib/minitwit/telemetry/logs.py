"""JSON logs on standard output, one object a line, with the id of the trace."""

import json
import logging
import traceback
from collections.abc import Iterator
from typing import Any

from gunicorn.glogging import Logger

from minitwit.telemetry.error_reports import masked
from minitwit.telemetry.spans import current_ids


class JsonFormatter(logging.Formatter):
    """Writes a record as JSON, with the fields of its `extra={"fields": …}`.

    Args:
        function: name of the function.
        version: of the image.

    """

    def __init__(self, function: str, version: str) -> None:
        super().__init__()
        self._fixed = {"function": function, "version": version}

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as a line."""
        entry: dict[str, Any] = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **self._fixed,
            **getattr(record, "fields", {}),
        }
        if ids := current_ids():
            entry["trace_id"], entry["span_id"] = ids
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        # Not orjson, which refuses lone surrogates.
        return json.dumps(entry, default=str)

    def formatException(self, ei: Any) -> str:
        """Return the stacks of an exception and its causes, with messages masked."""
        return "\ncaused by\n".join(
            "".join(traceback.format_tb(error.__traceback__))
            + f"{type(error).__name__}: {masked(str(error))}"
            for error in chain(ei[1])
        )


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an exception and what led to it, back to the first."""
    seen: list[BaseException] = []
    # An exception raised from itself is its own cause.
    while error is not None and error not in seen:
        seen.append(error)
        yield error
        error = error.__cause__ or error.__context__


class GunicornLogger(Logger):  # type: ignore[misc]
    """gunicorn's logger without its access log: the edge writes one."""

    def access(self, *_arguments: object) -> None:
        """Write nothing."""


def configuration(function: str, version: str, level: str) -> dict[str, Any]:
    """Return the logging.config dictionary of a function's process."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {"()": JsonFormatter, "function": function, "version": version}
        },
        "handlers": {
            "stdout": {
                "class": "logging.StreamHandler",
                "stream": "ext://sys.stdout",
                "formatter": "json",
            }
        },
        "root": {"level": level, "handlers": ["stdout"]},
        # Keeps gunicorn from adding handlers of its own.
        "loggers": {
            "gunicorn.error": {"level": level, "handlers": [], "propagate": True},
            # Written at every level: an audit trail has no gaps.
            "minitwit.security": {"level": "INFO"},
        },
    }
