"""Parsers and models on any input: a value, or an error that the sender is shown."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any
from unicodedata import is_normalized, normalize
from urllib.parse import quote, unquote, urlencode, urljoin, urlsplit

import falcon
import pytest
from falcon import testing
from hypothesis import example, given, settings
from hypothesis import strategies as st

from functions.timeline.message_html import moment
from minitwit.errors import InvalidInput
from minitwit.models import MAX_LIMIT, FollowChange, Incoming, NewMessage, Registration
from minitwit.server.request import connection_environ
from minitwit.server.request_parser import RequestParser
from minitwit.text.dates import writable
from minitwit.text.links import mention_candidates
from minitwit.text.unicode_rules import username_fault
from minitwit.web.browser_responses import user_path
from minitwit.web.request_data import (
    cursor,
    form,
    is_local_path,
    json_body,
    limit,
    page_start,
    path_of_own_url,
    place,
)
from minitwit.web.request_errors import UnsupportedBody
from minitwit.web.signed_cookies import Flash, SignedCookies
from tests.session_cookies import ADA, SESSION, cookie, signed_in
from tests.strategies import messages, names
from tests.stress.fuzzer import Generator

MANY = settings(max_examples=200)
CONVERSATIONS = 4000
SEED = 21

COOKIES = SignedCookies(["k" * 32], days=1)
SIGNED_IN = signed_in(COOKIES)
MODELS: list[type[Incoming]] = [Registration, NewMessage, FollowChange]
BIGINT = range(-(2**63), 2**63)

texts = st.text(st.characters(codec="utf-8"), max_size=60)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)
fields = ["username", "email", "pwd", "content", "follow", "unfollow"]
bodies = st.binary(max_size=100) | st.dictionaries(
    st.sampled_from(fields), json_values | names | messages
).map(lambda value: json.dumps(value).encode())
numbers = st.text(max_size=8) | st.integers().map(str)
queries = st.dictionaries(
    st.sampled_from(["no", "before", "after", "latest"]),
    numbers | st.tuples(numbers, numbers).map("-".join),
)


def posted(body: bytes, kind: str) -> falcon.Request:
    headers = {"Content-Type": kind}
    return testing.create_req(method="POST", body=body, headers=headers)


def parsed(raw: bytes, cuts: Sequence[int]) -> tuple[list[tuple[str, str, bytes]], str]:
    """Return the requests that bytes hold, and the status of what is refused."""
    parser = RequestParser(
        connection_environ(("10.0.0.9", 4711), 8000), "10.0.0.1:8000"
    )
    for start, end in pairwise((0, *cuts, len(raw))):
        parser.feed(raw[start:end])
    parser.feed_eof()
    requests = [
        (
            request.environ["REQUEST_METHOD"],
            request.environ["PATH_INFO"],
            request.environ["wsgi.input"].read(),
        )
        for request in parser.requests
    ]
    return requests, parser.error.status if parser.error else ""


def test_the_request_parser_returns_requests_or_refuses_them() -> None:
    generator = Generator(SEED, "ada", ["/latest", "/public"], ["/msgs/{user}"])
    inputs = 0
    for _ in range(CONVERSATIONS):
        conversation = generator.conversation()
        inputs += conversation.count
        requests, refused = parsed(conversation.raw, conversation.cuts)
        assert not refused or refused.startswith("4"), conversation.raw
        intact = [request.raw.split(b" ")[0] for request in conversation.intact]
        methods = [method.encode() for method, _, _ in requests]
        assert methods[: len(intact)] == intact, conversation.raw
        if not conversation.is_mutated:
            assert (requests, refused) == parsed(conversation.raw, ())
            assert len(requests) == conversation.count
    print(f"request parser: {inputs} inputs")
    assert inputs > 4 * CONVERSATIONS


@pytest.mark.parametrize("model", MODELS)
@MANY
@given(body=bodies)
def test_a_json_body_is_a_model_or_has_a_fault(
    model: type[Incoming], body: bytes
) -> None:
    try:
        value = json_body(posted(body, "application/json"), model)
    except InvalidInput as error:
        assert str(error)
    else:
        assert isinstance(value, model)
        assert model.model_validate_json(value.model_dump_json(by_alias=True)) == value


@MANY
@given(body=st.binary(max_size=200))
def test_a_form_is_texts_by_name(body: bytes) -> None:
    found = form(posted(body, "application/x-www-form-urlencoded"))
    assert all(isinstance(text, str) for pair in found.items() for text in pair)
    json.dumps(found).encode()


@MANY
@given(typed=st.dictionaries(texts.filter(bool), texts))
def test_a_form_is_what_was_typed(typed: dict[str, str]) -> None:
    body = urlencode(typed).encode()
    found = form(posted(body, "application/x-www-form-urlencoded"))
    assert found == {key: text.replace("\r\n", "\n") for key, text in typed.items()}


@MANY
@given(kind=st.text(st.characters(max_codepoint=255), max_size=40))
def test_a_content_type_is_known_or_refused(kind: str) -> None:
    try:
        form(posted(b"a=b", kind))
    except UnsupportedBody as error:
        assert str(error)


@MANY
@given(
    name=st.sampled_from(["session", "flash", "draft", "browser", "x"]),
    value=st.text(st.characters(max_codepoint=255), max_size=80),
)
@example(name="session", value=SIGNED_IN[:-1])
def test_a_cookie_of_another_maker_holds_nothing(name: str, value: str) -> None:
    req = testing.create_req(headers={"Cookie": f"{name}={value}"})
    resp = falcon.Response()
    assert COOKIES.session(req) is None
    assert COOKIES.take_flash(req, resp) is None
    assert COOKIES.take_draft(req, resp, ADA.id) == ""
    assert COOKIES.known_browser(req).accounts == ()


@MANY
@given(
    at=st.integers(0, 200), character=st.characters(min_codepoint=33, max_codepoint=126)
)
def test_a_changed_cookie_is_no_other_session(at: int, character: str) -> None:
    changed = SIGNED_IN[:at] + character + SIGNED_IN[at + 1 :]
    claim = COOKIES.session(
        testing.create_req(headers={"Cookie": f"session={changed}"})
    )
    assert claim is None or (claim.user_id, claim.id) == (ADA.id, SESSION)


@MANY
@given(text=texts, typed=st.dictionaries(texts, texts, max_size=3))
def test_a_flash_is_read_as_it_was_left(text: str, typed: dict[str, str]) -> None:
    resp = falcon.Response()
    COOKIES.flash(testing.create_req(), resp, Flash(text, form=typed))
    req = testing.create_req(headers={"Cookie": f"flash={cookie(resp, 'flash')}"})
    assert COOKIES.take_flash(req, falcon.Response()) == Flash(text, form=typed)


@MANY
@given(content=messages)
def test_a_mention_is_written_in_the_message(content: str) -> None:
    for candidate in mention_candidates(content):
        behind = content[candidate.place :]
        name = candidate.username
        assert behind.startswith(name) or normalize("NFC", behind).startswith(name)


@MANY
@given(pub_date=st.integers(BIGINT.start, BIGINT.stop - 1))
def test_any_stored_date_can_be_written(pub_date: int) -> None:
    sent = datetime.fromtimestamp(writable(pub_date), UTC)
    assert moment(pub_date).iso == sent.isoformat()


@MANY
@given(name=names)
def test_a_name_that_is_accepted_has_one_spelling_and_an_address(name: str) -> None:
    body = {"username": name, "email": "a@b.c", "pwd": "x"}
    try:
        registration = Registration.model_validate(body)
    except ValueError:
        return
    assert registration.username == name
    assert is_normalized("NFC", name)
    assert name == name.strip()
    assert username_fault(name) is None
    assert unquote(user_path(name)) == f"/{name}"


@MANY
@given(query=queries)
def test_parameters_of_pages_stay_within_their_ranges(query: dict[str, str]) -> None:
    raw = urlencode(query, errors="replace")
    req = testing.create_req(query_string=raw)
    assert 0 <= limit(req) <= MAX_LIMIT
    for found in (cursor(req), cursor(req, "after"), page_start(req)):
        assert found is None or (found.pub_date in BIGINT and found.id in BIGINT)
    assert place(req) is None or place(req) in range(2**63)


paths = st.text(st.sampled_from("/\\.:@?#%a\t\n\r "), max_size=12) | texts


@MANY
@given(text=paths)
def test_a_local_path_leads_to_this_site(text: str) -> None:
    if is_local_path(text):
        assert urlsplit(urljoin("http://site.example/x", text)).netloc == "site.example"


@MANY
@given(text=paths, scheme=st.sampled_from(["http", "HTTPS", "ftp", ""]))
def test_only_an_address_of_this_site_has_a_path(text: str, scheme: str) -> None:
    req: Any = testing.create_req(host="site.example")
    path = path_of_own_url(req, f"{scheme}://site.example{text}")
    assert path is None or path.startswith("/")
    assert path_of_own_url(req, f"{scheme}://site.example.evil{quote(text)}") is None
