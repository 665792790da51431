"""The simulator: credentials, the order of checks, and the JSON body."""

import base64
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.contract.callers import (
    NOT_AUTHORIZED,
    PASSWORD,
    SIMULATOR,
    Callers,
    assert_error,
    new_mark,
    new_name,
)
from tests.contract.endpoints import (
    BODIES,
    PROTECTED,
    Endpoint,
    call,
    endpoint_id,
)


def basic(credential: str) -> str:
    """Return a credential in the form of the header."""
    return f"Basic {base64.b64encode(credential.encode()).decode()}"


WRONG_CREDENTIALS = {
    "none": None,
    "empty": "",
    "wrong password": basic("simulator:wrong"),
    "wrong user": basic("admin:super_safe!"),
    "longer": basic("simulator:super_safe!!"),
    "other scheme": "Bearer c2ltdWxhdG9yOnN1cGVyX3NhZmUh",
    "no space": "Basicc2ltdWxhdG9yOnN1cGVyX3NhZmUh",
    "two tokens": "Basic c2ltdWxhdG9yOnN1cGVyX3NhZmUh c2ltdWxhdG9yOnN1cGVyX3NhZmUh",
    "no scheme": "c2ltdWxhdG9yOnN1cGVyX3NhZmUh",
    "not base64": "Basic \xff\xfe",
}


# contract: S1
@pytest.mark.parametrize("prefix", ["", "/api"], ids=["root", "api"])
@pytest.mark.parametrize("endpoint", PROTECTED, ids=endpoint_id)
def test_published_default_credential_is_accepted(
    minitwit: Callers, endpoint: Endpoint, prefix: str
) -> None:
    answer = call(minitwit, endpoint, prefix)
    assert answer.status_code == endpoint.status


# contract: S1
@pytest.mark.parametrize(
    "written",
    ["basic {}", "BASIC {}", "bAsIc {}", "Basic  {}", "Basic    {}"],
)
def test_scheme_has_no_case_and_any_number_of_spaces_behind_it(
    minitwit: Callers, written: str
) -> None:
    token = SIMULATOR["Authorization"].removeprefix("Basic ")
    mark = new_mark()
    answer = minitwit.anybody.get(
        "/msgs",
        params={"latest": mark},
        headers={"Authorization": written.format(token)},
    )
    assert answer.status_code == 200
    assert minitwit.latest() == mark


# contract: S2
@pytest.mark.parametrize("credential", WRONG_CREDENTIALS)
@pytest.mark.parametrize("prefix", ["", "/api"], ids=["root", "api"])
@pytest.mark.parametrize("endpoint", PROTECTED, ids=endpoint_id)
def test_credentials_missing_or_wrong_are_403_with_the_contracts_words(
    minitwit: Callers, endpoint: Endpoint, prefix: str, credential: str
) -> None:
    answer = call(
        minitwit,
        endpoint,
        prefix,
        client=minitwit.anybody,
        headers=header(WRONG_CREDENTIALS[credential]),
    )
    assert answer.status_code == 403
    assert answer.json() == NOT_AUTHORIZED


def header(authorization: str | None) -> dict[str, Any]:
    """Return the header, if there is one."""
    if authorization is None:
        return {}
    return {"Authorization": authorization.encode("latin-1")}


# contract: S2
def test_nothing_is_written_when_credentials_are_wrong(minitwit: Callers) -> None:
    ada, bob = minitwit.user(), minitwit.user()
    minitwit.simulator.get("/msgs?latest=17")
    wrong = header(basic("simulator:wrong"))
    for path, body in [
        (f"/msgs/{ada}?latest=99", {"content": "x"}),
        (f"/fllws/{ada}?latest=99", {"follow": bob}),
    ]:
        answer = minitwit.anybody.post(path, json=body, headers=wrong)
        assert answer.json() == NOT_AUTHORIZED
    assert minitwit.anybody.get("/msgs?latest=99", headers=wrong).status_code == 403
    assert minitwit.contents(ada) == []
    assert minitwit.follows(ada) == []
    assert minitwit.latest() == 17


def test_unfollow_with_wrong_credentials_removes_nothing(minitwit: Callers) -> None:
    ada, bob = minitwit.user(), minitwit.user()
    minitwit.follow(ada, bob)
    answer = minitwit.anybody.post(f"/fllws/{ada}", json={"unfollow": bob})
    assert answer.json() == NOT_AUTHORIZED
    assert minitwit.follows(ada) == [bob]


# contract: S3
@pytest.mark.parametrize("credential", WRONG_CREDENTIALS)
def test_register_needs_no_credentials_but_refuses_wrong_ones_and_moves_no_mark(
    minitwit: Callers, credential: str
) -> None:
    minitwit.simulator.get("/msgs?latest=21")
    body = {"username": new_name(), "email": "a@b.c", "pwd": PASSWORD}
    sent = WRONG_CREDENTIALS[credential]
    answer = minitwit.anybody.post(
        "/register?latest=22", json=body, headers=header(sent)
    )
    if sent:
        assert answer.status_code == 403
        assert answer.json() == NOT_AUTHORIZED
        assert minitwit.simulator.get(f"/msgs/{body['username']}").status_code == 404
    else:
        assert answer.status_code == 204
    assert minitwit.latest() == 21


# contract: S3
def test_latest_without_credentials_is_allowed(minitwit: Callers) -> None:
    answer = minitwit.anybody.get("/latest")
    assert answer.status_code == 200
    assert set(answer.json()) == {"latest"}
    assert isinstance(answer.json()["latest"], int)


# contract: A1
def test_credentials_are_checked_before_latest_user_and_body(minitwit: Callers) -> None:
    mark = new_mark()
    minitwit.simulator.get("/msgs", params={"latest": mark})
    answer = minitwit.anybody.post(f"/msgs/{new_name()}?latest=8", content=b"{")
    assert answer.json() == NOT_AUTHORIZED
    assert minitwit.latest() == mark


# contract: A1
@pytest.mark.parametrize("path", [path for path in BODIES if "{user}" in path])
@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b"", "application/json"),
        (b"hello", "text/plain"),
        (b" " * 70000, "application/json"),
    ],
    ids=["no json", "no object", "empty", "no json type", "too large"],
)
def test_user_is_checked_before_the_body(
    minitwit: Callers, path: str, body: bytes, content_type: str
) -> None:
    url = path.format(user=new_name())
    answer = minitwit.simulator.post(
        url, content=body, headers={"Content-Type": content_type}
    )
    assert_error(answer, 404)


# contract: A2
@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b'{"content": NaN}', "application/json", 400),
        (b"[]", "application/json", 400),
        (b'"content"', "application/json", 400),
        (b"null", "application/json", 400),
        (b"[" * 60000, "application/json", 400),
        (b"content=hello", "text/plain", 415),
        (b"<content/>", "application/xml", 415),
    ],
)
def test_body_that_is_no_json_object_is_refused(
    minitwit: Callers, path: str, body: bytes, content_type: str, status: int
) -> None:
    url = path.format(user=minitwit.somebody)
    answer = minitwit.simulator.post(
        url, content=body, headers={"Content-Type": content_type}
    )
    assert_error(answer, status)


# contract: A2
@pytest.mark.parametrize("path", [path for path in BODIES if "{user}" in path])
def test_form_where_json_belongs_is_415(minitwit: Callers, path: str) -> None:
    url = path.format(user=minitwit.somebody)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = minitwit.simulator.post(url, content=b"content=hello", headers=form)
    assert_error(answer, 415)


@pytest.mark.parametrize(
    "content_type",
    [
        *("application/json; charset=utf-8", "Application/JSON", "application/json;"),
        *('application/json; charset="UTF-8"', ""),
        *("application/json ;charset=Utf-8", "APPLICATION/JSON;x=1;;y"),
    ],
)
def test_json_type_may_have_parameters_and_any_case(
    minitwit: Callers, content_type: str
) -> None:
    ada = minitwit.somebody
    answer = minitwit.simulator.post(
        f"/msgs/{ada}",
        content=b'{"content": "hello"}',
        headers={"Content-Type": content_type},
    )
    assert answer.status_code == 204


# contract: A3
@pytest.mark.parametrize("path", BODIES)
def test_body_larger_than_the_limit_is_413(minitwit: Callers, path: str) -> None:
    url = path.format(user=minitwit.somebody)
    body = b'{"content": "' + b"x" * (64 * 1024) + b'"}'
    assert_error(minitwit.simulator.post(url, content=body), 413)


def test_body_larger_than_the_limit_is_413_without_a_length_too(
    minitwit: Callers,
) -> None:
    url = f"/msgs/{minitwit.somebody}"
    answer = minitwit.simulator.post(url, content=iter([b" " * 40000] * 2))
    assert_error(answer, 413)


def test_body_of_just_the_limit_is_read(minitwit: Callers) -> None:
    ada = minitwit.user()
    body = b'{"content": "hello"}'.ljust(64 * 1024)
    assert minitwit.simulator.post(f"/msgs/{ada}", content=body).status_code == 204
    assert minitwit.contents(ada) == ["hello"]


# contract: S4
def test_simulator_closes_its_connection_after_every_request(minitwit: Callers) -> None:
    assert SIMULATOR["Connection"] == "close"
    answers = [minitwit.simulator.get("/msgs") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]


# contract: R3
def test_of_twenty_concurrent_registrations_of_one_name_exactly_one_wins(
    minitwit: Callers,
) -> None:
    body = {"username": new_name(), "email": "a@b.c", "pwd": PASSWORD}

    def register(_number: int) -> httpx.Response:
        return minitwit.anybody.post("/register", json=body)

    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(register, range(20)))
    assert sorted(answer.status_code for answer in answers) == [204] + [400] * 19
    for answer in answers:
        if answer.status_code == 400:
            assert_error(answer, 400, "The username is already taken")


@pytest.mark.parametrize("charset", ["utf-16", "iso-8859-1", '"latin1"', "none"])
def test_json_in_another_charset_is_415(minitwit: Callers, charset: str) -> None:
    ada = minitwit.user()
    answer = minitwit.simulator.post(
        f"/msgs/{ada}",
        content='{"content": "æ"}'.encode(),
        headers={"Content-Type": f"application/json; charset={charset}"},
    )
    assert_error(answer, 415, "UTF-8")
    assert minitwit.contents(ada) == []
