"""The privileges that statements need, as PostgreSQL itself determines them.

With `debug_print_parse`, the server prints each statement that it has parsed. For each
table, the tree lists what is checked before the statement runs: the kinds of access and
the columns.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from minitwit.postgres.connections import Connection, Connector
from minitwit.queries import functions_of, statements
from minitwit.settings import DatabaseSettings


class Privilege(NamedTuple):
    """One kind of access to one column; without a column, to the whole relation."""

    access: str
    relation: str
    column: str = ""

    def grant(self, role: str) -> str:
        """Return the statement that grants it."""
        column = f" ({self.column})" if self.column else ""
        return f"GRANT {self.access}{column} ON {self.relation} TO {role};"


# Bits of `requiredPerms`, in the order of the lists of columns.
_ACCESS = {"SELECT": 2, "INSERT": 1, "UPDATE": 4, "DELETE": 8}
_OFFSET = 7  # A column's bit is its number and this, because of the system columns.

_CHECK = re.compile(
    r":relid (\d+) :\w+ \w+ :requiredPerms (\d+) :checkAsUser 0 "
    r":selectedCols \(b([ \d]*)\) :insertedCols \(b([ \d]*)\) "
    r":updatedCols \(b([ \d]*)\)"
)

# SELECT … FOR UPDATE needs the right to update some column. Where a function updates no
# column of the table, it may update one that decides nothing.
_LOCKED_BY = {
    "messages": "form_key",
    "reports": "reported_at",
    "suspension_jobs": "user_id",
    "users": "mentions_seen_id",
}

# setval() checks by itself.
_SETVAL = re.compile(r"setval\('(\w+)'")

# What the trigger of a table runs, as the role that updates the column.
_TRIGGERS = {
    Privilege(
        "UPDATE", "messages", "flagged"
    ): "UPDATE mentions SET flagged = true WHERE message_id = 1"
}


def needed_privileges(
    settings: DatabaseSettings, functions: Iterable[str]
) -> Mapping[str, set[Privilege]]:
    """Return what the statements of each function need; of all functions under "all".

    Args:
        settings: of a migrated database, as its superuser.
        functions: the names of the functions.

    """
    connection, stream = Connector(settings).connect()
    try:
        parser = _Parser(connection)
        shared = parser.privileges(_statements("all"))
        own = {name: parser.privileges(_statements(name)) for name in functions}
    finally:
        connection.close()
        stream.close()
    return {"all": shared, **{name: own[name] - shared for name in own}}


def _statements(function: str) -> Iterator[str]:
    return (
        text for name, text in statements().items() if function in functions_of(name)
    )


def numbered(statement: str) -> str:
    """Return a statement with numbers for its parameters."""
    names: list[str] = []

    def number(match: re.Match[str]) -> str:
        if match[1] not in names:
            names.append(match[1])
        return f"${names.index(match[1]) + 1}"

    return re.sub(r"(?<!:):(\w+)", number, statement)


class _Parser:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._relations = {
            number: (name, kind)
            for number, name, kind in connection.run(
                "SELECT oid, relname, relkind FROM pg_class "
                "WHERE relnamespace = 'public'::regnamespace"
            )
        }
        self._columns = {
            (table, number): name
            for table, number, name in connection.run(
                "SELECT attrelid, attnum, attname FROM pg_attribute WHERE attnum > 0"
            )
        }
        connection.run("SET client_min_messages = log; SET debug_print_parse = on")

    def privileges(self, texts: Iterable[str]) -> set[Privilege]:
        found: set[Privilege] = set()
        locked: set[str] = set()
        for text in texts:
            for privilege in self._checked(text):
                if privilege.access == "UPDATE" and not privilege.column:
                    locked.add(privilege.relation)
                else:
                    found.add(privilege)
            found |= {Privilege("UPDATE", name) for name in _SETVAL.findall(text)}
        for cause in found & set(_TRIGGERS):
            found.update(self._checked(_TRIGGERS[cause]))
        updated = {p.relation for p in found if p.access == "UPDATE"}
        for table in locked - updated:
            found.add(Privilege("UPDATE", table, _LOCKED_BY[table]))
        return found

    def _checked(self, text: str) -> Iterator[Privilege]:
        """Yield what the server checks for a statement."""
        self._connection.notices.clear()
        self._connection.prepare(text)
        trees = b" ".join(notice.get(b"D", b"") for notice in self._connection.notices)
        tree = re.sub(r"\s+", " ", trees.decode())
        for table, required, *columns in _CHECK.findall(tree):
            if int(table) not in self._relations:
                continue  # PostgreSQL's own, which every role may read.
            relation, kind = self._relations[int(table)]
            if kind == "S":
                yield Privilege("SELECT", relation)
                continue
            listed = dict(zip(_ACCESS, (*columns, ""), strict=True))
            for access, bit in _ACCESS.items():
                if not int(required) & bit:
                    continue
                numbers = [int(number) - _OFFSET for number in listed[access].split()]
                for number in numbers:
                    name = self._columns[int(table), number]
                    yield Privilege(access, relation, name)
                if access == "DELETE" or (access == "UPDATE" and not numbers):
                    yield Privilege(access, relation)
