"""Opening a centre's store: version check, tables, lineage."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sqlalchemy import inspect

from server.store import accounts, backed_up, segments
from server.store.engine import CentreStore, Connection
from server.store.granted import granted_digest
from server.store.lineage import LINEAGE, new_name
from server.store.troubles import NewerStore
from sync.replica import node, refold, tables
from sync.replica.replica import Replica

VERSION: Final = "version"
SHAPE: Final = "record_shape"
ACCOUNTS: Final = "accounts_version"
ACCOUNTS_VERSION: Final = 1
"""Version of the tables of accounts; a store with a higher one was written by a newer program."""


def prepare(store: CentreStore, replica: Replica, random: Callable[[int], bytes]) -> str:
    """Make what is missing and answer the lineage: the name of this store's history, 16 hexadecimal digits.

    Raises NewerStore before anything is written, WrongKey, StoreUnavailable.
    """
    with store.writing() as connection:
        if inspect(connection).has_table(tables.node.name):
            _refuse_newer(connection)
        replica.create(connection)
        if node.get(connection, SHAPE) != refold.shape_of_records():
            # A kind or field that an older program did not know lies parked: it moves into its table now.
            refold.missing_columns(connection)
            refold.parked(connection)
            node.put_key(connection, SHAPE, refold.shape_of_records())
        accounts.metadata.create_all(connection)
        granted_digest.create(connection, checkfirst=True)
        segments.create(connection)
        backed_up.backed_up.create(connection, checkfirst=True)
        lineage = node.get(connection, LINEAGE)
        if not lineage:
            lineage = new_name(random)
            node.put_key(connection, LINEAGE, lineage)
        node.put_key(connection, VERSION, str(node.STORE_VERSION))
        node.put_key(connection, ACCOUNTS, str(ACCOUNTS_VERSION))
        return lineage


def _refuse_newer(connection: Connection) -> None:
    if (
        int(node.get(connection, VERSION, "0")) > node.STORE_VERSION
        or int(node.get(connection, ACCOUNTS, "0")) > ACCOUNTS_VERSION
    ):
        raise NewerStore
