"""How gunicorn runs a function: one worker process, two ports, replicas for scale."""

import gc
import os
import sys
from pathlib import Path
from typing import Any

from minitwit.errors import InvalidSettings
from minitwit.settings import Settings
from minitwit.telemetry.logs import GunicornLogger, configuration
from minitwit.web.routes import FUNCTIONS

try:
    settings = Settings.from_environment(os.environ)
    if settings.function not in FUNCTIONS:
        raise InvalidSettings(f"MINITWIT_FUNCTION: name one of {', '.join(FUNCTIONS)}")
except InvalidSettings as error:
    sys.exit(f"minitwit cannot start: {error}")

bind = [
    f"{settings.host}:{settings.port}",
    f"{settings.host}:{settings.operator_port}",
]
chdir = str(Path(__file__).parent.parent)
worker_class = "minitwit.server.worker.GreenletWorker"
workers = 1
threads = settings.concurrency

# Longer than the edge keeps an idle connection (90 s): were it shorter, the edge could
# send a POST on a connection that is just being closed, and would have to answer 502.
keepalive = 120
graceful_timeout = int(settings.drain_seconds) + 15
timeout = 30

# The heartbeat's file: never on a disk that may stall or be read-only.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
control_socket_disable = True

logger_class = GunicornLogger
logconfig_dict = configuration(settings.function, settings.version, settings.log_level)


def pre_fork(_server: object, _worker: object) -> None:  # noqa: D103
    # The worker's collector would write to each of these objects, and so to a copy of
    # its own of every page that they are on.
    gc.freeze()


def worker_exit(_server: object, worker: Any) -> None:  # noqa: D103
    # Not there if the application failed to load, or is not a function's.
    if close := getattr(getattr(worker, "wsgi", None), "close", None):
        close()
