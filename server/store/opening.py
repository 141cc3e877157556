"""Opening a centre's store: version check, tables, lineage."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sqlalchemy import inspect

from server.store import backed_up, hub_blobs, hubs, newcomers, revoked, segments
from server.store.engine import CentreStore, Connection
from server.store.granted import granted_digest
from server.store.lineage import LINEAGE, new_name
from server.store.troubles import NewerStore, WrongRole
from sync.replica import node, refold, signed, tables
from sync.replica.replica import Replica

CENTRE: Final = "centre"
ROLE: Final = "role"
"""`centre` or `hub`: a store is one of them for ever."""
VERSION: Final = "version"
SHAPE: Final = "record_shape"
ACCOUNTS: Final = "accounts_version"
ACCOUNTS_VERSION: Final = 1
"""Version of the tables of accounts; a store with a higher one was written by a newer program."""


def prepare(store: CentreStore, replica: Replica, random: Callable[[int], bytes], role: str = CENTRE) -> str:
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
        hubs.hub.metadata.create_all(connection)  # all tables of accounts, those of hubs among them
        signed.metadata.create_all(connection)
        granted_digest.create(connection, checkfirst=True)
        hub_blobs.hub_blob.create(connection, checkfirst=True)
        revoked.revocation.create(connection, checkfirst=True)
        newcomers.newcomer.create(connection, checkfirst=True)
        newcomers.newcomer_code.create(connection, checkfirst=True)
        segments.create(connection)
        backed_up.backed_up.create(connection, checkfirst=True)
        lineage = node.get(connection, LINEAGE)
        if not lineage:
            lineage = new_name(random)
            node.put_key(connection, LINEAGE, lineage)
        node.put_key(connection, ROLE, role)
        node.put_key(connection, VERSION, str(node.STORE_VERSION))
        node.put_key(connection, ACCOUNTS, str(ACCOUNTS_VERSION))
        return lineage


def role_of(store: CentreStore, wanted: str | None) -> str:
    """The role of a store: the one it was made in, else the wanted one, else `centre`. Raises WrongRole where it is
    another than the wanted one, WrongKey, StoreUnavailable."""
    with store.reading() as connection:
        kept = ""
        if inspect(connection).has_table(tables.node.name) and node.get(connection, LINEAGE):
            kept = node.get(connection, ROLE, CENTRE)
    if kept and wanted and kept != wanted:
        raise WrongRole
    return kept or wanted or CENTRE


def _refuse_newer(connection: Connection) -> None:
    if (
        int(node.get(connection, VERSION, "0")) > node.STORE_VERSION
        or int(node.get(connection, ACCOUNTS, "0")) > ACCOUNTS_VERSION
    ):
        raise NewerStore
