"""Messages in the API."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.contract.callers import Callers, assert_error, new_name

POSTS = 1001  # one more than `no` may ask for


def post_many(minitwit: Callers, name: str, count: int) -> None:
    """Post so many messages."""
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda n: minitwit.post(name, f"message {n}"), range(count)))


# contract: S5
def test_posting_is_204_with_an_empty_body(minitwit: Callers) -> None:
    answer = minitwit.simulator.post(f"/msgs/{minitwit.user()}", json={"content": "x"})
    assert (answer.status_code, answer.content) == (204, b"")


# contract: M1
@pytest.mark.parametrize("path", ["/msgs", "/msgs/{user}"])
def test_message_is_content_pub_date_and_user(minitwit: Callers, path: str) -> None:
    ada = minitwit.user()
    before = int(time.time())
    minitwit.post(ada, "hello")
    message = minitwit.simulator.get(path.format(user=ada)).json()[0]
    assert set(message) == {"content", "pub_date", "user"}
    assert (message["content"], message["user"]) == ("hello", ada)
    assert type(message["pub_date"]) is int
    # A second for clocks that differ, in a system on several machines.
    assert before - 1 <= message["pub_date"] <= time.time() + 1


# contract: M1
@pytest.mark.parametrize("path", ["/msgs", "/msgs/{user}"])
def test_messages_are_newest_first_and_ties_newest_inserted_first(
    minitwit: Callers, path: str
) -> None:
    ada = minitwit.user()
    texts = [f"message {n}" for n in range(9)]
    for text in texts:
        minitwit.post(ada, text)
    messages = minitwit.simulator.get(path.format(user=ada)).json()
    mine = [message["content"] for message in messages if message["user"] == ada]
    assert mine == texts[::-1]


def test_messages_of_a_user_are_nobody_elses(minitwit: Callers) -> None:
    ada, bob = minitwit.user(), minitwit.user()
    minitwit.post(ada, "from ada")
    minitwit.post(bob, "from bob")
    assert minitwit.contents(ada) == ["from ada"]
    assert {"from ada", "from bob"} <= {
        message["content"] for message in minitwit.simulator.get("/msgs").json()
    }


# contract: M1
def test_no_messages_are_an_empty_list(minitwit: Callers) -> None:
    assert minitwit.messages(minitwit.user()) == []


# contract: A4, A5
def test_no_says_how_many_messages_come(minitwit: Callers) -> None:
    ada = minitwit.user()
    post_many(minitwit, ada, POSTS)
    expected = {
        None: 100,
        "": 100,
        "ten": 100,
        "1.5": 100,
        "-1": 100,
        "-5000": 100,
        "0": 0,
        "1": 1,
        "20": 20,
        "1000": 1000,
        "1001": 1000,
        str(10**15): 1000,
        "9" * 30: 1000,
    }
    for path in (f"/msgs/{ada}", "/msgs"):
        for no, count in expected.items():
            params = {} if no is None else {"no": no}
            answer = minitwit.simulator.get(path, params=params)
            assert answer.status_code == 200
            assert len(answer.json()) == count, no


# contract: M2
def test_messages_of_an_unknown_user_are_404(minitwit: Callers) -> None:
    assert_error(minitwit.simulator.get(f"/msgs/{new_name()}"), 404)


# contract: M2
def test_message_by_an_unknown_user_is_404(minitwit: Callers) -> None:
    answer = minitwit.simulator.post(f"/msgs/{new_name()}", json={"content": "x"})
    assert_error(answer, 404)


# contract: M3
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"content": None},
        {"content": 5},
        {"content": ["x"]},
        {"content": ""},
        {"content": " \t\n\u2003"},
        {"text": "x"},
    ],
)
def test_content_missing_no_string_empty_or_blank_is_400(
    minitwit: Callers, body: dict[str, Any]
) -> None:
    ada = minitwit.user()
    assert_error(minitwit.simulator.post(f"/msgs/{ada}", json=body), 400)
    assert minitwit.messages(ada) == []


# contract: M3
@pytest.mark.parametrize(
    "content",
    [
        "\u200b",
        "\u3164",
        "\u2800\u2800",
        "\u00ad",
        "\ufe0f",
        "\u202e\n",
        "\u115f \u2028",
        "\U000e0020",
        "\u034f",
        "\x01",
        "\x7f",
    ],
    ids=ascii,
)
def test_content_of_invisible_characters_alone_is_400_like_a_blank_one(
    minitwit: Callers, content: str
) -> None:
    ada = minitwit.user()
    answer = minitwit.simulator.post(f"/msgs/{ada}", json={"content": content})
    assert_error(answer, 400, "You have to enter a message")
    assert minitwit.messages(ada) == []


@pytest.mark.parametrize(
    "content", ["。", "प", "🐘", "\u200b.", "٣", "\u0301"], ids=ascii
)
def test_content_of_one_visible_character_is_taken(
    minitwit: Callers, content: str
) -> None:
    ada = minitwit.user()
    minitwit.post(ada, content)
    assert minitwit.contents(ada) == [content]


# contract: M3
def test_content_longer_than_a_thousand_characters_is_400(minitwit: Callers) -> None:
    ada = minitwit.user()
    path = f"/msgs/{ada}"
    longest = "\U0001f418" * 1000
    too_long = {"content": longest + "x"}
    assert_error(minitwit.simulator.post(path, json=too_long), 400)
    minitwit.post(ada, longest)
    assert minitwit.contents(ada) == [longest]


# contract: M4
@pytest.mark.parametrize(
    "content",
    [
        "  spaces around  ",
        "two\nlines\r\n\tand a tab",
        "<script>alert('x')</script> & &amp;",
        "Ærøskøbing, 東京, Αθήνα, ‮right to left‬",
        "👩‍👩‍👧‍👦 e\u0301 \ufeff \uffff \u2028",
        "%s %(a)s {0} :name $1 -- '; DROP TABLE users; --",
        "\\ \" ' `",
        "\x01\x1b[31m\x7f",
    ],
)
def test_content_is_returned_verbatim(minitwit: Callers, content: str) -> None:
    ada = minitwit.user()
    minitwit.post(ada, content)
    assert minitwit.contents(ada) == [content]
    newest = minitwit.simulator.get("/msgs", params={"no": 20}).json()
    assert content in [message["content"] for message in newest]


# contract: M4
@pytest.mark.parametrize(
    "escape", ["\\u0000", "a\\u0000b", "\\ud800", "\\udc00 x", "\\ud800\\ud800"]
)
def test_nul_and_lone_surrogates_are_400(minitwit: Callers, escape: str) -> None:
    ada = minitwit.user()
    body = f'{{"content": "x{escape}"}}'.encode()
    assert_error(minitwit.simulator.post(f"/msgs/{ada}", content=body), 400)
    assert minitwit.messages(ada) == []


def test_after_a_refused_message_the_next_request_gets_its_own_answer(
    minitwit: Callers,
) -> None:
    ada, bob = minitwit.user(), minitwit.user()
    minitwit.post(bob, "from bob")
    for _ in range(5):
        body = b'{"content": "\\ud800"}'
        assert_error(minitwit.simulator.post(f"/msgs/{ada}", content=body), 400)
        assert minitwit.contents(bob) == ["from bob"]
        assert minitwit.messages(ada) == []
