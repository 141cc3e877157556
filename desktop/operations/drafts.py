"""Autosave: a form as it stands goes into the encrypted store, in a transaction of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from desktop.store import drafts
from desktop.store.unit_of_work import Operation, UnitOfWork


def keep(
    draft_id: str, form: str, about: str, data: Mapping[str, Any], bases: Mapping[str, Any] | None = None
) -> Operation[int]:
    """Keep a draft of the person at this desk; answers when (UTC ms), for "đã lưu nháp trên máy này"."""
    kept = dict(data)

    def operation(uow: UnitOfWork) -> int:
        drafts.put(uow.connection, draft_id, uow.staff, form, about, kept, bases or {}, uow.now_ms)
        return uow.now_ms

    return operation


def discard(draft_id: str) -> Operation[None]:
    """The person put the form away without saving."""

    def operation(uow: UnitOfWork) -> None:
        drafts.drop(uow.connection, draft_id)

    return operation
