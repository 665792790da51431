"""Renders pages from templates."""

from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import falcon
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from functions.timeline.assets import Assets
from functions.timeline.bounded_cache import BoundedCache
from functions.timeline.browsers import browser_name
from functions.timeline.identicons import identicon
from functions.timeline.links import linked
from functions.timeline.mentioned_names import MentionedNames
from minitwit.accounts.sessions import MANY_REPORTS
from minitwit.discovery.people import MAX_PEOPLE
from minitwit.models import Post, Reader
from minitwit.text.dates import datetime_of
from minitwit.text.fields import MAX_CONTENT
from minitwit.users import MAX_COUNT
from minitwit.web.bidi import isolated, isolated_as_html, isolates_as_html
from minitwit.web.browser_responses import user_path
from minitwit.web.html_responses import send_page
from minitwit.web.signed_cookies import Flash, SignedCookies

_REFUSED = Markup(' aria-invalid="true" aria-describedby="flash" autofocus')

# The style sheet's height of a message holds some 40 lines (fewer fit where they grow
# taller), and the narrowest line that is still supported some 10 characters.
_MOST_LINES = 32
_SHORTEST_LINE = 10
_CACHED_BYTES = 8_000_000  # some two thousand messages of usual length


def environment(assets: Assets, mentioned: MentionedNames, url: str) -> Environment:
    """Return the templates, with their filters and globals.

    Args:
        assets: the static files.
        mentioned: finds the users that messages mention.
        url: public address of the site.

    """
    templates = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters |= {
        "bdi": isolated_as_html,
        "bounded": bounded,
        "browser_name": browser_name,
        "may_scroll": may_scroll,
        "identicon": identicon,
        "isolated": isolated,
        "isolates_as_html": isolates_as_html,
        "linked": linked,
        "moment": moment,
        "user_path": user_path,
    }
    templates.globals |= {
        "asset": assets.path,
        "many_reports": MANY_REPORTS,
        "max_content": MAX_CONTENT,
        # Not the requested host: the ids of feeds never change (RFC 4287, section
        # 4.2.6), and a message has one canonical address.
        "site": url,
        "max_people": MAX_PEOPLE,
    }
    message: Any = templates.get_template("message.html").module
    templates.filters["messages"] = _messages(message.message, mentioned)
    # Imported here once: an import statement costs a tenth of a page, each time.
    templates.globals |= {
        name: templates.get_template(f"{name}.html").module
        for name in ("people", "post_form", "social", "timeline")
    }
    return templates


def _messages(
    macro: Callable[[Post, bool, bool, bool, frozenset[str]], str],
    mentioned: MentionedNames,
) -> Callable[[list[Post], Reader], str]:
    """Return a filter that renders the messages of a page."""
    # A message is on many pages and costs as much as the rest of one, so its HTML is
    # cached: it depends on nothing but the macro's arguments.
    rendered: BoundedCache[tuple[Any, ...], str] = BoundedCache(
        _CACHED_BYTES, lambda arguments: macro(*arguments)
    )

    def messages(posts: list[Post], reader: Reader) -> str:
        own = reader.account.username if reader.account else None
        reads_as = own is not None, reader.is_moderator
        html = [
            rendered[post, post.username == own, *reads_as, usernames]
            for post, usernames in zip(posts, mentioned.of(posts), strict=True)
        ]
        # The macro has escaped each part; Markup's own join would check each again.
        return Markup("".join(html))  # noqa: S704

    return messages


class Pages:
    """Renders pages.

    Args:
        cookies: hold the readers' flash messages.
        templates: of the pages.

    """

    def __init__(self, cookies: SignedCookies, templates: Environment) -> None:
        self._cookies = cookies
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
        flash = self._cookies.take_flash(req, resp)
        text = self._templates.get_template(template).render(
            reader=reader,
            account=reader.account,
            flash=flash,
            typed=defaultdict(str, flash.form if flash else {}),
            refused=_refused(flash),
            path=path_of(req),
            is_first_page=not {"after", "before"} & req.params.keys(),
            **values,
        )
        send_page(resp, text)


def path_of(req: falcon.Request) -> str:
    """Return the path of a page; with two slashes, its links would leave the site."""
    return "/" + req.path.lstrip("/")


def _refused(flash: Flash | None) -> Callable[..., Markup]:
    """Return a function that marks the field of a form that was refused.

    On a page with several forms it also takes the `action` of the field's form.
    """
    refused = flash.field if flash else None
    sent_to = flash.form.get("action") if flash else None
    return lambda field, action=sent_to: (
        _REFUSED if (field, action) == (refused, sent_to) else Markup()
    )


def may_scroll(content: str) -> bool:
    """Return whether a message may be so high that the style sheet makes it scroll.

    What scrolls has to be reachable by keyboard.
    """
    lines = (1 + len(line) // _SHORTEST_LINE for line in content.splitlines())
    return sum(lines) > _MOST_LINES


def bounded(count: int, most: int = MAX_COUNT) -> str:
    """Format a count; above the most that is counted the exact number is unknown."""
    return f"{most:,}+" if count > most else f"{count:,}"


class Moment(NamedTuple):
    """The date of a message, for programs and for people."""

    iso: str
    text: str


def moment(pub_date: int) -> Moment:
    """Return the date of a message."""
    # Slicing the ISO format takes half the time of formatting the date twice.
    iso = datetime_of(pub_date).isoformat()
    return Moment(iso, f"{iso[:10]} @ {iso[11:16]}")
