"""The page that says what went wrong, and the way back to the page before."""

import pytest
from falcon import MEDIA_HTML, Request, Response, testing

from minitwit.web.browser_responses import previous_page
from minitwit.web.html_responses import send_error_page


def request(**headers: str) -> Request:
    return Request(testing.create_environ(host="minitwit.test", headers=headers))


def text_of(resp: Response) -> str:
    assert resp.text is not None
    return resp.text


@pytest.mark.parametrize("status", [400, 403, 404, 405, 413, 415, 500, 503])
def test_every_refusal_has_a_page_with_a_title_and_advice(status: int) -> None:
    resp = Response()
    send_error_page(resp, status, "What happened.")
    assert resp.content_type == MEDIA_HTML
    assert "<p>What happened.</p>" in text_of(resp)
    assert "$" not in text_of(resp)


def test_what_a_caller_sent_is_escaped_on_the_page() -> None:
    resp = Response()
    send_error_page(resp, 400, 'The username "<b>" is reserved $title')
    assert "The username &quot;&lt;b&gt;&quot; is reserved $title" in text_of(resp)


def test_a_page_allows_nothing_inline_and_nothing_from_elsewhere() -> None:
    resp = Response()
    send_error_page(resp, 404, "")
    policy = resp.get_header("Content-Security-Policy", default="")
    assert policy.startswith("default-src 'self';")
    assert "unsafe" not in policy
    assert "<style" not in text_of(resp)
    assert "style=" not in text_of(resp)


@pytest.mark.parametrize(
    ("referer", "page"),
    [
        ("http://minitwit.test/public?before=1-2", "/public?before=1-2"),
        ("http://minitwit.test/Roger%20Histand", "/Roger%20Histand"),
        ("http://elsewhere.test/public", None),
        ("http://minitwit.test//elsewhere.test/", None),
        ("nonsense", None),
    ],
)
def test_the_previous_page_is_one_of_ours(referer: str, page: str | None) -> None:
    assert previous_page(request(Referer=referer)) == page


def test_without_a_referer_there_is_no_previous_page() -> None:
    assert previous_page(request()) is None
