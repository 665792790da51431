"""Readers report a message; a moderator suspends its author, and lifts that again."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.forms import flash, sign_in
from tests.browser.site import Site


def sign_in_as(page: Page, username: str) -> None:
    """Sign in, instead of the account that was."""
    page.context.clear_cookies()
    sign_in(page, username)


def reported(page: Page, site: Site, author: str) -> str:
    """Report a message of an author as a new reader, and return what it says."""
    text = f"spam of {author}"
    site.post(author, text)
    sign_in_as(page, site.new_user())
    page.goto(f"/{author}")
    message = page.locator(".messages li", has_text=text)
    message.get_by_role("button", name="Report").click()
    assert flash(page) == "The message was reported to the moderators"
    return text


@pytest.mark.parametrize("with_script", [True, False], ids=["script", "no script"])
def test_a_reader_reports_and_a_moderator_suspends_the_author(
    chromium: Browser, site: Site, with_script: bool
) -> None:
    moderator, author = site.new_user(), site.new_user()
    site.command("grant-moderator", moderator)
    with chromium.new_context(
        base_url=site.url, java_script_enabled=with_script
    ) as context:
        page = context.new_page()
        text = reported(page, site, author)
        sign_in_as(page, moderator)
        page.get_by_role("link", name="Reports").click()
        entry = page.locator(".report", has_text=text)
        expect(entry.get_by_role("heading")).to_contain_text("Reported by 1 reader")
        entry.get_by_text("Suspend the author").click()
        entry.get_by_role("button", name=f"Suspend {author}").click()
        assert "is suspended" in flash(page)
        expect(entry).to_have_count(0)

        page.goto("/public")
        expect(page.locator(".messages")).not_to_contain_text(text)
        page.goto(f"/{author}")
        expect(page.locator("main")).to_contain_text("This account is suspended.")
        sign_in_as(page, author)
        assert flash(page).startswith("The account is suspended")

        sign_in_as(page, moderator)
        page.goto(f"/{author}")
        expect(page.locator(".messages")).to_contain_text(text)
        page.get_by_role("button", name="Lift the suspension").click()
        assert "is not suspended any more" in flash(page)
        page.goto("/public")
        expect(page.locator(".messages")).to_contain_text(text)


def test_a_moderator_dismisses_a_report(chromium: Browser, site: Site) -> None:
    moderator, author = site.new_user(), site.new_user()
    site.command("grant-moderator", moderator)
    with chromium.new_context(base_url=site.url) as context:
        page = context.new_page()
        text = reported(page, site, author)
        page.goto("/reports")
        expect(page.get_by_role("heading")).to_have_text("Not allowed")
        sign_in_as(page, moderator)
        page.goto("/reports")
        entry = page.locator(".report", has_text=text)
        entry.get_by_role("button", name="Dismiss").click()
        assert flash(page) == "The reports are dismissed"
        expect(entry).to_have_count(0)
        page.goto(f"/{author}")
        expect(page.locator(".messages")).to_contain_text(text)
