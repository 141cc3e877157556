"""Two children of two files are one human being: a link that a person sets and takes back; fields never merge."""

from __future__ import annotations

from desktop.store.troubles import NotFound
from desktop.store.unit_of_work import Operation, UnitOfWork
from domain.ids import derived_id
from domain.records.road import Link
from sync.operation import LINK


def link_id(one: str, other: str, scope: str) -> str:
    """The record of this pair in one dossier: the same at every desk that links the two."""
    return derived_id("link", *sorted((one, other)), scope)


def link_children(one: str, other: str, reason: str) -> Operation[None]:
    """Say that these two persons are one child. The link stands in both dossiers, so that whoever holds either knows
    it; a link that was taken back stands again. Raises NotFound, and ValueError for a person and itself."""

    def operation(uow: UnitOfWork) -> None:
        if one == other:
            raise ValueError("a person is not linked to itself")
        act = uow.act()
        for scope in _scopes(uow, one, other):
            record_id = link_id(one, other, scope)
            known = uow.read("link", record_id)
            if known is None:
                first, second = sorted((one, other))
                act.create(scope, Link(id=record_id, one=first, other=second, reason=reason), action=LINK)
            else:
                act.change("link", record_id, scope, known.state, {"undone_at": None})
        uow.write(act)

    return operation


def unlink_children(one: str, other: str) -> Operation[None]:
    """Take the link back: both dossiers are as they were. Raises NotFound where there was none."""

    def operation(uow: UnitOfWork) -> None:
        act = uow.act()
        for scope in _scopes(uow, one, other):
            record_id = link_id(one, other, scope)
            known = uow.read("link", record_id)
            if known is not None and known.record.undone_at is None:
                act.change("link", record_id, scope, known.state, {"undone_at": uow.now_ms})
        if not act.bodies:
            raise NotFound
        uow.write(act)

    return operation


def _scopes(uow: UnitOfWork, one: str, other: str) -> list[str]:
    found: list[str] = []
    for person in (one, other):
        known = uow.read("person", person)
        if known is None:
            raise NotFound
        if known.scope not in found:
            found.append(known.scope)
    return found
