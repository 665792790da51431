"""Leaving: the download of one's data, and the deletion of the account."""

import json

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.crowd import PASSWORD
from tests.browser.forms import flash, sign_in
from tests.browser.site import Site


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no-script"])
def test_people_take_their_data_along_and_delete_their_account(
    chromium: Browser, site: Site, javascript: bool
) -> None:
    name = site.new_user()
    with chromium.new_context(
        base_url=site.url, java_script_enabled=javascript
    ) as context:
        page = context.new_page()
        sign_in(page, name)
        page.get_by_role("link", name="Account").click()
        with page.expect_download() as download:
            page.get_by_role("link", name="Download it as JSON").click()
        assert download.value.suggested_filename == "minitwit-account.json"
        exported = json.loads(download.value.path().read_text(encoding="utf-8"))
        assert exported["account"]["username"] == name

        field = page.get_by_label("Your password, to delete the account")
        button = page.get_by_role("button", name="Delete my account")
        field.fill("a guess")
        button.click()
        assert flash(page) == "Invalid password"
        expect(field).to_be_focused()
        field.fill(PASSWORD)
        button.click()
        assert flash(page) == "Your account was deleted"
        expect(page).to_have_url(f"{site.url}/public")
        page.goto(f"/{name}")
        expect(page.get_by_role("heading", level=1)).to_have_text("Nothing here")
        sign_in(page, name)
        assert flash(page) == "Invalid username"
