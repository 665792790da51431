"""Chromium, and one running system for all browser tests."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.browser import tools
from tests.browser.site import Site, populated
from tests.system.running import running_system


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Yield Debian's Chromium."""
    program = tools.chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=tools.FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Yield a system, started only where there is a browser."""
    with running_system(tmp_path_factory.mktemp("site")) as system:
        yield populated(system)


@pytest.fixture
def visitor(chromium: Browser, site: Site) -> Iterator[BrowserContext]:
    """Yield a browser window without cookies."""
    with chromium.new_context(base_url=site.url) as context:
        yield context
