"""Takes the screenshots in docs/: `python -m tests.browser.screenshots`."""

import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser import tools
from tests.browser.site import populated
from tests.browser.tour import LOOKS, STOPS, Look, Stop
from tests.system.running import running_system

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"


def looks_of(stop: Stop) -> tuple[Look, ...]:
    """Return the screens of a page: all for one page, a phone for the others."""
    return LOOKS if stop.name == "public" else LOOKS[:1]


def main() -> None:
    """Start a system and write a screenshot of every page to docs/screenshots."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        running_system(Path(folder)) as system,
        sync_playwright() as playwright,
    ):
        site = populated(system)
        browser = playwright.chromium.launch(
            executable_path=tools.chromium(), args=tools.FLAGS
        )
        for stop in STOPS:
            with browser.new_context(base_url=site.url) as context:
                page = context.new_page()
                stop.visit(page)
                for look in looks_of(stop):
                    look.put_on(page)
                    page.screenshot(path=FOLDER / f"{stop.name}-{look.name}.png")
        browser.close()


if __name__ == "__main__":
    main()
