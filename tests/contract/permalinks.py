"""One message: its permalink, replies to it, and deleting it."""

import re
from urllib.parse import quote

import httpx
import pytest

from tests.contract.callers import PASSWORD, Callers, new_name
from tests.contract.page import Page, flash_of


def path_of(name: str) -> str:
    """Return the path of a user's page."""
    return f"/{quote(name, safe='')}"


def permalinks(page: Page, name: str) -> list[str]:
    """Return the permalinks of a user's messages on a page, in its order."""
    pattern = re.compile(re.escape(path_of(name)) + r"/-?[0-9]+")
    return [link for link in page.links if pattern.fullmatch(link)]


def newest(minitwit: Callers, name: str) -> str:
    """Return the permalink of a user's newest message."""
    return permalinks(Page(minitwit.browser().get(path_of(name))), name)[0]


def id_of(permalink: str) -> str:
    """Return the id at the end of a permalink."""
    return permalink.rpartition("/")[2]


def delete(browser: httpx.Client, permalink: str, **options: object) -> httpx.Response:
    """Press the button that deletes a message."""
    form = {"id": id_of(permalink)}
    answer: httpx.Response = browser.post("/delete_message", data=form, **options)  # type: ignore[arg-type]
    return answer


def words(answer: httpx.Response) -> str:
    """Return what a page says, with single spaces between the words."""
    return " ".join(Page(answer).text.split())


def meta(answer: httpx.Response) -> dict[str, str]:
    """Return the Open Graph properties of a page."""
    found = re.findall(r'<meta property="og:(\w+)" content="([^"]*)">', answer.text)
    return dict(found)


# contract: L1
def test_message_has_a_page_of_its_own(minitwit: Callers) -> None:
    name = new_name("Roger + Histand")
    minitwit.register(name)
    for content in ("first of two", "second of two"):
        minitwit.post(name, content)
    second, first = permalinks(Page(minitwit.browser().get(path_of(name))), name)
    text = Page(minitwit.browser().get(first)).text
    assert ("first of two" in text, "second of two" in text) == (True, False)
    assert "second of two" in Page(minitwit.browser().get(second)).text


# contract: L1
@pytest.mark.parametrize("spelling", ["+{id}", "0{id}", "{id}.0", "%20{id}", "{id}x"])
def test_message_has_one_address(minitwit: Callers, spelling: str) -> None:
    ada = minitwit.user()
    minitwit.post(ada, "hello")
    number = id_of(newest(minitwit, ada))
    path = f"/{ada}/" + spelling.format(id=number)
    assert minitwit.browser().get(path).status_code == 404


# contract: L1
@pytest.mark.parametrize(
    "number", ["-0", "x", "٣", "９", "1_0", str(2**63), "9" * 40, "9" * 5000]
)
def test_what_is_no_id_is_404(minitwit: Callers, number: str) -> None:
    ada = minitwit.user()
    for method in ("GET", "HEAD"):
        answer = minitwit.browser().request(method, f"/{ada}/{number}")
        assert answer.status_code == 404


# contract: L1
def test_permalink_of_another_author_is_404(minitwit: Callers) -> None:
    ada, bob = minitwit.user(), minitwit.user()
    minitwit.post(ada, "hello")
    number = id_of(newest(minitwit, ada))
    for name in (bob, new_name(), "public", ada.upper()):
        answer = minitwit.browser().get(f"/{name}/{number}")
        assert answer.status_code == 404


def test_lists_below_a_user_stay_where_they_are(minitwit: Callers) -> None:
    ada = minitwit.user()
    for page in ("following", "followers"):
        assert page[:6] in minitwit.browser().get(f"/{ada}/{page}").text.lower()
    assert "<feed" in minitwit.browser().get(f"/{ada}/feed").text


# contract: L2
def test_time_of_a_message_links_to_it_on_every_page(minitwit: Callers) -> None:
    ada, bob = minitwit.user(), minitwit.user()
    minitwit.follow(bob, ada)
    minitwit.post(ada, "hello")
    permalink = newest(minitwit, ada)
    browser = minitwit.browser_of(bob)
    for path in ("/", "/public", f"/{ada}", permalink):
        html = browser.get(path).text
        assert re.search(f'<a [^>]*href="{permalink}"><time ', html), path


# contract: L2
def test_feed_links_to_permalinks_and_keeps_its_ids(minitwit: Callers) -> None:
    ada = minitwit.user()
    minitwit.post(ada, "hello")
    number = id_of(newest(minitwit, ada))
    for path in (f"/{ada}/feed", "/public/feed"):
        feed = minitwit.anybody.get(path).text
        site = re.findall(r"<id>(.*)/feed</id>", feed)[0].rpartition("/")[0]
        assert f"<id>{site}/{ada}#m{number}</id>" in feed
        assert f'href="{site}/{ada}/{number}"/>' in feed


# contract: L3
def test_deleted_message_is_gone_everywhere_at_once(minitwit: Callers) -> None:
    ada, bob = minitwit.user(), minitwit.user()
    minitwit.follow(bob, ada)
    for content in ("a message that stays", "one that goes, for @" + bob):
        minitwit.post(ada, content)
    permalink, reader = newest(minitwit, ada), minitwit.browser_of(bob)
    browser = minitwit.browser_of(ada)
    assert " 2 messages " in words(browser.get(f"/{ada}"))
    answer = delete(browser, permalink)
    assert flash_of(answer) == "Your message was deleted"
    assert answer.url.path == f"/{ada}"
    assert browser.get(permalink).status_code == 404
    for path in (f"/{ada}", "/", "/public", "/public/feed", f"/{ada}/feed"):
        text = browser.get(path).text
        assert ("that goes" in text, "that stays" in text) == (False, True), path
    assert " 1 message " in words(answer)
    assert minitwit.contents(ada) == ["a message that stays"]
    assert "that stays" in reader.get("/").text


# contract: L3
def test_deleting_again_says_the_same(minitwit: Callers) -> None:
    ada = minitwit.user()
    for _ in range(2):
        minitwit.post(ada, "hello")
    permalink, browser = newest(minitwit, ada), minitwit.browser_of(ada)
    for _ in range(3):
        assert flash_of(delete(browser, permalink)) == "Your message was deleted"
    assert minitwit.contents(ada) == ["hello"]


# contract: L4
def test_message_of_another_user_cannot_be_deleted(minitwit: Callers) -> None:
    ada = minitwit.user()
    minitwit.post(ada, "hello")
    permalink = newest(minitwit, ada)
    assert delete(minitwit.somebodys_browser, permalink).status_code == 403
    assert delete(minitwit.browser(), permalink).url.path == "/login"
    assert minitwit.contents(ada) == ["hello"]


# contract: L4
@pytest.mark.parametrize("number", ["", "x", "+1", "01", "٣", str(2**63), "9" * 5000])
def test_message_to_delete_is_named_by_its_id(minitwit: Callers, number: str) -> None:
    browser = minitwit.somebodys_browser
    assert browser.post("/delete_message", data={"id": number}).status_code == 404


# contract: L3
@pytest.mark.parametrize(
    ("referer", "page"),
    [
        ("/public?before=9999999999-1", "/public?before=9999999999-1"),
        ("/{ada}", "/{ada}"),
        ("/{ada}/{id}", "/{ada}"),
        ("/{ada}/{id}/?x=1", "/{ada}"),
        ("/{ada}/{id}1", "/{ada}/{id}1"),
    ],
)
def test_deleting_leads_back_to_the_page_unless_it_is_gone(
    minitwit: Callers, referer: str, page: str
) -> None:
    ada = minitwit.user()
    minitwit.post(ada, "hello")
    permalink = newest(minitwit, ada)
    places = {"ada": ada, "id": id_of(permalink)}
    answer = delete(
        minitwit.browser_of(ada),
        permalink,
        headers={"Referer": minitwit.url.rstrip("/") + referer.format(**places)},
        follow_redirects=False,
    )
    assert answer.headers["Location"] == page.format(**places)


# contract: L3, L5
def test_button_is_on_ones_own_messages_and_the_link_to_reply_on_the_others(
    minitwit: Callers,
) -> None:
    ada, bob = minitwit.user(), minitwit.user()
    for name in (ada, bob):
        minitwit.post(name, "hello")
    own, others = newest(minitwit, ada), newest(minitwit, bob)
    browser = minitwit.browser_of(ada)
    for reader, shown in ((browser, True), (minitwit.browser(), False)):
        for path in (f"/{ada}", own):
            page = Page(reader.get(path))
            assert ("/delete_message" in page.actions) is shown
            assert f"{own}#text" not in page.links
        for path in (f"/{bob}", others):
            page = Page(reader.get(path))
            assert "/delete_message" not in page.actions
            assert (f"{others}#text" in page.links) is shown


# contract: L5
def test_reply_begins_with_the_name_of_the_author(minitwit: Callers) -> None:
    bob = new_name('Roger "<b>" Histand')
    minitwit.register(bob)
    minitwit.post(bob, "hello")
    permalink, ada = newest(minitwit, bob), minitwit.user()
    browser = minitwit.browser_of(ada)
    page = Page(browser.get(permalink))
    assert page.typed("text") == f"@{bob} "
    assert "/add_message" in page.actions
    form = page.hidden() | {"text": page.typed("text") + "hello yourself"}
    answer = browser.post("/add_message", data=form)
    assert flash_of(answer) == "Your message was recorded"
    assert minitwit.contents(ada) == [f"@{bob} hello yourself"]
    assert path_of(bob) in Page(answer).links


# contract: L5
def test_reply_of_a_signed_out_reader_leads_through_sign_in_and_back(
    minitwit: Callers,
) -> None:
    bob = new_name("Roger Histand")
    minitwit.register(bob)
    minitwit.post(bob, "hello")
    permalink, browser = newest(minitwit, bob), minitwit.browser()
    page = Page(browser.get(permalink))
    assert "/add_message" not in page.actions
    [sign_in] = [link for link in page.links if link.startswith("/login?")]
    [action] = [a for a in Page(browser.get(sign_in)).actions if "/login" in str(a)]
    form = {"username": minitwit.somebody, "password": PASSWORD}
    answer = browser.post(str(action), data=form)
    assert answer.url.path == httpx.URL(permalink).path
    assert Page(answer).typed("text") == f"@{bob} "


# contract: L6
def test_open_graph_describes_the_public_timeline(minitwit: Callers) -> None:
    properties = meta(minitwit.browser().get("/public"))
    assert properties["type"] == "website"
    assert properties["url"].endswith("/public")
    assert properties["title"] == "Public timeline"
    assert properties["description"].startswith("What everybody writes")


# contract: L6
def test_open_graph_describes_a_message_and_a_user(minitwit: Callers) -> None:
    ada = new_name('"><b>ada')
    minitwit.register(ada)
    minitwit.post(ada, '"quoted" & <b>bold</b>')
    permalink = newest(minitwit, ada)
    for path, kind, description in (
        (permalink, "article", "&#34;quoted&#34; &amp; &lt;b&gt;bold&lt;/b&gt;"),
        (path_of(ada), "profile", "&#34;&gt;&lt;b&gt;ada"),
    ):
        forged = {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
        answer = minitwit.browser().get(path, headers=forged)
        properties = meta(answer)
        assert properties["type"] == kind
        assert "&#34;&gt;&lt;b&gt;ada" in properties["title"]
        assert description in properties["description"]
        assert properties["url"].endswith(path)
        assert f'<link rel="canonical" href="{properties["url"]}">' in answer.text
        assert "evil.example" not in answer.text
