"""Every row of the contract, on PostgreSQL."""

from collections.abc import Iterator

import pytest

from deploy.local.postgres import Cluster
from minitwit.postgres.database import Database
from minitwit.store import Store
from minitwit_cli.maintenance.admin_connection import AdminConnection
from tests.contract.callers import Callers
from tests.contract.rows import CONTRACT
from tests.in_process import callers_of
from tests.postgres.databases import new_database

SHARED_ROWS = CONTRACT


@pytest.fixture(scope="module")
def minitwit(cluster: Cluster, superuser: AdminConnection) -> Iterator[Callers]:
    """Return callers of a MiniTwit that all these tests use."""
    testbed = new_database(cluster, superuser, "minitwit")
    callers = callers_of(Store.on(Database(testbed.settings())))
    yield callers
    callers.close()
