"""Drafts survive the window and the session, and stay with their account."""

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.browser.forms import flash, share, sign_in
from tests.browser.site import Site


def box(page: Page) -> Locator:
    """Return the message box."""
    return page.get_by_label("What's on your mind")


def sign_out(page: Page) -> None:
    """Sign out."""
    page.get_by_role("button", name="Sign out").click()
    assert flash(page) == "You were logged out"


def test_what_is_typed_survives_the_window_until_it_was_recorded(
    visitor: BrowserContext, site: Site
) -> None:
    page = visitor.new_page()
    sign_in(page, site.new_user())
    box(page).fill("half a thought")
    page.close()
    page, other = visitor.new_page(), visitor.new_page()
    for window in (page, other):
        window.goto("/")
        expect(box(window)).to_have_value("half a thought")
        expect(window.locator(".left")).to_have_text("986 left")
    page.get_by_role("button", name="Share").click()
    assert flash(page) == "Your message was recorded"
    for window in (page, other):
        expect(box(window)).to_have_value("")
    other.reload()
    expect(box(other)).to_have_value("")


def test_a_draft_of_another_window_outlives_the_message_of_this_one(
    visitor: BrowserContext, site: Site
) -> None:
    page, other = visitor.new_page(), visitor.new_page()
    sign_in(page, site.new_user())
    other.goto("/")
    box(page).fill("first")
    box(other).fill("second")
    page.get_by_role("button", name="Share").click()
    expect(box(page)).to_have_value("second")
    expect(box(other)).to_have_value("second")


@pytest.mark.parametrize("text", ["short", "😀" * 999])
def test_a_text_of_any_length_outlives_the_session(
    chromium: Browser, visitor: BrowserContext, site: Site, text: str
) -> None:
    name = site.new_user()
    page = visitor.new_page()
    sign_in(page, name)
    box(page).fill(text)
    cookies = visitor.cookies()
    with chromium.new_context(base_url=site.url) as elsewhere:
        elsewhere.add_cookies(cookies)  # type: ignore[arg-type]
        copy = elsewhere.new_page()
        copy.goto("/")
        sign_out(copy)
    page.get_by_role("button", name="Share").click()
    assert flash(page) == "Sign in again to share your message"
    sign_in(page, name)
    expect(box(page)).to_have_value(text)


def test_a_reply_has_a_draft_of_its_own_behind_the_name_that_it_begins_with(
    visitor: BrowserContext, site: Site
) -> None:
    friend = site.new_user()
    site.post(friend, "a question")
    page = visitor.new_page()
    sign_in(page, site.new_user())
    page.goto(f"/{friend}")
    page.get_by_role("link", name=f"Reply to {friend}").click()
    reply = page.get_by_label(f"Reply to {friend}")
    reply.press("End")
    reply.press_sequentially("half an answer")
    page.reload()
    expect(reply).to_have_value(f"@{friend} half an answer")
    page.goto("/")
    expect(box(page)).to_have_value("")
    page.go_back()
    page.get_by_role("button", name="Share").click()
    assert flash(page) == "Your message was recorded"
    page.go_back()
    page.reload()
    expect(reply).to_have_value(f"@{friend} ")


def test_signing_out_leaves_no_draft_to_the_next_user_of_a_computer(
    visitor: BrowserContext, site: Site
) -> None:
    page = visitor.new_page()
    sign_in(page, site.new_user())
    box(page).fill("between you and me")
    sign_out(page)
    assert page.evaluate("localStorage.length") == 0
    sign_in(page, site.new_user())
    expect(box(page)).to_have_value("")


def test_a_draft_is_not_shown_to_another_account_and_goes_when_one_signs_in(
    visitor: BrowserContext, site: Site
) -> None:
    page = visitor.new_page()
    sign_in(page, site.new_user())
    box(page).fill("between you and me")
    visitor.clear_cookies()
    sign_in(page, site.new_user())
    expect(box(page)).to_have_value("")
    assert page.evaluate("localStorage.length") == 0


@pytest.mark.parametrize("keys", ["Control+Enter", "Meta+Enter"])
def test_enter_with_control_or_command_shares(
    visitor: BrowserContext, site: Site, keys: str
) -> None:
    page = visitor.new_page()
    sign_in(page, site.new_user())
    expect(box(page)).to_have_accessible_description("Ctrl+Enter shares")
    box(page).fill("one")
    box(page).press("Enter")
    box(page).press_sequentially("two")
    box(page).press(keys)
    assert flash(page) == "Your message was recorded"
    expect(page.locator(".content")).to_have_text("one\ntwo")


def test_a_double_click_sends_a_form_once(visitor: BrowserContext, site: Site) -> None:
    friend = site.new_user()
    page = visitor.new_page()
    sign_in(page, site.new_user())
    share(page, "so that the page is full")
    page.goto(f"/{friend}")
    sent: list[str] = []
    page.on(
        "request",
        lambda request: sent.append(request.url) if request.method == "POST" else None,
    )
    page.get_by_role("button", name="Follow user").dblclick(no_wait_after=True)
    expect(page.locator(".flashes")).to_have_text(f'You are now following "{friend}"')
    assert len(sent) == 1
