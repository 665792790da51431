"""One message: its page, a reply to it, and deleting it in two steps."""

import re

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.browser.crowd import PASSWORD
from tests.browser.forms import flash, share, sign_in
from tests.browser.site import Site


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no-script"])
def test_people_reply_to_a_message_and_take_theirs_back(
    chromium: Browser, site: Site, javascript: bool
) -> None:
    friend, name = site.new_user(), site.new_user()
    site.post(friend, f"a question of {friend}")
    with chromium.new_context(
        base_url=site.url, java_script_enabled=javascript
    ) as context:
        page = context.new_page()
        page.goto(f"/{friend}")
        page.locator(".messages time").click()
        expect(page).to_have_url(re.compile("/user%20[0-9]+/[0-9]+$"))
        permalink = page.url
        expect(page.locator(".content")).to_have_text(f"a question of {friend}")

        page.get_by_role("main").get_by_role("link", name="Sign in").click()
        page.get_by_label("Username").fill(name)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("main").get_by_role("button", name="Sign in").click()
        expect(page).to_have_url(f"{permalink}#text")
        box = page.get_by_label(f"Reply to {friend}")
        expect(box).to_have_value(f"@{friend} ")

        page.goto(f"/{friend}")
        page.get_by_role("link", name=f"Reply to {friend}").click()
        expect(box).to_be_focused()
        if not javascript:
            page.keyboard.press("Control+End")
        page.keyboard.type("an answer")
        page.get_by_role("button", name="Share").click()
        assert flash(page) == "Your message was recorded"
        answer = page.locator(".messages li", has_text=f"@{friend} an answer")
        expect(answer.get_by_role("link", name=f"@{friend}")).to_be_visible()

        share(page, f"regretted by {name}")
        page.goto("/public")
        message = page.locator(".messages li", has_text=f"regretted by {name}")
        button = message.get_by_role("button", name="Delete for good")
        expect(button).not_to_be_visible()
        message.get_by_text("Delete", exact=False).first.click()
        button.click()
        assert flash(page) == "Your message was deleted"
        expect(page).to_have_url(f"{site.url}/public")
        expect(message).to_have_count(0)

        answer.locator("time").click()
        page.locator("summary").click()
        page.get_by_role("button", name="Delete for good").click()
        assert flash(page) == "Your message was deleted"
        expect(page.locator(".empty")).to_contain_text("not written anything yet")
        page.go_back()
        page.reload()
        expect(page.get_by_role("heading")).to_have_text("Nothing here")


def test_a_button_pressed_twice_deletes_once(
    visitor: BrowserContext, site: Site
) -> None:
    name = site.new_user()
    site.post(name, "once")
    page = visitor.new_page()
    sign_in(page, name)
    other = visitor.new_page()
    for window in (page, other):
        window.goto(f"/{name}")
    for window in (page, other):
        window.locator("summary").click()
        window.get_by_role("button", name="Delete for good").click()
        assert flash(window) == "Your message was deleted"
