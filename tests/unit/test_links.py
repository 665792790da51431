"""Links in messages: what becomes one, and that nothing a stranger writes is markup."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

from functions.timeline.links import linked


def address(text: str) -> str:
    shown = escape(text)
    return f'<a href="{shown}" rel="nofollow ugc noopener">{shown}</a>'


@pytest.mark.parametrize(
    ("content", "html"),
    [
        (
            "see http://a.example/b?c=1&d=2.",
            f"see {address('http://a.example/b?c=1&d=2')}.",
        ),
        ("HTTPS://A.EXAMPLE", address("HTTPS://A.EXAMPLE")),
        ("(https://a.example/b_(c))", f"({address('https://a.example/b_(c)')})"),
        ("https://a.example/é, yes", f"{address('https://a.example/é')}, yes"),
        ("<https://a.example>", f"&lt;{address('https://a.example')}&gt;"),
        ("javascript:alert(1) ftp://a.example", "javascript:alert(1) ftp://a.example"),
        ("http:// nothing", "http:// nothing"),
        ("@bob, hello", '<a href="/bob">@bob</a>, hello'),
        ("hi @bob.smith.", 'hi <a href="/bob.smith">@bob.smith</a>.'),
        ("@bøb", '<a href="/b%C3%B8b">@bøb</a>'),
        ("mail bob@example.org or @@x", "mail bob@example.org or @@x"),
        ("http://a.example/@bob", address("http://a.example/@bob")),
        ('a < b & "c"', "a &lt; b &amp; &#34;c&#34;"),
        ("&lt;b&gt;", "&amp;lt;b&amp;gt;"),
    ],
)
def test_addresses_and_names_become_links_and_all_else_is_text(
    content: str, html: str
) -> None:
    assert linked(content) == html


def test_a_quote_ends_no_attribute() -> None:
    html = linked('https://a.example/"onmouseover="alert(1)')
    assert html.startswith(address("https://a.example/"))
    assert '"onmouseover' not in html


@given(st.text(alphabet="@htps:/.()<>&\"' ab\n", max_size=80))
def test_without_its_links_a_message_is_the_escaped_text(content: str) -> None:
    html = linked(content)
    bare = str(html)
    while (start := bare.find("<a ")) >= 0:
        end = bare.index(">", start)
        bare = bare[:start] + bare[end + 1 :]
    assert bare.replace("</a>", "") == escape(content)
