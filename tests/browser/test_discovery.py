"""Mentions and people to follow, with and without JavaScript."""

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.forms import flash, share, sign_in
from tests.browser.site import Site


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no-script"])
def test_people_find_who_mentions_them_and_follow_each_other_from_lists(
    chromium: Browser, site: Site, javascript: bool
) -> None:
    reader = site.new_user_named(f"Zoë Q. {javascript}")
    friend, other = site.new_user(), site.new_user()
    site.follow(friend, other)
    with chromium.new_context(
        base_url=site.url, java_script_enabled=javascript
    ) as context:
        page = context.new_page()
        sign_in(page, friend)
        share(page, f"Lunch, @{reader}?")
        page.get_by_role("button", name="Sign out").click()

        sign_in(page, reader)
        link = page.get_by_role("navigation").get_by_role("link", name="Mentions 1 new")
        link.click()
        expect(page.locator(".messages")).to_contain_text(f"Lunch, @{reader}?")
        expect(page.locator("nav .count")).to_have_count(0)
        page.goto("/")
        expect(page.locator("nav .count")).to_have_count(0)

        page.get_by_role("link", name="People", exact=True).click()
        page.get_by_role("searchbox", name="The name begins with").fill(friend.upper())
        page.get_by_role("button", name="Search").click()
        expect(page.locator(".people li").first).to_contain_text(friend)
        page.get_by_role("button", name=f"Follow {friend}", exact=True).click()
        assert flash(page) == f'You are now following "{friend}"'
        expect(page).to_have_url(
            f"{site.url}/people?name={friend.upper()}".replace(" ", "+")
        )

        page.locator(".people").get_by_role("link", name=friend, exact=True).click()
        page.get_by_role("link", name="1 following").click()
        expect(page.get_by_role("heading")).to_have_text(f"{friend} is following")
        page.get_by_role("button", name=f"Follow {other}", exact=True).click()
        expect(page).to_have_url(f"{site.url}/{friend}/following".replace(" ", "%20"))
        page.get_by_role("button", name=f"Unfollow {other}", exact=True).click()
        assert flash(page) == f'You are no longer following "{other}"'
        expect(page.get_by_role("button", name=f"Follow {other}")).to_be_visible()
