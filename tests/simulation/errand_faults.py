"""Faults to plant (see mutants.py) in what couriers bring and in what the audit chain tells."""

from __future__ import annotations

from contextlib import AbstractContextManager, ExitStack
from typing import Any
from unittest.mock import patch

from sqlalchemy import Connection

from desktop.operations import audit as audited
from desktop.operations import courier as desks
from server.operations import courier as centres
from server.operations.centre import Centre
from sync.audit import Head
from sync.courier.letters import ChainSaid


def named_by_a_stick_counts_as_come() -> AbstractContextManager[Any]:
    """The answer acknowledges all that the stick named, also the volumes that were lost, and the desk believes it."""

    def said(centre: Centre, connection: Connection, device: str, incarnation: int, last: int) -> ChainSaid:
        found = real(centre, connection, device, incarnation, last)
        values = {name: getattr(found, name) for name in ChainSaid.__struct_fields__}
        return ChainSaid(**{**values, "acked": last, "top": max(last, found.top)})

    real = centres._said
    both = ExitStack()
    both.enter_context(patch.object(centres, "_said", said))
    both.enter_context(patch.object(desks, "_agrees", lambda *_given: True))
    return both


def audited_from_the_beginning() -> AbstractContextManager[Any]:
    """Each audited act forgets what stood before it."""
    return patch.object(audited, "head", lambda _connection: Head())
