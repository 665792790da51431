"""Links in messages: addresses and mentions, and no link to anything else."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup, escape

from functions.timeline.links import linked
from minitwit.text.links import mention_candidates, next_found


def candidates(content: str) -> set[str]:
    return {name for _, name in mention_candidates(content)}


def address(text: str) -> Markup:
    return Markup('<a href="{0}" rel="nofollow ugc noopener">{0}</a>').format(text)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("see http://a.example/b?c=1&d=2.", "http://a.example/b?c=1&d=2"),
        ("HTTPS://A.EXAMPLE", "HTTPS://A.EXAMPLE"),
        ("(https://a.example/b_(c))", "https://a.example/b_(c)"),
        ("https://a.example/((b)c).", "https://a.example/((b)c)"),
        ("[https://a.example/b]", "https://a.example/b"),
        ("https://a.example/?b[]=1&c=2", "https://a.example/?b[]=1&c=2"),
        ("https://a.example/é, yes", "https://a.example/é"),
        ("<https://a.example>", "https://a.example"),
        ("'https://a.example/b'", "https://a.example/b"),
        ("`https://a.example/b`", "https://a.example/b"),
        ("**https://a.example/b**", "https://a.example/b"),
        ("http://a.example/@bob", "http://a.example/@bob"),
        ("https://[::1]:8000/b", "https://[::1]:8000/b"),
        ("https://münchen.example/ü", "https://münchen.example/ü"),
        ("https://a.example/日本", "https://a.example/日本"),
        ("https://a.example/ラ・ム", "https://a.example/ラ・ム"),
        ("https://a.example/می\u200cخواهم", "https://a.example/می\u200cخواهم"),
        ("https://a.example/❤\ufe0f!", "https://a.example/❤\ufe0f"),
        ("https://a.example/💡 now", "https://a.example/💡"),
        ("https://a.example/#:~:text=b,c", "https://a.example/#:~:text=b,c"),
        ("https://a.example/b—c", "https://a.example/b"),
        ("https://a.example/b｜c", "https://a.example/b"),
        ("https://a.example/b‽", "https://a.example/b"),
        ("https://a.example/b۔", "https://a.example/b"),
        ("https://a.example/b་", "https://a.example/b"),
        ("https://a.example/b\u00adc", "https://a.example/b"),
        ("見てhttps://a.example/b", "https://a.example/b"),
        ("https://a.example/b。次", "https://a.example/b"),
        ("https://a.example/b、次", "https://a.example/b"),
        ("https://a.example/b，次", "https://a.example/b"),
        ("https://a.example/b：次", "https://a.example/b"),
        ("https://a.example/b！", "https://a.example/b"),
        ("https://a.example。次", "https://a.example"),
        ("（https://a.example/b）", "https://a.example/b"),
        ("「https://a.example/b」と", "https://a.example/b"),
        ("【https://a.example/b】", "https://a.example/b"),
        ("“https://a.example/b”", "https://a.example/b"),
        ("„https://a.example/b“", "https://a.example/b"),
        ("«https://a.example/b»", "https://a.example/b"),
        ("❝https://a.example/b❞", "https://a.example/b"),
        ("https://a.example/b’s", "https://a.example/b"),
        ("https://a.example/b…", "https://a.example/b"),
        ("https://a.example/b؟", "https://a.example/b"),
        ("https://a.example/b؛", "https://a.example/b"),
        ("https://a.example/b।", "https://a.example/b"),
        ("https://a.example/b።c", "https://a.example/b"),
        ("https://a.example/b\u3000c", "https://a.example/b"),
        ("https://a.example/b\u00a0c", "https://a.example/b"),
        ("https://a.example/b\u200bc", "https://a.example/b"),
        ("https://a.example/b\u202ec", "https://a.example/b"),
        ("https://a.example/b\u3164c", "https://a.example/b"),
        ('https://a.example/"onmouseover="alert(1)', "https://a.example/"),
    ],
)
def test_an_address_ends_where_a_reader_sees_it_end(content: str, found: str) -> None:
    before, after = content.split(found)
    assert linked(content) == escape(before) + address(found) + escape(after)


@pytest.mark.parametrize(
    "content",
    [
        "javascript:alert(1) ftp://a.example //a.example",
        "http:// nothing",
        "https://user:password@a.example/b",
        "https://known.example@a.example",
        "mail bob@example.org",
        'a < b & "c"',
        "&lt;b&gt;",
    ],
)
def test_no_other_text_becomes_an_address(content: str) -> None:
    assert linked(content) == escape(content)


USERS = {
    "Ada@home",
    "Bob c++",
    "Max",
    "Max Q. Mustermann",
    "O",
    "Smith",
    "Zoe",
    "Zoë",
    "bob",
    "carol",
    "null",
    "ليلى",
    "प",
    "प्रिया",
    "健一",
    "小明",
    "Zoë <b> 🐘 100%",
}


@pytest.mark.parametrize(
    ("content", "mentioned", "path"),
    [
        ("@bob, hello", "@bob", "/bob"),
        ("hi @bob.", "@bob", "/bob"),
        ("(@bob)", "@bob", "/bob"),
        ("@bob's turn", "@bob", "/bob"),
        ("@bob’s turn", "@bob", "/bob"),
        ("@nobody @bob", "@bob", "/bob"),
        ("@null", "@null", "/null"),
        ("@bob—hi", "@bob", "/bob"),
        ("«@bob»", "@bob", "/bob"),
        ("@bob…", "@bob", "/bob"),
        ("@Max Q. Mustermann, hi", "@Max Q. Mustermann", "/Max%20Q.%20Mustermann"),
        ("@Max Q. hi", "@Max", "/Max"),
        ("@Max\nQ. Mustermann", "@Max", "/Max"),
        ("@Bob c++!", "@Bob c++", "/Bob%20c%2B%2B"),
        ("@Ada@home", "@Ada@home", "/Ada%40home"),
        ("@Zoë hi", "@Zoë", "/Zo%C3%AB"),
        ("@Zoe\u0308 hi", "@Zoe\u0308", "/Zo%C3%AB"),
        (
            "@Zoë <b> 🐘 100%!",
            "@Zoë <b> 🐘 100%",
            "/Zo%C3%AB%20%3Cb%3E%20%F0%9F%90%98%20100%25",
        ),
        (
            "@प्रिया!",
            "@प्रिया",
            "/%E0%A4%AA%E0%A5%8D%E0%A4%B0%E0%A4%BF%E0%A4%AF%E0%A4%BE",
        ),
        ("@小明，你好", "@小明", "/%E5%B0%8F%E6%98%8E"),
        ("@ليلى، مرحبا", "@ليلى", "/%D9%84%D9%8A%D9%84%D9%89"),
    ],
)
def test_a_mention_is_the_longest_name_that_a_user_has(
    content: str, mentioned: str, path: str
) -> None:
    known = candidates(content) & USERS
    before, after = content.split(mentioned)
    link = Markup('<a href="{}"><bdi>{}</bdi></a>').format(path, mentioned)
    assert linked(content, known) == escape(before) + link + escape(after)


@pytest.mark.parametrize(
    "content",
    [
        "@carol@other.example",
        "mail bob@example.org or @@bob",
        "@bob.smith",
        "@bobby",
        "@bob_",
        "@bob-led",
        "@O'Brien",
        "@O’Brien",
        "@Smith-Jones",
        "@健一・佐藤",
        "@小明你好",
        "@प्रि",
        "@प्रियाः",
        "@Zoe\u0301",
        "@bob\u200d",
        "@ bob",
        "@bob²",
        "@bob\u20e3",
        "@bob\ufe0f",
        "@\u200bbob",
        "@bob\u202e",
        "@nobody",
    ],
)
def test_a_part_of_a_name_is_no_mention(content: str) -> None:
    assert linked(content, candidates(content) & USERS) == escape(content)


def test_candidates_stand_at_their_places_longest_first() -> None:
    assert mention_candidates("hi @Zoe\u0308 Q\n@b") == [
        (4, "Zoe\u0308 Q"),
        (4, "Zoë Q"),
        (4, "Zoe\u0308"),
        (4, "Zoë"),
        (12, "b"),
    ]
    assert mention_candidates("http://a.example/@b c@d @") == []


def test_a_message_has_a_bounded_number_of_candidates() -> None:
    assert len(mention_candidates("@a.b c " * 140)) <= 400
    assert len(mention_candidates("@a " * 333)) <= 400


@given(st.text(alphabet="@htps:/.()[]<>&\"' ab\n。”\u0301\u200b", max_size=80))
def test_without_its_links_a_message_is_the_escaped_text(content: str) -> None:
    bare = str(linked(content, {"a", "b", "a b"}))
    for tag in ("</a>", "<bdi>", "</bdi>"):
        bare = bare.replace(tag, "")
    while (start := bare.find("<a ")) >= 0:
        end = bare.index(">", start)
        bare = bare[:start] + bare[end + 1 :]
    assert bare == escape(content)


# Prints nothing; a pattern that tries everything twice would go on for centuries.
_MANY = """
from itertools import product
from minitwit.text.links import mention_candidates, next_found
prefixes = ("", "http://a/", "http://a/(", "http://a/([", "@", "http://")
pieces = (
    "[x]", "(x", "([x])", "[", "](", "(", "()", "x)", "([", "[(", "(.", ").", "a.", "#",
    "http://", "http://a/(", "http://[", "@", "a@", "://", "~", "'s", "1", "\u200d"
)
for prefix, piece, end in product(prefixes, pieces, ("", ")", "]", "!", "@b")):
    content = (prefix + piece * 1000)[:990] + end
    place = 0
    while found := next_found(content, place):
        place = found[1]
    mention_candidates(content + "@b")
"""


def test_no_message_takes_forever() -> None:
    subprocess.run([sys.executable, "-c", _MANY], check=True, timeout=120)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("http://a/(b_(c_(d)))", "http://a/(b_(c_(d)))"),
        ("http://a/(b_(c_(d_(e))))", "http://a/"),  # one too many
        ("http://a/([b)", "http://a/([b)"),
        ("http://a/(b", "http://a/"),
    ],
)
def test_parentheses_nest_a_little(text: str, address: str) -> None:
    found = next_found(text, 0)
    assert found
    assert text[slice(*found)] == address
