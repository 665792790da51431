"""Renders pages from templates."""

from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import falcon
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from functions.timeline.assets import Assets
from functions.timeline.browsers import browser_name
from functions.timeline.identicons import identicon
from functions.timeline.mentioned_names import MentionedNames
from functions.timeline.message_html import messages_filter, moment
from minitwit.accounts.sessions import MAX_COUNTED_REPORTS
from minitwit.discovery.people import MAX_PEOPLE
from minitwit.discovery.profiles import MAX_COUNT
from minitwit.models import Reader
from minitwit.text.fields import MAX_CONTENT
from minitwit.web.bidi import isolated, isolated_as_html, isolates_as_html
from minitwit.web.browser_responses import user_path
from minitwit.web.html_responses import send_page
from minitwit.web.signed_cookies import Flash, SignedCookies

_REFUSED = Markup(' aria-invalid="true" aria-describedby="flash" autofocus')


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
        "identicon": identicon,
        "isolated": isolated,
        "isolates_as_html": isolates_as_html,
        "moment": moment,
        "user_path": user_path,
    }
    templates.globals |= {
        "asset": assets.path,
        "many_reports": MAX_COUNTED_REPORTS,
        "max_content": MAX_CONTENT,
        # Not the requested host: the ids of feeds never change (RFC 4287, section
        # 4.2.6), and a message has one canonical address.
        "site": url,
        "max_people": MAX_PEOPLE,
    }
    templates.filters["messages"] = messages_filter(templates, mentioned)
    # Imported here once: an import statement costs a tenth of a page, each time.
    templates.globals |= {
        name: templates.get_template(f"{name}.html").module
        for name in ("people", "post_form", "social", "timeline")
    }
    return templates


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


def bounded(count: int, most: int = MAX_COUNT) -> str:
    """Format a count; above the most that is counted the exact number is unknown."""
    return f"{most:,}+" if count > most else f"{count:,}"
