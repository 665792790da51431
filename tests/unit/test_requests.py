"""A body that cannot be read is the caller's mistake, whatever the server raises."""

import falcon
import pytest
from falcon import testing
from gunicorn.http.errors import InvalidChunkSize, NoMoreData

from minitwit.errors import InvalidInput
from minitwit.models import NewMessage
from minitwit.runtime.requests import form, json_body


class Broken:
    """A body as gunicorn gives it when the client has gone or sends nonsense."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def read(self, _size: int = -1) -> bytes:
        """Fail."""
        raise self._error


@pytest.mark.parametrize(
    "error",
    [InvalidChunkSize(b"zz"), NoMoreData(), ConnectionResetError(), TimeoutError()],
    ids=lambda error: type(error).__name__,
)
def test_body_that_breaks_off_is_invalid_input(error: Exception) -> None:
    environ = testing.create_environ(method="POST")
    environ["wsgi.input"] = Broken(error)
    with pytest.raises(InvalidInput):
        json_body(falcon.Request(environ), NewMessage)
    with pytest.raises(InvalidInput):
        form(falcon.Request(environ))
