"""Who is outside the Swarm: operators, and what tells them. This test plays it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.tools.receivers import Receiver, receiving

OPERATOR = ("operator", "open sesame")
_HASH = "$2y$05$N9qo8uLOickgx2ZMRZoMye6evqYeyoDjki0uR82VhxlN1KZnbezRK"
RUNBOOKS = "https://wiki.example/runbooks"
DOMAIN = "tools.example"


@dataclass(frozen=True)
class Outside:
    """A chat, a dead man's switch and a Sentry."""

    chat: Receiver
    dead_mans_switch: Receiver
    sentry: Receiver
    variables: dict[str, str]


@contextmanager
def outside(address: str, folder: Path) -> Iterator[Outside]:
    """Listen at an address that the droplets reach, until the block ends.

    The variables are those by which docs/operations.md lets an operator say who is
    where.
    """
    with (
        receiving(address, answer="ok") as chat,  # As Slack says it.
        receiving(address) as switch,
        receiving(address) as sentry,
    ):
        urls = {
            "CHAT_WEBHOOK_FILE": f"{chat.url}/services/chat",
            "DEAD_MANS_SWITCH_FILE": f"{switch.url}/ping",
            "SENTRY_DSN_FILE": f"{sentry.url.replace('http://', 'http://key@')}/1",
        }
        for variable, url in urls.items():
            (folder / variable).write_text(f"{url}\n")
        variables = {variable: str(folder / variable) for variable in urls}
        variables |= {
            "TOOLS_DOMAIN": DOMAIN,
            "RUNBOOKS_URL": RUNBOOKS,
            "OPERATORS": f"{OPERATOR[0]}:{_HASH}",
        }
        yield Outside(chat, switch, sentry, variables)
