"""Scenario files: round trip, and errors that name the line."""

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minitwit_cli.simulator.scenario import Action, InvalidScenario, read, write

fields = st.text(
    st.characters(codec="utf-8", exclude_characters="\t\r\n"), min_size=1, max_size=20
)


@given(username=fields, argument=fields, password=fields)
def test_what_is_written_is_read_again(
    username: str, argument: str, password: str
) -> None:
    actions = [
        Action(0, 0, 1_700_000_000_000, "register", username, argument, password),
        Action(1, 250, 1_700_000_000_250, "tweet", username, argument),
    ]
    file = BytesIO()
    write(actions, file)
    assert read(BytesIO(file.getvalue())) == actions


def test_a_line_of_the_courses_kind_is_understood() -> None:
    line = (
        b"7\t90210\t1700000090210\tregister\tAda Holm\tada+holm@example.org\t-']\"S!\n"
    )
    assert read(BytesIO(line)) == [
        Action(
            id=7,
            delay=90210,
            timestamp=1700000090210,
            command="register",
            username="Ada Holm",
            argument="ada+holm@example.org",
            password="-']\"S!",
        )
    ]


def test_line_ends_of_windows_are_not_part_of_a_message() -> None:
    assert read(BytesIO(b"0\t0\t5\ttweet\talice\thello\r\n"))[0].argument == "hello"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"hello", "expected 6 columns"),
        (b"", "expected 6 columns"),
        (b"1\t0\t5\ttweet\talice", "found 5"),
        (b"1\t0\t5\ttweet\talice\ta\ttab", "found 7"),
        (b"1\t0\t5\tregister\talice\ta@b", "expected 7 columns"),
        (b"1\t0\t5\tretweet\talice\thello", "'retweet' is none of register, tweet"),
        (b"1\t0\t5\ttweet\t\thello", "username is empty"),
        (b"x\t0\t5\ttweet\talice\thello", "id 'x' is not a whole number"),
        (b"1\t-1\t5\ttweet\talice\thello", "delay '-1' is not a whole number"),
        (b"1\t0\t5.5\ttweet\talice\thello", "timestamp '5.5' is not a whole number"),
        (b"1\t0\t5\ttweet\talice\t\xff", "can't decode byte 0xff"),
    ],
)
def test_a_malformed_line_is_named_by_its_number(line: bytes, reason: str) -> None:
    good = b"0\t0\t5\ttweet\talice\thello\n"
    with pytest.raises(InvalidScenario, match=r"^line 3 of the scenario: ") as raised:
        read(BytesIO(good + good + line + b"\n" + good))
    assert reason in str(raised.value)


def test_a_file_without_actions_is_refused() -> None:
    with pytest.raises(InvalidScenario, match="no actions"):
        read(BytesIO(b""))


@pytest.mark.parametrize("separator", ["\t", "\n", "\r"])
def test_a_field_that_the_format_cannot_hold_is_not_written(separator: str) -> None:
    action = Action(3, 0, 5, "tweet", "alice", f"two{separator}words")
    file = BytesIO()
    with pytest.raises(InvalidScenario, match="action 3"):
        write([action], file)
    assert file.getvalue() == b""
