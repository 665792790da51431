"""Command prefixes that change a program's account and end it with its parent.

PostgreSQL refuses to run as root, so it runs under an unprivileged account. No
permissions on the way to the checkout are widened: where the account could not reach
the files, the server gets one capability instead.
"""

import os
import pwd
import shutil
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from deploy.local.errors import LocalRunError

# In order of preference. Docker's default capabilities lack dac_read_search, the weaker
# one.
_READING_CAPABILITIES = {"dac_read_search": 2, "dac_override": 1}


@dataclass(frozen=True)
class Account:
    """An ordinary account of this machine."""

    uid: int
    gid: int


def server_account(data: Path) -> Account:
    """Return the account that owns the data folder, or that will own a new one."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    if data.exists() and (owner := data.stat()).st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid)


def die_with_parent(signal_name: str) -> list[str]:
    """Return a command's prefix that has it signaled when its parent dies.

    Raises:
        LocalRunError: the program that arranges it is not installed.

    """
    if path := shutil.which("setpriv"):
        # Resolved, so that it is the same whatever PATH a later command has.
        return [os.path.realpath(path), "--pdeathsig", signal_name]
    raise LocalRunError("setpriv is missing: install the package util-linux.")


def run_as(account: Account, death_signal: str, needs: Iterable[Path]) -> list[str]:
    """Return a command's prefix: run it under an account, and end it with its parent.

    Args:
        account: whose rights the command has.
        death_signal: the signal it gets when its parent dies, however that dies.
        needs: the files and folders that it has to reach.

    """
    words = die_with_parent(death_signal)
    if account.uid == os.geteuid():
        return words
    words += [f"--reuid={account.uid}", f"--regid={account.gid}", "--clear-groups"]
    if not all(_everyone_can_reach(path) for path in needs):
        capability = _reading_capability()
        words += [f"--inh-caps=+{capability}", f"--ambient-caps=+{capability}"]
        # PostgreSQL finds its own programs with access(2), which ignores the
        # capabilities of an unprivileged user unless this is set.
        words += ["--securebits=+no_setuid_fixup"]
    return words


def _everyone_can_reach(path: Path) -> bool:
    return all(p.stat().st_mode & stat.S_IXOTH for p in path.resolve().parents)


def _reading_capability() -> str:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    effective = int(status.split("CapEff:")[1].split()[0], 16)
    for name, bit in _READING_CAPABILITIES.items():
        if effective >> bit & 1:
            return name
    raise LocalRunError(
        "PostgreSQL does not run as root, and no other account can reach this "
        "folder: move the checkout to one that every account can enter, such as /srv."
    )
