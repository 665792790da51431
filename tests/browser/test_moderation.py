"""Moderation: a moderator hides, sees and restores a message; others do not see it."""

import re

import httpx
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.crowd import SIMULATOR
from tests.browser.forms import flash, sign_in
from tests.browser.site import Site


def listed(site: Site, author: str) -> str:
    """Return everything that the API and the feeds say about an author."""
    with httpx.Client(base_url=site.url, auth=SIMULATOR) as client:
        paths = ("/msgs", f"/msgs/{author}", "/public/feed", f"/{author}/feed")
        return "".join(client.get(path).text for path in paths)


def pages_of(page: Page, author: str) -> str:
    """Return what stands on every page that could show an author's messages."""
    shown = ""
    for path in ("/", "/public", f"/{author}"):
        page.goto(path)
        shown += page.locator("main").inner_text()
    return shown


def test_a_moderator_hides_and_restores_and_others_see_nothing_of_it(
    chromium: Browser, visitor: BrowserContext, site: Site
) -> None:
    moderator, author = site.new_user(), site.new_user()
    site.command("grant-moderator", moderator)
    site.post(author, f"something rude of {author}")
    page = visitor.new_page()
    sign_in(page, moderator)
    page.goto("/public")
    message = page.locator(".messages li", has_text=f"rude of {author}")
    message.get_by_role("button", name="Hide").click()
    assert flash(page) == "The message is hidden"
    # The fragment keeps the place on the page.
    expect(page).to_have_url(re.compile(f"^{site.url}/public#m[0-9]+$"))
    expect(message.locator(".mark")).to_have_text("Hidden")

    assert f"rude of {author}" not in listed(site, author)
    with chromium.new_context(base_url=site.url) as context:
        own = context.new_page()
        sign_in(own, author)
        assert f"rude of {author}" not in pages_of(own, author)
        expect(own.get_by_text("0 messages")).to_be_visible()

    page.goto(f"/{author}")
    message.get_by_role("button", name="Restore").click()
    assert flash(page) == "The message is shown again"
    expect(page.locator(".mark")).to_have_count(0)
    assert f"rude of {author}" in listed(site, author)


def test_a_right_that_was_taken_back_is_gone_while_the_page_is_still_open(
    visitor: BrowserContext, site: Site
) -> None:
    moderator, author = site.new_user(), site.new_user()
    site.command("grant-moderator", moderator)
    site.post(author, "harmless")
    page = visitor.new_page()
    sign_in(page, moderator)
    page.goto(f"/{author}")
    site.command("revoke-moderator", moderator)
    page.get_by_role("button", name="Hide").click()
    expect(page.get_by_role("heading")).to_have_text("Not allowed")
    page.goto(f"/{author}")
    expect(page.locator(".messages")).to_contain_text("harmless")
    expect(page.get_by_role("button", name="Hide")).to_have_count(0)
