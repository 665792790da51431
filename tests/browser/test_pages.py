"""Every page: accessibility, layout, security policy and size."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Response,
)

from tests.browser import tools
from tests.browser.site import Site
from tests.browser.tour import LOOKS, STOPS, Stop

ARTIFACTS = Path(__file__).parents[2] / ".artifacts" / "pages"


@pytest.fixture(scope="session")
def axe() -> str:
    """Return axe-core's script."""
    return (tools.node_modules() / "axe-core" / "axe.min.js").read_text()


@pytest.fixture
def complaints(visitor: BrowserContext) -> Iterator[list[str]]:
    """Collect console messages: they report refused scripts, styles and requests."""
    found: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            found.append(message.text)

    visitor.on("console", note)
    visitor.on("weberror", lambda error: found.append(str(error.error)))
    yield found


def by_name(stop: Stop) -> str:
    return stop.name


@pytest.mark.parametrize("stop", STOPS, ids=by_name)
def test_axe_finds_nothing_and_nothing_overflows(
    chromium: Browser, site: Site, axe: str, stop: Stop
) -> None:
    # axe is injected, which the page's own policy rightly forbids.
    with chromium.new_context(base_url=site.url, bypass_csp=True) as context:
        page = context.new_page()
        stop.visit(page)
        page.evaluate(axe)
        for look in LOOKS:
            look.put_on(page)
            page.screenshot(path=ARTIFACTS / f"{stop.name}-{look.name}.png")
            assert page.evaluate("document.documentElement.scrollWidth") <= look.width
            assert violations(page) == [], look


def violations(page: Page) -> list[str]:
    """Return the violations that axe finds."""
    result: dict[str, Any] = page.evaluate("axe.run()")
    return [
        f"{violation['id']}: {node['html']}"
        for violation in result["violations"]
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize("stop", STOPS, ids=by_name)
def test_a_page_is_in_order_within_its_policy_and_asks_no_other_host(
    visitor: BrowserContext, site: Site, complaints: list[str], stop: Stop
) -> None:
    page = visitor.new_page()
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))
    stop.visit(page)
    page.wait_for_load_state("networkidle")
    assert {a.url.split("/")[2] for a in answers} == {site.url.split("/")[2]}
    parts = [a for a in answers if not a.request.is_navigation_request()]
    assert all(part.ok or 300 <= part.status < 400 for part in parts)
    # The browser notes an answer that is an error, also when it is the page itself.
    assert [c for c in complaints if "server responded" not in c] == []
    assert page.title().endswith(" | MiniTwit")
    assert page.locator("html").get_attribute("lang") == "en"
    assert (page.locator("h1").count(), page.locator("main").count()) == (1, 1)


def test_the_public_timeline_weighs_at_most_30_kilobytes(
    chromium: Browser, site: Site
) -> None:
    authors = [site.new_user() for _ in range(30)]
    for number, author in enumerate(authors):
        site.post(author, f"{author} has to say {number} things of some length. " * 4)
    with chromium.new_context(base_url=site.url) as context:
        page = context.new_page()
        sizes = wire_sizes(page)
        page.goto("/public", wait_until="networkidle")
        assert page.locator(".messages li").count() == 30
    assert sum(sizes.values()) <= 30_000, sizes
    print(f"\n/public on the wire: {sum(sizes.values())} bytes of {sizes}")


def wire_sizes(page: Page) -> dict[str, int]:
    """Collect the bytes that each response of a page transfers, headers included."""
    urls: dict[str, str] = {}
    sizes: dict[str, int] = {}
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.on(
        "Network.requestWillBeSent",
        lambda event: urls.update({event["requestId"]: event["request"]["url"]}),
    )
    session.on(
        "Network.loadingFinished",
        lambda event: sizes.update(
            {urls[event["requestId"]]: int(event["encodedDataLength"])}
        ),
    )
    return sizes
