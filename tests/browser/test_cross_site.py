"""CSRF protection against a page of another origin."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.forms import sign_in
from tests.browser.site import Site
from tests.serving import served


@contextmanager
def elsewhere(html: str) -> Iterator[int]:
    """Serve a page on a port of its own until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, *_arguments: object) -> None:
            """Print nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    with served(server):
        yield server.server_port


def trap(site: Site, victim: str, target: str) -> str:
    """Return a page that tries everything in its visitor's name."""
    return f"""
        <form method="post" action="{site.url}/add_message">
        <input name="text" value="written by another site"><button>post</button></form>
        <form method="post" action="{site.url}/{target}/follow">
        <button>follow</button></form>
        <form method="post" action="{site.url}/logout"><button>leave</button></form>
        <a href="{site.url}/{target}/follow">look</a>
    """


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_another_origin_changes_nothing_in_a_visitors_name(
    visitor: BrowserContext, site: Site, host: str
) -> None:
    victim, target = site.new_user(), site.new_user()
    page = visitor.new_page()
    sign_in(page, victim)
    with elsewhere(trap(site, victim, target)) as port:
        for button in ("post", "follow", "leave"):
            page.goto(f"http://{host}:{port}/")
            with page.expect_navigation() as navigation:
                page.get_by_role("button", name=button).click()
            assert navigation.value.status == 403
            expect(page.get_by_role("heading")).to_have_text("Not allowed")
        page.goto(f"http://{host}:{port}/")
        with page.expect_navigation() as navigation:
            page.get_by_role("link", name="look").click()
        assert navigation.value.status == 403
    page.goto("/")
    expect(page.locator(".messages li")).to_have_count(0)
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.goto(f"/{target}")
    expect(page.get_by_role("button", name="Follow user")).to_be_visible()


def test_the_same_link_leads_from_our_own_pages_to_the_button(
    visitor: BrowserContext, site: Site
) -> None:
    reader, target = site.new_user(), site.new_user()
    page = visitor.new_page()
    sign_in(page, reader)
    page.goto(f"/{target}/follow")
    page.get_by_role("button", name="Follow user").click()
    expect(page.locator(".flashes")).to_have_text(f'You are now following "{target}"')


def test_no_other_site_can_show_ours_in_a_frame(chromium: Browser, site: Site) -> None:
    with elsewhere(f'<iframe src="{site.url}/login"></iframe>') as port:
        page: Page
        with chromium.new_page() as page:
            page.goto(f"http://127.0.0.1:{port}/")
            frame = page.frames[1]
            assert frame.get_by_label("Password").count() == 0
