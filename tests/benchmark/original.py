"""Minimal model of the original MiniTwit: Flask, SQLite, a connection per request.

No index but the primary keys, the user looked up anew in each handler, the progress
mark in a file: this is how the course's MiniTwit and its simulator API work. Names
come from the original's schema.
"""

import os
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flask import Flask, Response, abort, g, jsonify, render_template_string, request
from werkzeug.security import generate_password_hash

_DATABASE = os.environ["MINITWIT_ORIGINAL_DATABASE"]
_LATEST = Path(f"{_DATABASE}.latest")
_AUTHORIZATION = "Basic c2ltdWxhdG9yOnN1cGVyX3NhZmUh"

_PUBLIC = """
    select message.*, user.* from message, user
    where message.flagged = 0 and message.author_id = user.user_id
    order by message.pub_date desc limit ?
"""
_OF_USER = """
    select message.*, user.* from message, user
    where message.flagged = 0 and user.user_id = message.author_id
        and user.user_id = ?
    order by message.pub_date desc limit ?
"""
_OWN = """
    select message.*, user.* from message, user
    where message.flagged = 0 and message.author_id = user.user_id and (
        user.user_id = ? or
        user.user_id in (select whom_id from follower where who_id = ?)
    )
    order by message.pub_date desc limit ?
"""
_PAGE = """<!doctype html><title>MiniTwit</title><ul>
{% for m in messages %}<li><a href="/{{ m.username }}">{{ m.username }}</a>
{{ m.text }} <small>{{ m.pub_date|moment }}</small>{% endfor %}</ul>"""

app = Flask(__name__)


@app.template_filter("moment")
def _moment(seconds: int) -> str:
    return time.strftime("%Y-%m-%d @ %H:%M", time.gmtime(seconds))


@app.before_request
def _connect() -> None:
    g.database = sqlite3.connect(_DATABASE, timeout=30)
    g.database.row_factory = sqlite3.Row


@app.after_request
def _disconnect(response: Response) -> Response:
    g.database.close()
    return response


@app.post("/register")
def _register() -> Any:
    _record_latest()
    account = request.get_json()
    if _user_id(account["username"]) is not None:
        return jsonify(status=400, error_msg="The username is already taken"), 400
    hashed = generate_password_hash(account["pwd"])
    values = (account["username"], account["email"], hashed)
    _write("insert into user (username, email, pw_hash) values (?, ?, ?)", values)
    return "", 204


@app.get("/msgs")
def _messages() -> Any:
    _record_latest()
    _require_simulator()
    return _listed(_query(_PUBLIC, (request.args.get("no", 100, int),)))


@app.get("/msgs/<username>")
def _messages_of(username: str) -> Any:
    _record_latest()
    _require_simulator()
    user_id = _known_user_id(username)
    return _listed(_query(_OF_USER, (user_id, request.args.get("no", 100, int))))


@app.post("/msgs/<username>")
def _add_message(username: str) -> Any:
    _record_latest()
    _require_simulator()
    content = request.get_json()["content"]
    values = (_known_user_id(username), content, int(time.time()))
    _write(
        "insert into message (author_id, text, pub_date, flagged) values (?, ?, ?, 0)",
        values,
    )
    return "", 204


@app.get("/fllws/<username>")
def _follows(username: str) -> Any:
    _record_latest()
    _require_simulator()
    rows = _query(
        "select user.username from user "
        "inner join follower on follower.whom_id = user.user_id "
        "where follower.who_id = ? limit ?",
        (_known_user_id(username), request.args.get("no", 100, int)),
    )
    return jsonify(follows=[row["username"] for row in rows])


@app.post("/fllws/<username>")
def _change_follows(username: str) -> Any:
    _record_latest()
    _require_simulator()
    who, change = _known_user_id(username), request.get_json()
    if "follow" in change:
        _write(
            "insert into follower (who_id, whom_id) values (?, ?)",
            (who, _known_user_id(change["follow"])),
        )
    else:
        _write(
            "delete from follower where who_id = ? and whom_id = ?",
            (who, _known_user_id(change["unfollow"])),
        )
    return "", 204


@app.get("/public")
def _public() -> str:
    return render_template_string(_PAGE, messages=_query(_PUBLIC, (30,)))


@app.get("/own/<int:user_id>")
def _own(user_id: int) -> str:
    messages = _query(_OWN, (user_id, user_id, 30))
    return render_template_string(_PAGE, messages=messages)


@app.get("/<username>")
def _user(username: str) -> str:
    messages = _query(_OF_USER, (_known_user_id(username), 30))
    return render_template_string(_PAGE, messages=messages)


def _query(sql: str, values: Sequence[object]) -> list[sqlite3.Row]:
    rows: list[sqlite3.Row] = g.database.execute(sql, values).fetchall()
    return rows


def _write(sql: str, values: Sequence[object]) -> None:
    g.database.execute(sql, values)
    g.database.commit()


def _user_id(username: str) -> int | None:
    rows = _query("select user_id from user where username = ?", (username,))
    return rows[0]["user_id"] if rows else None


def _known_user_id(username: str) -> int:
    user_id = _user_id(username)
    return abort(404) if user_id is None else user_id


def _listed(rows: Sequence[sqlite3.Row]) -> Response:
    return jsonify(
        [
            {"content": r["text"], "pub_date": r["pub_date"], "user": r["username"]}
            for r in rows
        ]
    )


def _record_latest() -> None:
    latest = request.args.get("latest", -1, int)
    if latest != -1:
        _LATEST.write_text(str(latest))


def _require_simulator() -> None:
    if request.headers.get("Authorization") != _AUTHORIZATION:
        abort(403)
