"""Fills in and sends the forms of the pages."""

from playwright.sync_api import Page

from tests.browser.crowd import PASSWORD


def sign_up(page: Page, username: str) -> None:
    """Fill in the form for a new account and send it."""
    page.get_by_role("link", name="Sign up").first.click()
    page.get_by_label("Username").fill(username)
    page.get_by_label("E-mail address").fill("somebody@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password, once more").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign up").click()


def sign_in(page: Page, username: str) -> None:
    """Sign in."""
    page.goto("/login")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()


def share(page: Page, text: str) -> None:
    """Post a message from one's own page."""
    page.goto("/")
    page.get_by_label("What's on your mind").fill(text)
    page.get_by_role("button", name="Share").click()


def flash(page: Page) -> str:
    """Return the flash message."""
    return page.locator(".flashes").inner_text()
