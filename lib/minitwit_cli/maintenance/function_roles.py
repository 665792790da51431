"""Creates the functions' roles and sets their passwords."""

import hashlib
import hmac
import os
from base64 import b64encode
from collections.abc import Iterable
from pathlib import Path

from minitwit.errors import DatabaseRefused
from minitwit.postgres.roles import FUNCTIONS_ROLE, function_role, password_file_name
from minitwit_cli.maintenance.admin_connection import AdminConnection

# Connections of a function's role. The server has 400: a function that was taken over
# leaves some for the others, and thirty replicas of one, with eight each, have enough.
CONNECTION_LIMIT = 300

_SCRAM_ROUNDS = 4096  # PostgreSQL's own number; the passwords are random


def create_function_roles(
    connection: AdminConnection, functions: Iterable[str], passwords: Path | None
) -> list[str]:
    """Create the functions' roles that are missing, and set the passwords of all.

    Args:
        connection: as a role that may create roles.
        functions: names of all functions.
        passwords: folder with a file for each role; without one, passwords stay.

    Returns:
        The names of the roles that were created.

    Raises:
        DatabaseRefused: a role is missing and cannot be created.

    """
    found = {row[0] for row in connection.run("SELECT rolname FROM pg_roles")}
    roles = [function_role(function) for function in functions]
    missing = [role for role in (FUNCTIONS_ROLE, *roles) if role not in found]
    if missing and passwords is None:
        raise DatabaseRefused(
            f"The database has no role {', '.join(missing)}: set "
            "MINITWIT_ROLE_PASSWORDS to the folder with the passwords of the "
            "functions' roles; in a Swarm, deploy the stack `data` again."
        )
    verifiers = {role: _verifier(passwords, role) for role in roles if passwords}
    connection.run("BEGIN")
    for role in missing:
        connection.run(f"CREATE ROLE {role}")
    for role in roles:
        if role in missing:
            connection.run(f"GRANT {FUNCTIONS_ROLE} TO {role}")
    for role, verifier in verifiers.items():
        connection.run(
            f"ALTER ROLE {role} LOGIN CONNECTION LIMIT {CONNECTION_LIMIT} "
            f"PASSWORD '{verifier}'"
        )
    [[database]] = connection.run("SELECT quote_ident(current_database())")
    connection.run(f"GRANT CONNECT ON DATABASE {database} TO {FUNCTIONS_ROLE}")
    connection.run("COMMIT")
    return missing


def _verifier(passwords: Path, role: str) -> str:
    """Return what the server stores, so that no statement holds a password.

    Its form is described at
    https://www.postgresql.org/docs/18/catalog-pg-authid.html
    """
    path = passwords / password_file_name(role)
    try:
        password = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise DatabaseRefused(
            f"The password of {role} cannot be read ({error}): in a Swarm, run "
            "deploy/bootstrap.sh and deploy the stack `data` again."
        ) from error
    salt = os.urandom(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _SCRAM_ROUNDS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    keys = ":".join(b64encode(key).decode() for key in (stored, server))
    return f"SCRAM-SHA-256${_SCRAM_ROUNDS}:{b64encode(salt).decode()}${keys}"
