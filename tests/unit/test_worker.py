"""The worker, in a gunicorn of its own: connections, and a graceful stop."""

import errno
import logging
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import httpx
import psutil
import pytest

from minitwit.server.event_loop import EventLoop
from minitwit.server.fair_queue import FairQueue
from minitwit.server.worker import GreenletWorker
from tests.stopped_process import stopped
from tests.unit.worker_app import LARGE
from tests.waiting import wait_until

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Server:
    """A gunicorn with our worker."""

    address: tuple[str, int]
    gate: Path
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{self.address[0]}:{self.address[1]}"

    def get(self, path: str) -> bytes:
        """Ask on a connection of its own."""
        return httpx.get(self.url + path, timeout=10).content

    def slow_request_has_begun(self) -> bool:
        """Say whether a request waits behind the gate."""
        return self.slow_requests() > 0

    def slow_requests(self) -> int:
        """Return how many requests have come to the gate."""
        entered = self.gate.with_suffix(".entered")
        return entered.stat().st_size if entered.exists() else 0


@contextmanager
def served(
    folder: Path,
    threads: int,
    drain: float = 0,
    application: str = "SlowApplication()",
    options: Sequence[str] = (),
) -> Iterator[Server]:
    with socket.socket() as listener, (folder / "log").open("wb") as log:
        listener.bind(("127.0.0.1", 0))
        listener.listen(128)
        address, descriptor = listener.getsockname(), listener.fileno()
        command = [sys.executable, "-m", "gunicorn", "--threads", str(threads)]
        command += ["-k", "minitwit.server.worker.GreenletWorker", "--keep-alive", "9"]
        command += ["-b", f"fd://{descriptor}", "--no-control-socket", *options]
        process = subprocess.Popen(
            [*command, f"tests.unit.worker_app:{application}"],
            cwd=ROOT,
            env={
                **os.environ,
                "WORKER_TEST_GATE": str(folder / "gate"),
                "WORKER_TEST_DRAIN": str(drain),
            },
            pass_fds=[descriptor],
            stderr=log,
        )
        listener.close()  # gunicorn has its own.
        try:
            yield Server(address, folder / "gate", process)
        finally:
            process.kill()
            process.wait()


@pytest.mark.parametrize("threads", [1, 3])
def test_a_connection_carries_one_request_after_another(
    tmp_path: Path, threads: int
) -> None:
    with served(tmp_path, threads) as server:
        with httpx.Client(base_url=server.url, timeout=10) as client:
            for number in range(5):
                answer = client.post(f"/{number}", content=b"!" * number)
                assert answer.content == f"/{number}".encode() + b"!" * number
                assert answer.headers["Connection"] == "keep-alive"


def test_requests_sent_in_one_piece_are_all_answered(tmp_path: Path) -> None:
    with served(tmp_path, threads=1) as server:
        with socket.create_connection(server.address, 10) as client:
            client.sendall(b"GET /one HTTP/1.1\r\nHost: a\r\n\r\n" * 3)
            answers = b""
            while answers.count(b"/one") < 3:
                answers += client.recv(4096)


class Broken:
    """A connection that fails whatever is done with it, but can be closed."""

    client = "10.0.0.9"
    is_closed = False

    def is_abandoned(self, _request: object) -> bool:
        """Fail."""
        raise ZeroDivisionError

    def close(self) -> None:
        """Remember it."""
        self.is_closed = True


def test_a_connection_that_fails_costs_the_others_no_task() -> None:
    worker = GreenletWorker.__new__(GreenletWorker)
    worker._threads, worker._running = 1, 0
    worker._loop, worker._waiting = EventLoop(), FairQueue()
    worker.log = logging.getLogger("test")
    for _ in range(3):
        broken = Broken()
        worker.dispatch(cast("Any", broken), cast("Any", None))
        assert broken.is_closed
        assert worker._running == 0


def test_a_client_that_closes_its_sending_side_gets_its_answer(
    tmp_path: Path,
) -> None:
    with served(tmp_path, threads=1) as server:
        with socket.create_connection(server.address, 10) as client:
            client.sendall(b"GET /one HTTP/1.1\r\nHost: a\r\n\r\n")
            client.shutdown(socket.SHUT_WR)
            with client.makefile("rb") as answer:
                assert answer.read().endswith(b"/one")


def test_a_request_that_breaks_off_is_refused(tmp_path: Path) -> None:
    with served(tmp_path, threads=1) as server:
        with socket.create_connection(server.address, 10) as client:
            client.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab")
            client.shutdown(socket.SHUT_WR)
            with client.makefile("rb") as answer:
                assert b" 400 " in answer.readline()


def test_a_client_that_reads_late_delays_no_other(tmp_path: Path) -> None:
    with served(tmp_path, threads=1) as server:
        with socket.create_connection(server.address, 10) as late:
            late.sendall(b"GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            assert server.get("/quick") == b"/quick"
            with late.makefile("rb") as answer:
                body = answer.read().partition(b"\r\n\r\n")[2]
        assert body == b"!" * LARGE


def test_expect_100_continue(tmp_path: Path) -> None:
    with served(tmp_path, threads=1) as server:
        with socket.create_connection(server.address, 10) as client:
            head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n"
            client.sendall(head + b"Expect: 100-continue\r\nConnection: close\r\n\r\n")
            with client.makefile("rb") as answer:
                assert b" 100 " in answer.readline()
                client.sendall(b"ab")
                assert answer.read().endswith(b"/ab")


def test_a_silent_connection_delays_no_other(tmp_path: Path) -> None:
    with served(tmp_path, threads=1) as server:
        with socket.create_connection(server.address, 10):
            assert server.get("/other") == b"/other"


def test_a_second_task_answers_while_the_first_waits(tmp_path: Path) -> None:
    with served(tmp_path, threads=2) as server, ThreadPoolExecutor(1) as other:
        slow = other.submit(server.get, "/slow")
        wait_until(server.slow_request_has_begun)
        assert server.get("/quick") == b"/quick"
        server.gate.touch()
        assert slow.result() == b"/slow"


def test_what_has_begun_is_finished_after_sigterm(tmp_path: Path) -> None:
    with served(tmp_path, 2, drain=3) as server, ThreadPoolExecutor(1) as other:
        slow = other.submit(server.get, "/slow")
        wait_until(server.slow_request_has_begun)
        server.process.send_signal(signal.SIGTERM)
        assert server.get("/while-it-drains") == b"/while-it-drains"
        server.gate.touch()
        assert slow.result() == b"/slow"
        assert server.process.wait(timeout=10) == 0


def test_a_kept_connection_is_answered_and_closed_at_the_end(tmp_path: Path) -> None:
    with served(tmp_path, threads=1) as server:
        with httpx.Client(base_url=server.url, timeout=10) as client:
            client.get("/first")
            server.process.send_signal(signal.SIGTERM)
            wait_until(lambda: client.get("/").headers["Connection"] == "close")
        assert server.process.wait(timeout=10) == 0


def test_a_stopping_worker_refuses_connections_at_once(tmp_path: Path) -> None:
    with served(tmp_path, threads=1) as server, ThreadPoolExecutor(1) as other:
        slow = other.submit(server.get, "/slow")
        wait_until(server.slow_request_has_begun)
        server.process.send_signal(signal.SIGTERM)

        def refuses() -> bool:
            with socket.socket() as client:
                return client.connect_ex(server.address) == errno.ECONNREFUSED

        wait_until(refuses, seconds=5)
        server.gate.touch()
        assert slow.result() == b"/slow"
        assert server.process.wait(timeout=10) == 0


def test_a_stopping_worker_answers_what_waits_for_it_to_accept(tmp_path: Path) -> None:
    with served(tmp_path, threads=1) as server, ExitStack() as opened:
        worker = int(server.get("/pid"))
        clients = []
        with stopped(worker):
            for _ in range(100):
                client = socket.create_connection(server.address, 10)
                clients.append(opened.enter_context(client))
                client.sendall(b"GET / HTTP/1.0\r\n\r\n")
            server.process.send_signal(signal.SIGTERM)
            os.kill(worker, signal.SIGTERM)  # gunicorn may send its own too late.
        for client in clients:
            assert client.recv(12) == b"HTTP/1.1 200"


def test_a_request_that_does_not_arrive_in_time_does_not_delay_the_end(
    tmp_path: Path,
) -> None:
    configuration = tmp_path / "gunicorn.conf.py"
    configuration.write_text(
        "from minitwit.server import connection\nconnection._SEND_TIMEOUT = 0.2\n"
    )
    options = ["-c", str(configuration)]
    with served(tmp_path, threads=1, options=options) as server:
        with socket.create_connection(server.address, 10) as slow:
            assert server.get("/before") == b"/before"
            server.process.send_signal(signal.SIGTERM)
            slow.sendall(b"GET / HTTP/1.1\r\n")
            assert slow.recv(12) == b"HTTP/1.1 408"
        assert server.process.wait(timeout=10) == 0


def test_the_worker_exits_by_itself_before_it_is_killed(tmp_path: Path) -> None:
    """Otherwise the hook worker_exit could not send what telemetry is left."""
    configuration, exited = tmp_path / "gunicorn.conf.py", tmp_path / "exited"
    configuration.write_text(
        "from pathlib import Path\n"
        f"def worker_exit(server, worker): Path({str(exited)!r}).touch()\n"
    )
    options = ["-c", str(configuration), "--graceful-timeout", "4"]
    with (
        served(tmp_path, 1, drain=1, options=options) as server,
        ThreadPoolExecutor(1) as other,
    ):
        slow = other.submit(server.get, "/slow")
        wait_until(server.slow_request_has_begun)
        server.process.send_signal(signal.SIGTERM)
        wait_until(exited.exists, seconds=10)
        server.gate.touch()  # Python waits for its threads.
        assert server.process.wait(timeout=10) == 0
        assert isinstance(slow.exception(), httpx.HTTPError)


def test_a_worker_that_exits_is_replaced(tmp_path: Path) -> None:
    with served(tmp_path, threads=1) as server:
        with pytest.raises(httpx.RemoteProtocolError):
            server.get("/exit")
        assert server.get("/after") == b"/after"


def test_it_serves_any_wsgi_application(tmp_path: Path) -> None:
    with served(tmp_path, threads=2, application="plain") as server:
        with httpx.Client(base_url=server.url, timeout=10) as client:
            assert client.get("/a%20b?c=d").content == b"GET/a b"
            assert client.post("/", content=b"body").content == b"POST/body"
            head = client.head("/abc")
            assert (head.content, head.headers["Content-Length"]) == (b"", "8")
            # What a generator raises is the application's failure.
            assert client.get("/fails").status_code == 500
            assert answer_to_head(server, "/fails").endswith(b"\r\n\r\n")
            assert client.get("/after").content == b"GET/after"
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(timeout=10) == 0
    log = (tmp_path / "log").read_text()
    assert log.count("Traceback") == log.count("\nZeroDivisionError") == 2
    assert "AssertionError" not in log


def answer_to_head(server: Server, path: str) -> bytes:
    """Return all that is sent in answer to HEAD; a client's library hides a body."""
    with socket.create_connection(server.address, 10) as client:
        client.sendall(f"HEAD {path} HTTP/1.0\r\n\r\n".encode())
        with client.makefile("rb") as answer:
            return answer.read()


def test_a_request_is_not_begun_when_its_client_gave_up_on_a_stopped_worker(
    tmp_path: Path,
) -> None:
    with served(tmp_path, threads=1) as server:
        with stopped(int(server.get("/pid"))):
            for path in (b"/first", b"/second"):
                with socket.create_connection(server.address, 10) as client:
                    client.sendall(
                        b"POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n!"
                        % path
                    )
        assert server.get("/executed") == b""


def test_a_request_is_not_begun_when_its_client_gave_up_in_the_queue(
    tmp_path: Path,
) -> None:
    with served(tmp_path, threads=1) as server, ThreadPoolExecutor(1) as other:
        slow = other.submit(server.get, "/slow")
        wait_until(server.slow_request_has_begun)
        request = b"POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n!"
        with socket.create_connection(server.address, 10) as patient:
            patient.sendall(request % b"/patient")
            with socket.create_connection(server.address, 10) as client:
                client.sendall(request % b"/gave-up")
            server.gate.touch()
            assert patient.recv(9) == b"HTTP/1.1 "
        assert slow.result() == b"/slow"
        assert server.get("/executed") == b"/patient"


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET / HTTP/1.1\r\nHost: a\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n!",
    ],
    ids=["idle", "slow head", "slow body"],
)
def test_connections_beyond_the_limit_replace_the_oldest(
    tmp_path: Path, sent: bytes
) -> None:
    options = ["--worker-connections", "8"]
    with served(tmp_path, threads=1, options=options) as server, ExitStack() as opened:
        for number in range(30):
            slow = socket.create_connection(server.address, 10)
            opened.enter_context(slow).sendall(sent)
            if number % 10 == 0:
                assert server.get("/quick") == b"/quick"
        assert server.get("/quick") == b"/quick"


def test_slow_readers_of_large_responses_do_not_fill_the_memory(
    tmp_path: Path,
) -> None:
    """The oldest are cut off; the newest, and those of small ones, are served."""
    with served(tmp_path, threads=8) as server, ExitStack() as opened:
        readers = []
        for number in range(30):
            reader = socket.create_connection(server.address, 10)
            readers.append(opened.enter_context(reader))
            client = b"X-Forwarded-For: 10.0.0.%d" % number
            reader.sendall(b"GET /large HTTP/1.1\r\nHost: a\r\n%s\r\n\r\n" % client)
            assert server.get("/quick") == b"/quick"
        [worker] = psutil.Process(server.process.pid).children()
        assert worker.memory_info().rss < 30 * LARGE / 2
        assert length_of_answer(readers[0]) < LARGE
        assert length_of_answer(readers[-1]) > LARGE


def test_a_client_that_reads_nothing_gets_no_more_large_responses(
    tmp_path: Path,
) -> None:
    with served(tmp_path, threads=8) as server, ExitStack() as opened:

        def request(client: str) -> socket.socket:
            opening = socket.create_connection(server.address, 10)
            lines = "GET /large HTTP/1.1", "Host: a", f"X-Forwarded-For: {client}"
            opened.enter_context(opening).sendall(
                "\r\n".join((*lines, "", "")).encode()
            )
            return opening

        for _ in range(2):
            assert request("10.0.0.1").recv(12) == b"HTTP/1.1 200"
        assert request("10.0.0.1").recv(12) == b"HTTP/1.1 429"
        assert request("10.0.0.2").recv(12) == b"HTTP/1.1 200"


def length_of_answer(reader: socket.socket) -> int:
    """Return how many bytes come until the connection is closed, or is silent."""
    length = 0
    reader.settimeout(1)
    with suppress(OSError):
        while received := len(reader.recv(1 << 20)):
            length += received
    return length


def test_a_client_with_one_request_does_not_wait_for_all_of_another(
    tmp_path: Path,
) -> None:
    request = b"POST %s HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: %s\r\n"
    request += b"Content-Length: 0\r\nConnection: close\r\n\r\n"
    with (
        served(tmp_path, threads=1) as server,
        ThreadPoolExecutor(1) as other,
        ExitStack() as opened,
    ):

        def send(path: bytes, client: bytes) -> socket.socket:
            opening = socket.create_connection(server.address, 10)
            opened.enter_context(opening).sendall(request % (path, client))
            return opening

        slow = other.submit(server.get, "/slow")
        wait_until(server.slow_request_has_begun)
        waiting = [send(b"/%d" % number, b"10.0.0.1") for number in range(9)]
        waiting.append(send(b"/other", b"10.0.0.2"))
        # The worker refuses a malformed request by itself, after it has read those
        # that came before: all of them wait by then.
        with socket.create_connection(server.address, 10) as malformed:
            malformed.sendall(b"?\r\n\r\n")
            assert malformed.recv(12) == b"HTTP/1.1 400"
        server.gate.touch()
        for stream in waiting:
            assert stream.recv(9) == b"HTTP/1.1 "
        assert slow.result() == b"/slow"
        executed = server.get("/executed").split()
    assert len(executed) == 10
    assert executed.index(b"/other") <= 1


def test_requests_that_would_wait_for_too_many_others_are_refused_at_once(
    tmp_path: Path,
) -> None:
    options = ["--worker-connections", "8"]
    with (
        served(tmp_path, threads=1, options=options) as server,
        ThreadPoolExecutor(1) as other,
        ExitStack() as opened,
    ):
        slow = other.submit(server.get, "/slow")
        wait_until(server.slow_request_has_begun)
        sent = []
        for _ in range(5):
            waiting = socket.create_connection(server.address, 10)
            sent.append(opened.enter_context(waiting))
            waiting.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        [answered] = wait_until(lambda: select.select(sent, [], [], 0)[0])
        assert answered.recv(12) == b"HTTP/1.1 503"
        for _ in range(20):
            refused = httpx.get(server.url, timeout=10)
            assert (refused.status_code, refused.headers["Retry-After"]) == (503, "2")
        to_head = answer_to_head(server, "/")
        assert to_head.startswith(b"HTTP/1.1 503 ")
        assert to_head.endswith(b"\r\n\r\n")
        server.gate.touch()
        assert slow.result() == b"/slow"


def test_a_request_that_takes_precedence_waits_for_no_other(tmp_path: Path) -> None:
    options = ["--worker-connections", "16"]
    with (
        served(tmp_path, threads=1, options=options) as server,
        ThreadPoolExecutor(1) as other,
        ExitStack() as opened,
    ):

        def send(start: str, client: str = "caller") -> socket.socket:
            opening = socket.create_connection(server.address, 10)
            head = f"{start} HTTP/1.0\r\nX-Forwarded-For: {client}\r\n\r\n"
            opened.enter_context(opening).sendall(head.encode())
            return opening

        def answer(stream: socket.socket) -> bytes:
            with stream.makefile("rb") as received:
                return received.read()

        slow = other.submit(server.get, "/slow")
        wait_until(server.slow_request_has_begun)
        waiting = [send("POST /waiting") for _ in range(9)]
        [refused] = wait_until(lambda: select.select(waiting, [], [], 0)[0])
        assert b" 503 " in answer(refused)
        waiting.remove(refused)
        # Twice: the first one's task must not go on with those that wait.
        for _ in range(2):
            executed = answer(send("GET /executed", "operator"))
            assert executed.startswith(b"HTTP/1.1 200 ")
            assert executed.endswith(b"\r\n\r\n")
        server.gate.touch()
        assert slow.result() == b"/slow"
        for stream in waiting:
            assert b" 200 " in answer(stream)


def test_few_requests_take_precedence_at_once(tmp_path: Path) -> None:
    with (
        served(tmp_path, threads=1) as server,
        ThreadPoolExecutor(5) as others,
    ):
        operator = {"X-Forwarded-For": "operator"}

        def ask(path: str) -> bytes:
            return httpx.get(server.url + path, headers=operator, timeout=10).content

        slow = [others.submit(ask, "/slow") for _ in range(5)]
        wait_until(lambda: server.slow_requests() == 5)
        with socket.create_connection(server.address, 10) as sixth:
            sixth.sendall(b"GET / HTTP/1.0\r\nX-Forwarded-For: operator\r\n\r\n")
            assert not select.select([sixth], [], [], 0.3)[0]
            server.gate.touch()
            assert sixth.recv(12) == b"HTTP/1.1 200"
        assert [answered.result() for answered in slow] == [b"/slow"] * 5
