"""The account page: sessions, a new password, and the link of an operator."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.crowd import PASSWORD
from tests.browser.forms import flash, sign_in
from tests.browser.site import Site

NEW = "a better password"
PHONE = "Mozilla/5.0 (Android 16; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0"


def change_password(page: Page, current: str, new: str) -> None:
    """Fill in the form and send it."""
    page.get_by_label("Current password").fill(current)
    page.get_by_label("New password", exact=True).fill(new)
    page.get_by_label("New password, once more").fill(new)
    page.get_by_role("button", name="Change password").click()


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no-script"])
def test_people_see_their_sessions_end_them_and_change_their_password(
    chromium: Browser, site: Site, javascript: bool
) -> None:
    name = site.new_user()
    here, phone = (
        chromium.new_context(
            base_url=site.url, java_script_enabled=javascript, user_agent=user_agent
        )
        for user_agent in (None, PHONE)
    )
    with here, phone:
        page, other = here.new_page(), phone.new_page()
        sign_in(other, name)
        sign_in(page, name)
        page.get_by_role("link", name="Account").click()
        sessions = page.locator(".sessions li")
        expect(sessions).to_have_count(2)
        expect(sessions.nth(0)).to_contain_text("Chrome on Linux This browser")
        expect(sessions.nth(1)).to_contain_text("Firefox on Android")
        expect(sessions.nth(1)).not_to_contain_text("This browser")

        change_password(page, "a guess", NEW)
        assert flash(page) == "Invalid password"
        field = page.get_by_label("Current password")
        expect(field).to_be_focused()
        expect(field).to_have_accessible_description("Invalid password")
        expect(page.locator("[aria-invalid]")).to_have_count(1)

        change_password(page, PASSWORD, NEW)
        assert "all other browsers were signed out" in flash(page)
        expect(sessions).to_have_count(1)
        other.goto("/")
        expect(other).to_have_url(f"{site.url}/public")
        sign_in(other, name)
        assert flash(other) == "Invalid password"

        page.get_by_label("Your password", exact=True).fill(NEW)
        page.get_by_role("button", name="Sign out everywhere").click()
        assert flash(page) == "You were logged out everywhere"
        page.goto("/account")
        expect(page).to_have_url(f"{site.url}/login?next=%2Faccount")
        page.get_by_label("Username").fill(name)
        page.get_by_label("Password").fill(NEW)
        page.get_by_role("main").get_by_role("button", name="Sign in").click()
        expect(page).to_have_url(f"{site.url}/account")


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no-script"])
def test_a_lost_password_is_replaced_with_a_link_of_the_operator(
    chromium: Browser, site: Site, javascript: bool
) -> None:
    name = site.new_user()
    link = site.command("reset-password", name, "--url", site.url).strip()
    with chromium.new_context(
        base_url=site.url, java_script_enabled=javascript
    ) as context:
        page = context.new_page()
        page.goto(link)
        expect(page.get_by_role("main")).to_contain_text(f"For the account {name}")
        for again in ("another", NEW):
            page.get_by_label("New password", exact=True).fill(NEW)
            page.get_by_label("New password, once more").fill(again)
            page.get_by_role("button", name="Set password").click()
            if again != NEW:
                assert flash(page) == "The two passwords do not match"
                expect(page.get_by_label("New password", exact=True)).to_be_focused()
        assert flash(page) == "Your password was changed; sign in with it"
        expect(page.get_by_label("Username")).to_have_value(name)
        page.get_by_label("Password").fill(NEW)
        page.get_by_role("main").get_by_role("button", name="Sign in").click()
        assert flash(page) == "You were logged in"
        page.goto(link)
        expect(page.get_by_role("main")).to_contain_text("it was used already")


def test_an_old_link_that_signed_out_leads_to_the_account(
    chromium: Browser, site: Site
) -> None:
    with chromium.new_context(base_url=site.url) as context:
        page = context.new_page()
        sign_in(page, site.new_user())
        page.goto("/logout")
        expect(page).to_have_url(f"{site.url}/account")
        page.get_by_role("button", name="Sign out", exact=True).click()
        assert flash(page) == "You were logged out"
