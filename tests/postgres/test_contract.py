"""Every row of the contract, on PostgreSQL, each function as its own role."""

from collections.abc import Iterator
from contextlib import ExitStack, closing

import pytest

from deploy.local.postgres import Cluster
from minitwit.postgres.database import Database
from minitwit.postgres.roles import function_role
from minitwit.store import Store
from minitwit.web.routes import FUNCTIONS
from minitwit_cli.maintenance.admin_connection import AdminConnection
from tests.contract.callers import Callers
from tests.contract.rows import CONTRACT
from tests.in_process import callers_of_stores
from tests.postgres.databases import new_database

SHARED_ROWS = CONTRACT


@pytest.fixture(scope="module")
def minitwit(cluster: Cluster, superuser: AdminConnection) -> Iterator[Callers]:
    """Return callers of a MiniTwit that all these tests use."""
    testbed = new_database(cluster, superuser, "minitwit")
    with ExitStack() as stack:
        stores = {
            name: Store.on(
                stack.enter_context(
                    closing(Database(testbed.settings(function_role(name))))
                )
            )
            for name in FUNCTIONS
        }
        yield stack.enter_context(closing(callers_of_stores(stores)))
