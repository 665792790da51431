"""Who PostgreSQL runs as: it refuses root, so root lends it an account.

Nothing on the way to the checkout is opened for everybody. Where the account
could not walk to the files, the server gets one capability instead.
"""

import os
import pwd
import shutil
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from deploy.local.errors import LocalRunError

# The first that this process has itself. Docker's default set lacks the milder.
_READING_CAPABILITIES = {"dac_read_search": 2, "dac_override": 1}


@dataclass(frozen=True)
class Account:
    """An ordinary account of this machine."""

    uid: int
    gid: int


def server_account(data: Path) -> Account:
    """Return who owns the data folder, or shall own it when it is made."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    if data.exists() and (owner := data.stat()).st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid)


def die_with_parent(signal_name: str) -> list[str]:
    """Return the words before a command that is to be signalled as its parent dies.

    Raises:
        LocalRunError: the program that arranges it is not installed.

    """
    if path := shutil.which("setpriv"):
        # Resolved, so that it is the same whatever PATH a later command has.
        return [os.path.realpath(path), "--pdeathsig", signal_name]
    raise LocalRunError("setpriv is missing: install the package util-linux.")


def run_as(account: Account, death_signal: str, needs: Iterable[Path]) -> list[str]:
    """Return the words before a command that is to run, and die, as an account.

    Args:
        account: whose rights the command has.
        death_signal: what it is sent when its parent dies, however that dies.
        needs: the files and folders that it has to get at.

    """
    words = die_with_parent(death_signal)
    if account.uid == os.geteuid():
        return words
    words += [f"--reuid={account.uid}", f"--regid={account.gid}", "--clear-groups"]
    if not all(_anybody_can_reach(path) for path in needs):
        capability = _reading_capability()
        words += [f"--inh-caps=+{capability}", f"--ambient-caps=+{capability}"]
        # access(2), by which PostgreSQL looks for its own programs, leaves capabilities
        # out of account for an ordinary user unless this is set.
        words += ["--securebits=+no_setuid_fixup"]
    return words


def _anybody_can_reach(path: Path) -> bool:
    return all(p.stat().st_mode & stat.S_IXOTH for p in path.resolve().parents)


def _reading_capability() -> str:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    effective = int(status.split("CapEff:")[1].split()[0], 16)
    for name, bit in _READING_CAPABILITIES.items():
        if effective >> bit & 1:
            return name
    raise LocalRunError(
        "PostgreSQL does not run as root, and no other account can reach this "
        "folder: move the checkout to one that everybody can enter, such as /srv."
    )
