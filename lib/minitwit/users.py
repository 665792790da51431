"""Accounts: adding, finding, signing in."""

from minitwit import passwords
from minitwit.db import Database, Row
from minitwit.errors import InvalidPassword, InvalidUsername, UnknownUser
from minitwit.models import Account, Registration


class Users:
    """Everybody who is signed up."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, registration: Registration) -> None:
        """Add an account.

        Raises:
            UsernameTaken: the unique constraint says so; nothing asks beforehand,
                since two replicas could both be told that the name is free.

        """
        self._database.write(
            "add_user",
            username=registration.username,
            email=registration.email,
            password_hash=passwords.hash_password(registration.password),
        )

    def find(self, username: str) -> Account:
        """Return the account of a name.

        Raises:
            UnknownUser: there is none.

        """
        row = self._row(username)
        if row is None:
            raise UnknownUser
        return Account(row[0], row[1])

    def sign_in(self, username: str, password: str) -> Account:
        """Return the account whose password this is.

        Raises:
            InvalidUsername: there is no such account.
            InvalidPassword: the password is another one.

        """
        row = self._row(username)
        is_right = passwords.matches(password, row[2] if row else None)
        if row is None:
            raise InvalidUsername
        if not is_right:
            raise InvalidPassword
        if passwords.is_outdated(row[2]):
            self._database.write(
                "set_password_hash",
                id=row[0],
                password_hash=passwords.hash_password(password),
            )
        return Account(row[0], row[1])

    def _row(self, username: str) -> Row | None:
        # PostgreSQL's text holds no NUL, so nobody has such a name.
        if "\x00" in username:
            return None
        rows = self._database.read("find_user", username=username)
        return rows[0] if rows else None
