"""Static files, cached for good under names that hold a hash of their content."""

import hashlib
import mimetypes
from pathlib import Path

import falcon

_FOLDER = Path(__file__).parent / "static"
_YEAR = 365 * 24 * 60 * 60  # seconds
_DAY = 24 * 60 * 60  # seconds
_FIVE_MINUTES = 5 * 60  # seconds


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
        """Serve a file under its hashed name, and redirect from its plain name.

        The error page uses plain names: every function sends it, and only this one
        knows the hashes.
        """
        if file in self._names:
            resp.status = falcon.HTTP_FOUND
            resp.location = self.path(file)
            resp.cache_control = ["public", f"max-age={_FIVE_MINUTES}"]
            return
        if file not in self._files:
            raise falcon.HTTPNotFound
        resp.data = self._files[file]
        resp.content_type = _media_type(file)
        resp.cache_control = ["public", f"max-age={_YEAR}", "immutable"]
        resp.set_header("X-Content-Type-Options", "nosniff")


class RootFile:
    """A file of the static folder that crawlers and browsers fetch at the root.

    Args:
        name: of the file.

    """

    def __init__(self, name: str) -> None:
        self._data = (_FOLDER / name).read_bytes()
        self._content_type = _media_type(name)

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        """Serve the file."""
        resp.data = self._data
        resp.content_type = self._content_type
        resp.cache_control = ["public", f"max-age={_DAY}"]
        resp.set_header("X-Content-Type-Options", "nosniff")


def _hashed(name: str, data: bytes) -> str:
    stem, _, suffix = name.partition(".")
    return f"{stem}.{hashlib.sha256(data).hexdigest()[:12]}.{suffix}"


def _media_type(name: str) -> str:
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    is_text = kind.startswith("text/") or kind.endswith("xml")
    return f"{kind}; charset=utf-8" if is_text else kind
