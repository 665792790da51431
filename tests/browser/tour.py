"""Every page of MiniTwit, and the screens that tests and screenshots show it on."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from playwright.sync_api import Page

from tests.browser.forms import sign_in


@dataclass(frozen=True)
class Look:
    """A viewport and color scheme."""

    name: str
    width: int
    height: int
    scheme: Literal["light", "dark"]

    def put_on(self, page: Page) -> None:
        """Apply them to a page."""
        page.set_viewport_size({"width": self.width, "height": self.height})
        page.emulate_media(color_scheme=self.scheme)


LOOKS = (
    Look("phone-light", 360, 740, "light"),
    Look("phone-dark", 360, 740, "dark"),
    Look("desktop-light", 1280, 800, "light"),
    Look("desktop-dark", 1280, 800, "dark"),
)


@dataclass(frozen=True)
class Stop:
    """A page: its name, its path and its reader."""

    name: str
    path: str
    reader: str | None = None
    prepare: Callable[[Page], object] = lambda page: None

    def visit(self, page: Page) -> None:
        """Show the page."""
        if self.reader:
            sign_in(page, self.reader)
        page.goto(self.path)
        self.prepare(page)


def _refused_form(page: Page) -> None:
    page.get_by_label("Username").fill("alice")
    page.get_by_role("main").get_by_role("button").click()


def _refused_password(page: Page) -> None:
    page.get_by_label("Current password").fill("a guess")
    page.get_by_label("New password", exact=True).fill("a better password")
    page.get_by_label("New password, once more").fill("a better password")
    page.get_by_role("button", name="Change password").click()


def _new_messages(page: Page) -> None:
    page.locator(".notice").evaluate(
        "notice => notice.innerHTML = '<a class=new href=/public>3 new messages</a>'"
    )


def _delete_step(page: Page) -> None:
    page.get_by_text("Delete", exact=False).first.click()


def _older(page: Page) -> None:
    page.get_by_role("link", name="Older messages").click()


# Alice is made a moderator, one message is hidden, another one reported, and an account
# suspended before the tour.
STOPS = (
    Stop("public", "/public"),
    Stop("public-new-messages", "/public", prepare=_new_messages),
    Stop("sign-up", "/register"),
    Stop("sign-up-refused", "/register", prepare=_refused_form),
    Stop("sign-in", "/login"),
    Stop("own", "/", "bob"),
    Stop("own-empty", "/", "newcomer"),
    Stop("moderator", "/public", "alice"),
    Stop("reports", "/reports", "alice"),
    Stop("suspended", "/spammer", "alice"),
    Stop("mentions", "/mentions", "alice"),
    Stop("mentions-empty", "/mentions", "newcomer"),
    Stop("people", "/people", "newcomer"),
    Stop("people-found", "/people?name=r", "bob"),
    Stop("people-not-found", "/people?name=x"),
    Stop("user", "/Roger%20Histand"),
    Stop("user-followed", "/alice", "bob"),
    Stop("user-empty", "/newcomer"),
    Stop("permalink", "/alice/1"),
    Stop("permalink-reply", "/alice/1", "bob"),
    Stop("permalink-delete", "/alice/1", "alice", prepare=_delete_step),
    Stop("following", "/alice/following"),
    Stop("followers", "/alice/followers"),
    Stop("followers-with-buttons", "/alice/followers", "bob"),
    Stop("followers-empty", "/newcomer/followers"),
    Stop("account", "/account", "bob"),
    Stop("account-refused", "/account", "bob", _refused_password),
    Stop("reset", "/reset_password?token=lost"),
    Stop("reset-used", "/reset_password?token=used"),
    Stop("not-found", "/no-such-user"),
    Stop("wrong-method", "/add_message"),
    Stop("too-many-attempts", "/login/throttled"),
    Stop("public-older", "/public", prepare=_older),
    Stop("api", "/api"),
)
