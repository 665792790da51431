"""Rendering: from a template and a request to a page."""

from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import falcon
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from functions.timeline.assets import Assets
from minitwit.messages import PAGE_SIZE
from minitwit.models import MAX_CONTENT, MAX_USERNAME, Post
from minitwit.runtime.browser import user_path
from minitwit.runtime.sessions import Sessions

_TITLES = {
    403: "Not allowed",
    404: "Not found",
    405: "Not possible here",
    413: "Too large",
    503: "One moment",
}


class Pages:
    """Renders pages for whoever is signed in.

    Args:
        sessions: say who that is, and what is left to tell them.
        assets: know the addresses of style and script.

    """

    def __init__(self, sessions: Sessions, assets: Assets) -> None:
        self._sessions = sessions
        self._templates = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "templates"),
            autoescape=select_autoescape(),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters |= {"user_path": user_path, "moment": _moment}
        self._templates.globals |= {
            "asset": assets.path,
            "max_content": MAX_CONTENT,
            "max_username": MAX_USERNAME,
        }

    def render(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        template: str,
        posts: list[Post] | None = None,
        **values: object,
    ) -> None:
        """Answer with a page; no cache may keep it, since it shows who is signed in."""
        flash = self._sessions.take_flash(req, resp)
        resp.content_type = falcon.MEDIA_HTML
        resp.cache_control = ["no-store"]
        resp.text = self._templates.get_template(template).render(
            account=self._sessions.account(req),
            flash=flash,
            typed=defaultdict(str, flash.form if flash else {}),
            posts=posts,
            older=_older(posts or []),
            path=req.path,
            **values,
        )

    def render_error(
        self, req: falcon.Request, resp: falcon.Response, status: int, message: str
    ) -> None:
        """Answer with a page that says what went wrong."""
        title = _TITLES.get(status, "Something went wrong")
        self.render(req, resp, "error.html", title=title, message=message)


def _older(posts: list[Post]) -> str | None:
    """Return the cursor of the page behind this one, if there may be one."""
    if len(posts) < PAGE_SIZE:
        return None
    return f"{posts[-1].pub_date}-{posts[-1].id}"


def _moment(pub_date: int) -> datetime:
    return datetime.fromtimestamp(pub_date, UTC)
