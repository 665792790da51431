"""Cookies: keys that are replaced, ages, and what fits into one."""

import hashlib
import os
import time

import falcon
import pytest
from falcon import testing
from itsdangerous import URLSafeTimedSerializer

from minitwit.models import Account
from minitwit.web.signed_cookies import Flash, SignedCookies
from tests.session_cookies import ADA, SESSION, cookie, signed_in

OLD, NEW, OTHER = "o" * 32, "n" * 32, "x" * 32


def account(cookies: SignedCookies, value: str) -> Account | None:
    """Return the account that a session cookie claims."""
    return account_in(cookies, testing.create_req(cookies={"session": value}))


def account_in(cookies: SignedCookies, req: falcon.Request) -> Account | None:
    """Return the account that a request claims."""
    claim = cookies.session(req)
    return Account(claim.user_id, claim.username) if claim else None


def test_session_is_read_by_any_replica_with_the_key() -> None:
    value = signed_in(SignedCookies([NEW], days=1))
    assert account(SignedCookies([NEW], days=1), value) == ADA
    assert account(SignedCookies([OTHER], days=1), value) is None


def test_key_is_replaced_without_signing_anybody_out() -> None:
    before = signed_in(SignedCookies([OLD], days=1))
    during = SignedCookies([OLD, NEW], days=1)
    assert account(during, before) == ADA
    # New cookies outlive the old key, so it can be taken away.
    fresh = signed_in(during)
    after = SignedCookies([NEW], days=1)
    assert account(after, fresh) == ADA
    assert account(after, before) is None


def test_replica_that_knows_both_keys_is_understood_by_one_with_the_new() -> None:
    assert (
        account(SignedCookies([NEW], 1), signed_in(SignedCookies([OLD, NEW], 1))) == ADA
    )
    assert (
        account(SignedCookies([OLD], 1), signed_in(SignedCookies([OLD, NEW], 1)))
        is None
    )


def test_session_ends_after_its_days(monkeypatch: pytest.MonkeyPatch) -> None:
    cookies = SignedCookies([NEW], days=2)
    day = 24 * 60 * 60
    clock = [1_000_000_000]
    monkeypatch.setattr(time, "time", lambda: clock[0])
    value = signed_in(cookies)
    clock[0] += 2 * day
    assert account(cookies, value) == ADA
    clock[0] += 1
    assert account(cookies, value) is None


SKEWS = [(-61, False), (-60, True), (-2, True), (0, True), (3600, True)]


@pytest.mark.parametrize(("age", "is_valid"), SKEWS)
def test_clock_of_another_replica_may_be_ahead_by_a_minute(
    monkeypatch: pytest.MonkeyPatch, age: int, is_valid: bool
) -> None:
    cookies = SignedCookies([NEW], days=2)
    clock = [1_000_000_000]
    monkeypatch.setattr(time, "time", lambda: clock[0])
    session, flash = signed_in(cookies), flashed(cookies, Flash("x"))
    clock[0] += age
    assert (account(cookies, session) == ADA) is is_valid
    assert (taken(cookies, flash) == Flash("x")) is (is_valid and age <= 60)


HTTPS = {"X-Forwarded-Proto": "https"}


def cookies_set(resp: falcon.Response) -> dict[str, str]:
    """Return the cookies that a response sets, with their attributes."""
    headers = [value for key, value in resp._wsgi_headers() if key == "set-cookie"]
    return {header.partition("=")[0]: header for header in headers}


def test_cookies_over_https_have_a_name_of_their_own() -> None:
    cookies = SignedCookies([NEW], days=1)
    for headers, prefix in (({}, ""), (HTTPS, "__Host-")):
        req = testing.create_req(headers=headers)
        resp = falcon.Response()
        cookies.set_session(req, resp, ADA, SESSION)
        cookies.flash(req, resp, Flash("x"))
        cookies.keep_draft(req, resp, "x")
        names = {f"{prefix}session", f"{prefix}flash", f"{prefix}draft"}
        assert set(cookies_set(resp)) == names
        for header in cookies_set(resp).values():
            assert "Path=/" in header
            assert "Domain" not in header


@pytest.mark.parametrize(
    ("headers", "name", "is_valid"),
    [
        ({}, "session", True),
        ({}, "__Host-session", False),
        (HTTPS, "session", True),  # Set by an earlier release, or over http.
        (HTTPS, "__Host-session", True),
    ],
)
def test_session_is_accepted_by_the_names_of_its_scheme(
    headers: dict[str, str], name: str, is_valid: bool
) -> None:
    cookies = SignedCookies([NEW], days=1)
    sent = {name: signed_in(cookies)}
    req = testing.create_req(headers=headers, cookies=sent)
    assert (account_in(cookies, req) == ADA) is is_valid


def test_host_cookie_comes_before_a_plain_one_over_https() -> None:
    cookies = SignedCookies([NEW], days=1)
    resp = falcon.Response()
    cookies.set_session(testing.create_req(), resp, Account(8, "Eve"), SESSION)
    sent = {
        "session": cookie(resp, "session"),
        "__Host-session": signed_in(cookies),
    }
    req = testing.create_req(headers=HTTPS, cookies=sent)
    assert account_in(cookies, req) == ADA


def test_signing_out_deletes_the_cookies_of_both_names() -> None:
    cookies = SignedCookies([NEW], days=1)
    resp = falcon.Response()
    cookies.delete_session(testing.create_req(headers=HTTPS), resp)
    deleted = cookies_set(resp)
    assert {"session", "__Host-session"} <= set(deleted)
    assert all("expires=Thu, 01 Jan 1970" in header for header in deleted.values())
    # A browser ignores a `__Host-` cookie without Secure.
    assert all("Secure" in header for header in deleted.values())


@pytest.mark.parametrize(
    ("headers", "secure"),
    [
        ({}, False),
        ({"X-Forwarded-Proto": "https"}, True),
        ({"Forwarded": "proto=https"}, False),
        ({"Forwarded": "proto=http", "X-Forwarded-Proto": "https"}, True),
    ],
)
def test_cookies_are_secure_only_when_the_edge_says_https(
    headers: dict[str, str], secure: bool
) -> None:
    cookies = SignedCookies([NEW], days=1)
    resp = falcon.Response()
    cookies.set_session(testing.create_req(headers=headers), resp, ADA, SESSION)
    [header] = cookies_set(resp).values()
    assert ("Secure" in header) is secure
    assert "HttpOnly" in header
    assert "SameSite=Lax" in header


def flashed(cookies: SignedCookies, flash: Flash) -> str:
    """Return the cookie that carries a flash."""
    resp = falcon.Response()
    cookies.flash(testing.create_req(), resp, flash)
    return cookie(resp, "flash")


def taken(cookies: SignedCookies, value: str) -> Flash | None:
    """Return the flash that a cookie carries."""
    req = testing.create_req(cookies={"flash": value})
    return cookies.take_flash(req, falcon.Response())


def test_flash_arrives_with_what_was_typed() -> None:
    cookies = SignedCookies([NEW], days=1)
    flash = Flash("no", True, {"username": "Zoë <b>"}, "username")
    for sent in (flash, Flash("no", is_error=True), Flash("yes")):
        assert taken(cookies, flashed(cookies, sent)) == sent


def test_typed_text_too_long_for_a_cookie_is_left_behind_not_the_reason() -> None:
    cookies = SignedCookies([NEW], days=1)
    value = flashed(cookies, Flash("why", form={"text": os.urandom(3000).hex()}))
    assert len(value) < 4096
    assert taken(cookies, value) == Flash("why", form={})


KINDS = ("session", "flash", "draft", "browser")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", KINDS)
def test_cookies_are_not_taken_for_each_other(kind: str, name: str) -> None:
    cookies = SignedCookies([NEW], days=1)
    req, resp = testing.create_req(), falcon.Response()
    cookies.set_session(req, resp, ADA, SESSION)
    cookies.flash(req, resp, Flash("x"))
    cookies.keep_draft(req, resp, "x")
    cookies.remember_browser(req, resp, ADA)
    sent = testing.create_req(cookies={name: cookie(resp, kind)})
    read = {
        "session": cookies.session(sent) is not None,
        "flash": cookies.take_flash(sent, falcon.Response()) is not None,
        "draft": cookies.take_draft(sent, falcon.Response(), ADA.id) != "",
        "browser": cookies.known_browser(sent).accounts != (),
    }
    assert [each for each in KINDS if read[each]] == ([name] if kind == name else [])


def test_cookie_of_a_release_without_sessions_claims_none() -> None:
    cookies = SignedCookies([NEW], days=1)
    now = SignedCookies([NEW], days=1).session(
        testing.create_req(cookies={"session": signed_in(cookies)})
    )
    assert now is not None and now.id == SESSION
    value = URLSafeTimedSerializer(
        [NEW],
        salt="session",
        signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
    ).dumps([ADA.id, ADA.username])
    claim = cookies.session(testing.create_req(cookies={"session": str(value)}))
    assert claim is not None
    assert (claim.user_id, claim.username, claim.id) == (ADA.id, ADA.username, None)
