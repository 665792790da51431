"""The script: relative times, character counter, notice of new messages."""

from playwright.sync_api import BrowserContext, expect

from tests.browser.forms import sign_in
from tests.browser.site import Site


def test_times_are_relative_and_stay_right(visitor: BrowserContext, site: Site) -> None:
    author = site.new_user()
    site.post(author, "now")
    page = visitor.new_page()
    page.clock.install()
    page.goto(f"/{author}")
    time = page.locator("time")
    expect(time).to_have_text("just now")
    page.clock.run_for("05:30")
    expect(time).to_have_text("5 minutes ago")
    assert time.get_attribute("title")


def test_the_exact_time_is_one_link_away_for_touch_and_keyboard(
    visitor: BrowserContext, site: Site
) -> None:
    author = site.new_user()
    site.post(author, "now")
    page = visitor.new_page()
    page.goto(f"/{author}")
    exact = page.locator("time").get_attribute("title") or ""
    page.get_by_role("link", name="just now").press("Enter")
    expect(page.locator(".messages time")).to_have_text(exact)


def test_the_characters_left_are_those_that_the_server_counts(
    visitor: BrowserContext, site: Site
) -> None:
    page = visitor.new_page()
    sign_in(page, site.new_user())
    left = page.locator(".left")
    expect(left).to_have_text("1000 left")
    page.get_by_label("What's on your mind").fill("🦩\nab")
    expect(left).to_have_text("996 left")
    page.get_by_label("What's on your mind").fill("x" * 960)
    expect(left).to_have_class("left few")


def test_the_box_keeps_a_text_that_is_too_long_and_says_so(
    visitor: BrowserContext, site: Site
) -> None:
    page = visitor.new_page()
    sign_in(page, site.new_user())
    box = page.get_by_label("What's on your mind")
    box.fill("😀" * 600)
    expect(page.locator(".left")).to_have_text("400 left")
    box.fill("😀" * 1001)
    expect(page.locator(".left")).to_have_text("1 too many")
    page.get_by_role("button", name="Share").click()
    assert box.evaluate("box => box.validationMessage") == (
        "The message is 1 too long; the limit is 1000 characters."
    )
    box.press("End")
    box.press("Backspace")
    page.get_by_role("button", name="Share").click()
    expect(page.locator(".flashes")).to_have_text("Your message was recorded")
    expect(page.locator(".content")).to_have_text("😀" * 1000)


def test_new_messages_are_announced_and_one_click_away(
    visitor: BrowserContext, site: Site
) -> None:
    reader, author, stranger = (site.new_user() for _ in range(3))
    site.follow(reader, author)
    page = visitor.new_page()
    page.clock.install()
    sign_in(page, reader)
    page.clock.run_for(40_000)
    expect(page.locator(".new")).to_have_count(0)
    for name in (author, stranger, author):
        site.post(name, f"news of {name}")
    page.clock.run_for(60_000)
    page.get_by_role("status").get_by_role("link", name="2 new messages").click()
    expect(page.locator(".messages li")).to_have_count(2)


def test_a_page_that_is_left_open_asks_less_and_less(
    visitor: BrowserContext, site: Site
) -> None:
    page = visitor.new_page()
    questions: list[str] = []
    page.on(
        "request",
        lambda request: (
            questions.append(request.url) if "/new_messages" in request.url else None
        ),
    )
    page.clock.install()
    page.goto(f"/{site.new_user()}")
    page.clock.run_for("10:00")
    assert questions == []
    page.goto("/public")
    for _ in range(60):
        # The next pause begins when the answer is there, in real time.
        page.clock.run_for("01:00")
        page.wait_for_load_state("networkidle")
    assert 5 < len(questions) < 25, questions
