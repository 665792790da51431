"""Assertions on one request's trace, from the edge to the database."""

from secrets import token_hex

from tests.tools.receivers import Span

# Lets the database reject messages with an unexpected error that quotes them.
BREAK_MESSAGES = (
    """
    CREATE FUNCTION break() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE 'no room for "%"', NEW.content USING DETAIL = NEW.content; END $$
    """,
    "CREATE TRIGGER break BEFORE INSERT ON messages "
    "FOR EACH ROW EXECUTE FUNCTION break()",
)
MEND_MESSAGES = "DROP FUNCTION break CASCADE"

SPANS_OF_A_MESSAGE = {"POST", "ReverseProxy", "POST /msgs/{username}", "add_message"}


def traced(trace_id: str) -> dict[str, str]:
    """Return the header with which a client starts a trace."""
    return {"traceparent": f"00-{trace_id}-{token_hex(8)}-01"}


def check_the_trace_of_a_message(spans: dict[str, Span]) -> None:
    """Check that the spans lead from the edge through the function to the query."""
    edge = spans["ReverseProxy"]
    function, query = spans["POST /msgs/{username}"], spans["add_message"]
    assert edge.service == spans["POST"].service == "traefik"
    assert function.service == query.service == "messages"
    assert function.parent_id == edge.span_id
    assert query.parent_id == function.span_id
    assert function.attributes["http.route"] == "/msgs/{username}"
    assert query.attributes["db.system.name"] == "postgresql"
