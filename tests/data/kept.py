"""Checks on what a writer got acknowledged, and the limits on lost time."""

from collections import Counter

from tests.clusters import rows
from tests.data.servers import Server, owner_rows
from tests.data.writing import Answer, Writer

MAX_RETURN = 5.0  # seconds from the database's return to the service's
MAX_DISCOVERY = 1.0  # seconds until functions find a server that was promoted
MAX_REFUSAL = 0.3  # seconds: the simulator's time-out


def add_writer(server: Server) -> None:
    """Add the account that a writer posts with."""
    rows(
        server.cluster,
        "INSERT INTO users (username, email, password_hash) "
        "VALUES ('writer', 'w@x', '!')",
    )


def require_all_kept(server: Server, writer: Writer) -> None:
    """Check that every acknowledged message is stored exactly once."""
    counts = Counter(
        row[0] for row in owner_rows(server, "SELECT content FROM messages")
    )
    assert writer.acknowledged, "nothing was acknowledged"
    lost = writer.acknowledged - counts.keys()
    assert not lost, f"{len(lost)} of {len(writer.acknowledged)} are lost"
    doubled = {content for content, count in counts.items() if count > 1}
    assert not doubled, f"{len(doubled)} are there twice"


def require_only(answers: list[Answer], *statuses: int) -> None:
    """Check that only some statuses occurred."""
    seen = Counter(answer.status for answer in answers)
    assert set(seen) <= set(statuses), seen


def refusals(answers: list[Answer]) -> list[float]:
    """Return the seconds that each 503 took, ascending."""
    return sorted(answer.seconds for answer in answers if answer.status == 503)
