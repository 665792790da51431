"""HTML responses: the error page and its headers."""

import pytest
from falcon import MEDIA_HTML, Response

from minitwit.web.html_responses import send_error_page


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
