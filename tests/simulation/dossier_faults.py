"""Faults to plant (see mutants.py) in what passes dossiers on between centres and in what erases records."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any
from unittest.mock import patch

from sqlalchemy import Connection

from server.operations import transfers
from server.operations.centre import Centre, News
from server.store import granted
from sync.operation import ERASE, Body, Placed
from sync.replica import removal, scopes
from sync.replica.desk_road import DeskRoad


def given_up_but_kept() -> AbstractContextManager[Any]:
    """The receipt is written, the rows stay."""
    return patch.object(removal, "take_out_scope", lambda *_given: [])


def given_up_without_a_word() -> AbstractContextManager[Any]:
    """The rows go, the receipt names no order to give up that the centre knows."""
    real = DeskRoad.__init__

    def init(self: DeskRoad, *given: Any, **named: Any) -> None:
        real(self, *given, **named)
        receipt = self._receipt
        self._receipt = lambda connection, _grant, scope, digest: receipt(connection, scope, scope, digest)

    return patch.object(DeskRoad, "__init__", init)


def never_given_up() -> AbstractContextManager[Any]:
    """The withdrawal is read and nothing is done about it."""
    real = DeskRoad._note_grants

    def note(self: DeskRoad, connection: Connection, folded: Any, seq: int) -> None:
        real(self, connection, folded, seq)
        connection.exec_driver_sql("DELETE FROM withdrawal")

    return patch.object(DeskRoad, "_note_grants", note)


def late_words_not_flagged() -> AbstractContextManager[Any]:
    """They are folded, and nobody is told."""
    return patch.object(transfers, "note_late", lambda *_given: News())


def late_words_held_for_ever() -> AbstractContextManager[Any]:
    """They are taken for words of a desk that never had the dossier."""
    return patch.object(scopes, "withdrawn_among", lambda *_given: frozenset())


def review_not_counted() -> AbstractContextManager[Any]:
    """The digests of those who hold the dossier by a grant do not hear of the review."""
    real = transfers.note_late

    def note(centre: Centre, connection: Connection, device: str, late: Iterable[Body]) -> News:
        with patch.object(granted, "follow", lambda *_given: None):
            return real(centre, connection, device, late)

    return patch.object(transfers, "note_late", note)


def passed_on_without_a_grant() -> AbstractContextManager[Any]:
    """The new desks are not told to fetch what was written before."""
    return patch.object(transfers, "_give", lambda *_given: set())


def erased_comes_back() -> AbstractContextManager[Any]:
    """Only the order's own batch is looked at: what comes later of the record is folded anew."""

    def erased_in(_connection: Connection, decoded: Sequence[tuple[Placed, Body]]) -> frozenset[removal.Target]:
        return frozenset((body.kind, body.id) for _, body in decoded if body.action == ERASE)

    return patch.object(removal, "erased_in", erased_in)


def erased_stays_in_the_log() -> AbstractContextManager[Any]:
    """The row goes, the words of the operations stay."""
    return patch.object(removal, "empty_log", lambda *_given: 0)
