"""Style, script and icon: with their content's hash in the name, cached for good."""

import hashlib
import mimetypes
from pathlib import Path

import falcon

_FOLDER = Path(__file__).parent / "static"
_YEAR = 365 * 24 * 60 * 60  # seconds
_MINUTES = 5 * 60  # seconds


class Assets:
    """The files of the static folder, read once."""

    def __init__(self) -> None:
        files = {path.name: path.read_bytes() for path in sorted(_FOLDER.iterdir())}
        self._names = {name: _hashed(name, data) for name, data in files.items()}
        self._files = {self._names[name]: data for name, data in files.items()}

    def path(self, name: str) -> str:
        """Return the address of a file; it changes with the content."""
        return f"/static/{self._names[name]}"

    def on_get(self, _req: falcon.Request, resp: falcon.Response, file: str) -> None:
        """Serve a file under its hashed name; the plain name leads there.

        Only the page that says what went wrong uses plain names: the other functions
        send it, and they do not know what this one's files hold.
        """
        if file in self._names:
            resp.status = falcon.HTTP_FOUND
            resp.location = self.path(file)
            resp.cache_control = ["public", f"max-age={_MINUTES}"]
            return
        if file not in self._files:
            raise falcon.HTTPNotFound
        resp.data = self._files[file]
        resp.content_type = mimetypes.guess_type(file)[0] or "application/octet-stream"
        resp.cache_control = ["public", f"max-age={_YEAR}", "immutable"]
        resp.set_header("X-Content-Type-Options", "nosniff")


def _hashed(name: str, data: bytes) -> str:
    stem, _, suffix = name.partition(".")
    return f"{stem}.{hashlib.sha256(data).hexdigest()[:12]}.{suffix}"
