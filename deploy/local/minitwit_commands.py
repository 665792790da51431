"""Runs `minitwit` commands as the owner of the local run's database."""

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from deploy.local.configuration import cluster_in
from deploy.local.environment import child_environment
from deploy.local.paths import Paths
from deploy.local.postgres import Cluster
from deploy.local.system import running_system
from minitwit.postgres.roles import OWNER


def command(arguments: Sequence[str]) -> list[str]:
    """Return the command line of `minitwit` with arguments."""
    return [sys.executable, "-m", "minitwit_cli", *arguments]


def environment(cluster: Cluster) -> dict[str, str]:
    """Return the environment in which `minitwit` works on a database as its owner."""
    return child_environment(**cluster.environment(OWNER))


def run(paths: Paths, arguments: Sequence[str]) -> NoReturn:
    """Become a `minitwit` command on the running system, with its exit status.

    Raises:
        LocalRunError: nothing runs.

    """
    system = running_system(paths)
    words = command(arguments)
    variables = environment(cluster_in(paths)) | {"MINITWIT_URL": system.url}
    os.execve(words[0], words, variables)  # noqa: S606 (our own command)
