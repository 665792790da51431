"""From signing up to signing out, with and without JavaScript."""

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.browser.forms import flash, share, sign_in, sign_up
from tests.browser.site import Site


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no-script"])
def test_people_sign_up_post_follow_see_and_sign_out(
    chromium: Browser, site: Site, javascript: bool
) -> None:
    friend = site.new_user()
    site.post(friend, f"hello from {friend}")
    name = f"newcomer {javascript}"
    with chromium.new_context(
        base_url=site.url, java_script_enabled=javascript
    ) as context:
        page = context.new_page()
        page.goto("/")
        expect(page).to_have_url(f"{site.url}/public")

        sign_up(page, name)
        assert flash(page) == "You were successfully registered and can login now"
        sign_in(page, name)
        assert flash(page) == "You were logged in"
        expect(page.locator(".empty")).to_contain_text("Nothing here yet")

        share(page, '<script>alert("no")</script> & https://example.org/?a=1&b=2')
        assert flash(page) == "Your message was recorded"
        expect(page.locator(".content").first).to_have_text(
            '<script>alert("no")</script> & https://example.org/?a=1&b=2'
        )

        page.goto(f"/{friend}")
        page.get_by_role("button", name="Follow user").click()
        assert flash(page) == f'You are now following "{friend}"'
        expect(page.get_by_role("link", name="1 follower")).to_be_visible()
        page.goto("/")
        expect(page.locator(".flashes")).to_have_count(0)
        expect(page.locator(".messages")).to_contain_text(f"hello from {friend}")

        page.goto(f"/{friend}")
        page.get_by_role("button", name="Unfollow user").click()
        assert flash(page) == f'You are no longer following "{friend}"'
        page.goto("/")
        expect(page.locator(".messages")).not_to_contain_text(f"hello from {friend}")

        page.get_by_role("button", name="Sign out").click()
        assert flash(page) == "You were logged out"
        expect(page).to_have_url(f"{site.url}/public")


def test_a_refused_form_keeps_what_was_typed_but_no_password(
    visitor: BrowserContext,
) -> None:
    page = visitor.new_page()
    page.goto("/register")
    page.get_by_label("Username").fill("somebody else")
    page.get_by_label("E-mail address").fill("a@example.org")
    page.get_by_label("Password", exact=True).fill("one")
    page.get_by_label("Password, once more").fill("another")
    page.keyboard.press("Enter")
    assert flash(page) == "The two passwords do not match"
    expect(page.get_by_label("Username")).to_have_value("somebody else")
    expect(page.get_by_label("E-mail address")).to_have_value("a@example.org")
    expect(page.get_by_label("Password", exact=True)).to_have_value("")


def test_the_form_to_sign_up_keeps_the_shape_that_test_suites_know(
    visitor: BrowserContext,
) -> None:
    page = visitor.new_page()
    page.goto("/register")
    fields = page.locator("input")
    names = ["username", "email", "password", "password2"]
    assert [fields.nth(i).get_attribute("name") for i in range(4)] == names
    assert fields.nth(4).get_attribute("type") == "submit"
    expect(page.locator(".actions input[type=submit]")).to_have_count(1)


def test_older_messages_follow_without_a_gap(
    visitor: BrowserContext, site: Site
) -> None:
    author = site.new_user()
    for number in range(35):
        site.post(author, f"number {number:02}")
    page = visitor.new_page()
    page.goto(f"/{author}")
    seen = page.locator(".content").all_inner_texts()
    page.get_by_role("link", name="Older messages").click()
    seen += page.locator(".content").all_inner_texts()
    assert seen == [f"number {number:02}" for number in reversed(range(35))]
    expect(page.get_by_role("link", name="Older messages")).to_have_count(0)
    page.get_by_role("link", name="Newest messages").click()
    expect(page).to_have_url(f"{site.url}/{author.replace(' ', '%20')}")


def test_the_keyboard_reaches_the_content_first(visitor: BrowserContext) -> None:
    page = visitor.new_page()
    page.goto("/public")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    assert skip.bounding_box()["width"] > 50  # type: ignore[index]
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator("main :focus")).to_have_count(1)
