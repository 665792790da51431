"""Rendering: from a template and a request to a page."""

from collections import defaultdict
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import falcon
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from functions.timeline.assets import Assets
from functions.timeline.identicons import identicon
from functions.timeline.links import linked
from minitwit.dates import datetime_of
from minitwit.models import MAX_CONTENT, MAX_USERNAME, Post, Reader
from minitwit.users import MAX_COUNT
from minitwit.web.browser_responses import user_path
from minitwit.web.html_responses import send_page
from minitwit.web.sessions import Sessions

_KEPT_MESSAGES = 2048  # of a kilobyte or less; some seventy pages


def environment(assets: Assets) -> Environment:
    """Return the templates with what they may use."""
    templates = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters |= {
        "bounded": bounded,
        "identicon": identicon,
        "linked": linked,
        "moment": moment,
        "user_path": user_path,
    }
    templates.globals |= {
        "asset": assets.path,
        "max_content": MAX_CONTENT,
        "max_username": MAX_USERNAME,
    }
    module: Any = templates.get_template("message.html").module
    templates.filters["messages"] = _messages(module.message)
    return templates


def _messages(piece: Callable[[Post, bool], str]) -> Callable[[list[Post], bool], str]:
    """Return a filter that makes a page's messages of the piece for each."""
    # A message is on many pages and costs as much as the rest of one, so its piece of
    # the page is kept: it depends on nothing but what the macro is given.
    kept = lru_cache(_KEPT_MESSAGES)(piece)

    def messages(posts: list[Post], is_moderator: bool) -> str:
        # Each piece is escaped; Markup's own join would ask each of them again.
        return Markup("".join([kept(post, is_moderator) for post in posts]))  # noqa: S704

    return messages


class Pages:
    """Renders pages for whoever reads them.

    Args:
        sessions: know what is left to tell the reader.
        templates: of the pages.

    """

    def __init__(self, sessions: Sessions, templates: Environment) -> None:
        self._sessions = sessions
        self._templates = templates

    def render(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        template: str,
        reader: Reader,
        **values: object,
    ) -> None:
        """Answer with a page."""
        flash = self._sessions.take_flash(req, resp)
        text = self._templates.get_template(template).render(
            reader=reader,
            account=reader.account,
            flash=flash,
            typed=defaultdict(str, flash.form if flash else {}),
            path=req.path,
            is_first_page="before" not in req.params,
            **values,
        )
        send_page(resp, text)


def bounded(count: int) -> str:
    """Write a count; beyond MAX_COUNT nobody counted on."""
    return f"{MAX_COUNT:,}+" if count > MAX_COUNT else f"{count:,}"


class Moment(NamedTuple):
    """A date, as programs and as people read it."""

    iso: str
    text: str


def moment(pub_date: int) -> Moment:
    """Return a message's date."""
    # Its parts are cut out since formatting each anew would take twice as long.
    iso = datetime_of(pub_date).isoformat()
    return Moment(iso, f"{iso[:10]} @ {iso[11:16]}")
