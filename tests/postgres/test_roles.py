"""Each function's role may do what its statements need, and nothing else."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack

import pytest
from click.testing import CliRunner

from deploy.local.postgres import SUPERUSER, Cluster
from minitwit.errors import DatabaseRefused
from minitwit.postgres.roles import FUNCTIONS_ROLE, OWNER, function_role
from minitwit.queries import functions_of, statements
from minitwit.web.routes import FUNCTIONS
from minitwit_cli.commands import main
from minitwit_cli.maintenance.admin_connection import (
    AdminConnection,
    open_admin_connection,
)
from minitwit_cli.maintenance.function_roles import CONNECTION_LIMIT
from tests.postgres.databases import OwnDatabase, new_database
from tests.postgres.privileges import Privilege, needed_privileges, numbered

ROLES = {"all": FUNCTIONS_ROLE, **{name: function_role(name) for name in FUNCTIONS}}

# Jobs and operators' commands write these, and monitoring reads them.
WITHOUT_A_FUNCTION = {"backups"}

# What the code before needs until all its replicas are replaced: a privilege that no
# statement needs any more stays for one release and is listed here.
STILL_GRANTED: Mapping[str, set[Privilege]] = {}

_GRANTED = """
SELECT grantee::regrole::text, privilege_type, relname, ''
FROM pg_class CROSS JOIN aclexplode(relacl)
WHERE relnamespace = 'public'::regnamespace
UNION ALL
SELECT grantee::regrole::text, privilege_type, relname, attname
FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid CROSS JOIN aclexplode(attacl)
WHERE relnamespace = 'public'::regnamespace
"""

_TABLES = """
SELECT relname FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'S')
    AND NOT EXISTS (
        SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'i'
    )
"""


@pytest.fixture(scope="module")
def migrated(cluster: Cluster, superuser: AdminConnection) -> OwnDatabase:
    """Return a migrated database, which these tests do not change."""
    return new_database(cluster, superuser, "minitwit")


@pytest.fixture(scope="module")
def needed(migrated: OwnDatabase) -> Mapping[str, set[Privilege]]:
    """Return what each function's statements need."""
    return needed_privileges(migrated.settings(SUPERUSER), FUNCTIONS)


@pytest.fixture(scope="module")
def granted(migrated: OwnDatabase) -> Mapping[str, set[Privilege]]:
    """Return what each role was granted."""
    found: dict[str, set[Privilege]] = {}
    with open_admin_connection(migrated.settings(SUPERUSER)) as connection:
        for role, *privilege in connection.run(_GRANTED):
            found.setdefault(role, set()).add(Privilege(*privilege))
    return found


@pytest.fixture(scope="module")
def connections(migrated: OwnDatabase) -> Iterator[Mapping[str, AdminConnection]]:
    """Return what runs statements as the role of each function."""
    with ExitStack() as stack:
        yield {
            function: stack.enter_context(
                open_admin_connection(migrated.settings(function_role(function)))
            )
            for function in FUNCTIONS
        }


@pytest.mark.parametrize("function", ROLES)
def test_a_role_has_the_privileges_that_its_statements_need(
    function: str,
    needed: Mapping[str, set[Privilege]],
    granted: Mapping[str, set[Privilege]],
) -> None:
    role = ROLES[function]
    missing = needed[function] - granted.get(role, set())
    assert not missing, "a migration lacks:\n" + _grants(missing, role)
    kept = STILL_GRANTED.get(function, set())
    needless = granted.get(role, set()) - needed[function] - kept
    assert not needless, "no statement needs:\n" + _grants(needless, role)


def test_no_role_takes_all_connections(
    connections: Mapping[str, AdminConnection],
) -> None:
    text = "SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user"
    found = {tuple(c.run(text)[0]) for c in connections.values()}
    assert found == {(CONNECTION_LIMIT,)}


def test_every_table_is_some_functions(
    migrated: OwnDatabase, needed: Mapping[str, set[Privilege]]
) -> None:
    with open_admin_connection(migrated.settings(OWNER)) as connection:
        tables = {row[0] for row in connection.run(_TABLES)}
    used = {privilege.relation for part in needed.values() for privilege in part}
    assert tables - used == WITHOUT_A_FUNCTION


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_server_lets_a_role_run_each_of_its_statements(
    function: str, connections: Mapping[str, AdminConnection]
) -> None:
    """EXPLAIN checks the privileges as the statement itself would."""
    for name, text in statements().items():
        if functions_of(name) & {function, "all"}:
            connections[function].run(f"EXPLAIN (GENERIC_PLAN) {numbered(text)}")


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize(
    "forbidden",
    [
        "UPDATE users SET is_moderator = true",
        "INSERT INTO users (username, email, password_hash, is_moderator) "
        "VALUES ('eve', 'e@x', '!', true)",
        "INSERT INTO users (id, username, email, password_hash) "
        "VALUES (1, 'eve', 'e@x', '!')",
        "INSERT INTO messages (author_id, content, pub_date) VALUES (1, '', 0)",
        "INSERT INTO sessions (id, user_id, user_agent) "
        "VALUES (gen_random_uuid(), 1, '')",
        "INSERT INTO password_resets (token_digest, user_id, expires_at) "
        "VALUES ('', 1, now())",
        "UPDATE messages SET content = 'edited'",
        "UPDATE installation SET id = gen_random_uuid()",
        "INSERT INTO schema_migrations (version, name) VALUES (9999, '')",
        "SELECT id FROM backups",
        "TRUNCATE follows",
        "DROP TABLE messages",
        "CREATE TABLE extra (id int)",
        "CREATE ROLE eve",
        f"SET ROLE {OWNER}",
        "SELECT rolpassword FROM pg_authid",
        "COPY users (username) TO PROGRAM 'cat'",
    ],
)
def test_no_role_may(
    function: str, forbidden: str, connections: Mapping[str, AdminConnection]
) -> None:
    _assert_refused(connections[function], forbidden)


@pytest.mark.parametrize(
    ("forbidden", "functions"),
    [
        ("SELECT password_hash FROM users", {"register"}),
        ("SELECT email FROM users", {"register"}),
        ("UPDATE users SET password_hash = '!' WHERE false", {"register"}),
        ("DELETE FROM users WHERE false", {"register"}),
        ("DELETE FROM messages WHERE false", {"register", "messages"}),
        ("DELETE FROM follows WHERE false", {"register", "follow"}),
        ("UPDATE users SET suspended_at = now() WHERE false", {"messages"}),
        ("INSERT INTO messages (content) SELECT '' WHERE false", {"messages"}),
        ("INSERT INTO follows (follower_id) SELECT 1 WHERE false", {"follow"}),
        ("SELECT content FROM messages", set(FUNCTIONS) - {"follow"}),
        ("SELECT setval('latest', -1, false)", set(FUNCTIONS) - {"timeline"}),
    ],
)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_only_some_roles_may(
    function: str,
    forbidden: str,
    functions: set[str],
    connections: Mapping[str, AdminConnection],
) -> None:
    if function in functions:
        connections[function].run(forbidden)
    else:
        _assert_refused(connections[function], forbidden)


def test_what_a_role_needs_is_what_the_server_would_check(
    needed: Mapping[str, set[Privilege]],
) -> None:
    """Samples, in case the form of the server's trees changes."""
    assert Privilege("SELECT", "users", "password_hash") in needed["register"]
    assert Privilege("DELETE", "messages") in needed["messages"]
    assert Privilege("UPDATE", "mentions", "flagged") in needed["timeline"]
    assert Privilege("SELECT", "latest") in needed["messages"]


def test_a_missing_role_is_not_created_without_a_password(
    testbed: OwnDatabase, superuser: AdminConnection
) -> None:
    environment = testbed.environment(OWNER)
    del environment["MINITWIT_ROLE_PASSWORDS"]
    assert CliRunner().invoke(main, ["migrate"], env=environment).exit_code == 0
    superuser.run("ALTER ROLE minitwit_follow RENAME TO hidden")
    try:
        refused = CliRunner().invoke(main, ["migrate"], env=environment)
    finally:
        superuser.run("ALTER ROLE hidden RENAME TO minitwit_follow")
    assert refused.exit_code == 1
    assert "no role minitwit_follow" in refused.output


def _assert_refused(connection: AdminConnection, statement: str) -> None:
    reason = r"permission denied|must be owner|must be superuser"
    with pytest.raises(DatabaseRefused, match=reason):
        connection.run(statement)


def _grants(privileges: set[Privilege], role: str) -> str:
    return "\n".join(privilege.grant(role) for privilege in sorted(privileges))
