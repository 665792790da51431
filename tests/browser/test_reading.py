"""What readers see of names and messages, however hostile, and with larger text."""

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.browser.forms import sign_in
from tests.browser.site import Site

HEIGHTS = "all => all.map(element => element.getBoundingClientRect().height)"


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no-script"])
def test_a_message_of_many_lines_is_bounded_and_can_be_read_on(
    chromium: Browser, site: Site, javascript: bool
) -> None:
    author = site.new_user()
    site.post(author, "\n".join(f"line {n}" for n in range(120)))
    site.post(author, "Z" + "\u0300\u0301\u0302" * 300)
    with chromium.new_context(
        base_url=site.url, java_script_enabled=javascript
    ) as context:
        page = context.new_page()
        page.goto(f"/{author}")
        message = page.locator(".content", has_text="line 0")
        assert max(page.locator(".messages li").evaluate_all(HEIGHTS)) < 1100
        assert message.evaluate("box => box.scrollHeight > box.clientHeight")
        message.focus()
        page.keyboard.press("End")
        expect(message).to_be_focused()
        end = message.evaluate("box => box.scrollHeight - box.clientHeight")
        expect(message).to_have_js_property("scrollTop", end)


def test_marks_of_a_message_stay_inside_it(visitor: BrowserContext, site: Site) -> None:
    author = site.new_user()
    site.post(author, "below")
    site.post(author, "Z" + "\u0323\u0330\u0331" * 300)
    page = visitor.new_page()
    page.goto(f"/{author}")
    below = page.locator(".messages li").nth(1)
    with_marks = below.screenshot()
    page.locator(".content").first.evaluate("text => text.textContent = 'Z'")
    assert below.screenshot() == with_marks


def test_a_name_in_another_direction_leaves_the_sentence_as_it_is(
    visitor: BrowserContext, site: Site
) -> None:
    name = site.new_user_named("שרה כהן")
    page = visitor.new_page()
    sign_in(page, site.new_user())
    page.goto(f"/{name}")
    page.get_by_role("button", name="Follow user").click()
    flash = page.locator(".flashes")
    expect(flash).to_have_text(f'You are now following "{name}"')
    expect(flash.locator("bdi")).to_have_text(name)


@pytest.mark.parametrize("width", [320, 360, 560, 1280])
def test_nothing_in_the_header_overlaps_in_larger_text(
    visitor: BrowserContext, site: Site, width: int
) -> None:
    page = visitor.new_page()
    page.set_viewport_size({"width": width, "height": 800})
    sign_in(page, site.new_user_named("Bartholomew Featherstonehaugh-Cholmondeley"))
    for path in ("/", "/public", "/alice", "/account"):
        page.goto(path)
        for size in ("150%", "200%"):
            page.evaluate("x => document.documentElement.style.fontSize = x", size)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            parts = page.locator(".top > a, .top nav a, .account > *")
            assert overlaps(parts) == [], size


def overlaps(parts: Locator) -> list[tuple[str, str]]:
    """Return the pairs of elements that cover each other by more than a pixel."""
    boxes = [(part.inner_text(), part.bounding_box()) for part in parts.all()]
    found = []
    for place, (text, box) in enumerate(boxes):
        for other_text, other in boxes[place + 1 :]:
            assert box
            assert other
            width = min(box["x"] + box["width"], other["x"] + other["width"])
            height = min(box["y"] + box["height"], other["y"] + other["height"])
            if (
                width - max(box["x"], other["x"]) > 1
                and height - max(box["y"], other["y"]) > 1
            ):
                found.append((text, other_text))
    return found


def test_the_current_tab_is_visible_in_forced_colors(
    chromium: Browser, site: Site
) -> None:
    with chromium.new_context(base_url=site.url, forced_colors="active") as context:
        page = context.new_page()
        sign_in(page, site.new_user())
        for path, current in (("/", "My timeline"), ("/public", "Public timeline")):
            page.goto(path)
            tabs = page.locator("nav a").all()
            marked = [tab.inner_text() for tab in tabs if border_below(tab)]
            assert marked == [current]


def border_below(element: Locator) -> float:
    """Return the width of the border under an element, in pixels."""
    width: str = element.evaluate("e => getComputedStyle(e).borderBottomWidth")
    return float(width.removesuffix("px"))


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no-script"])
def test_a_refused_form_has_the_focus_on_its_field(
    chromium: Browser, site: Site, javascript: bool
) -> None:
    with chromium.new_context(
        base_url=site.url, java_script_enabled=javascript
    ) as context:
        page: Page = context.new_page()
        page.goto("/register")
        page.get_by_label("Username").fill("somebody new")
        page.get_by_label("E-mail address").fill("broken")
        page.get_by_label("Password", exact=True).fill("x")
        page.get_by_role("main").get_by_role("button", name="Sign up").click()
        email = page.get_by_label("E-mail address")
        expect(email).to_be_focused()
        expect(email).to_have_attribute("aria-invalid", "true")
        expect(email).to_have_css("border-top-width", "2px")
        expect(email).to_have_accessible_description(
            "You have to enter a valid email address"
        )
