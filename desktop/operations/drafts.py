"""Autosave: a form as it stands goes into the encrypted store, in a transaction of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from desktop.store import drafts
from desktop.store.drafts import Draft
from desktop.store.unit_of_work import Operation, UnitOfWork


def keep(
    draft_id: str,
    form: str,
    about: str,
    data: Mapping[str, Any],
    bases: Mapping[str, Any] | None = None,
    *,
    instead_of: str = "",
) -> Operation[int]:
    """Keep a draft of the person at this desk; answers when (UTC ms), for "đã lưu nháp trên máy này". `instead_of`:
    id of the draft that these words stood in before; it goes in the same transaction."""
    kept = dict(data)

    def operation(uow: UnitOfWork) -> int:
        drafts.put(uow.connection, draft_id, uow.staff, form, about, kept, bases or {}, uow.now_ms)
        if instead_of:
            drafts.drop(uow.connection, instead_of)
        return uow.now_ms

    return operation


def look(*draft_ids: str) -> Operation[Draft | None]:
    """The first of these drafts that stands, or None. Read in its turn behind what is still being kept: whoever comes
    back at once finds what was written a moment ago."""

    def operation(uow: UnitOfWork) -> Draft | None:
        found = (drafts.one(uow.connection, one) for one in draft_ids)
        return next((one for one in found if one is not None), None)

    return operation


def discard(*draft_ids: str) -> Operation[None]:
    """The person put the form away without saving."""

    def operation(uow: UnitOfWork) -> None:
        for one in draft_ids:
            drafts.drop(uow.connection, one)

    return operation


def hand_over(draft_ids: Sequence[str], to: str) -> Operation[tuple[str, ...]]:
    """At the handover of a shift: drafts of whoever is signed in go to the colleague who accepted them by name, and
    only to them (settled 24). Answers which went; one that is not theirs, or for nobody of this desk, stays."""

    def operation(uow: UnitOfWork) -> tuple[str, ...]:
        return tuple(one for one in draft_ids if drafts.hand_over(uow.connection, one, to))

    return operation


def give_back(staff: str, public: bytes, recovery: X25519PrivateKey) -> Operation[int]:
    """A person got a new key after the old one was lost: their drafts open to it; answers how many."""

    def operation(uow: UnitOfWork) -> int:
        return drafts.give_back(uow.connection, staff, public, recovery)

    return operation
