"""Audited acts: what a person opened, looked for, exported or printed, written in the transaction that did it."""

from __future__ import annotations

import hmac
import os
from typing import TypeVar

import msgspec

from desktop.store.engine import Connection
from desktop.store.unit_of_work import Operation, UnitOfWork
from domain.records.audit import SEARCH
from domain.text import fold
from sync import audit
from sync.act import Act
from sync.audit import Head, Said
from sync.operation import APPEND
from sync.replica import node, scopes

R = TypeVar("R")

HEAD = "audit_head"
"""Where this desk's audit chain ends: `n hash`."""
SEARCH_KEY = "audit_search_key"
"""Key (hex) under which searched words are hashed: it stays at this desk."""
_KEY_BYTES = 32


def head(connection: Connection) -> Head:
    """Where this desk's audit chain ends."""
    kept = node.get(connection, HEAD)
    if not kept:
        return Head()
    n, _, link = kept.partition(" ")
    return Head(int(n), link)


def note(uow: UnitOfWork, act: Act, said: Said) -> None:
    """Put an entry into an act: it stands exactly when the act does."""
    connection = uow.connection
    identity = uow.identity()
    entry, words = audit.write(
        said, identity.device, identity.incarnation, uow.now_ms, head(connection), uow.new_id(), os.urandom
    )
    scope = scopes.centre(uow.seat.centre)
    act.create(scope, entry, action=APPEND)
    if words is not None:
        act.create(scope, words, action=APPEND)
    node.put(connection, **{HEAD: f"{entry.n} {entry.link}"})


def noted(
    action: str, object_kind: str = "", object_id: str = "", level: str = "", words: str = ""
) -> Operation[None]:
    """An act that is nothing but its entry: signing in and out, locking, printing."""

    def operation(uow: UnitOfWork) -> None:
        act = uow.act()
        note(uow, act, Said(uow.staff, action, object_kind, object_id, level, words))
        uow.write(act)

    return operation


def beside(
    inner: Operation[R], action: str, object_kind: str = "", object_id: str = "", level: str = ""
) -> Operation[R]:
    """The same operation, with its entry in the same transaction."""

    def operation(uow: UnitOfWork) -> R:
        result = inner(uow)
        noted(action, object_kind, object_id, level)(uow)
        return result

    return operation


def searched(text: str, hits: int) -> Operation[None]:
    """A search: how many it found, and a keyed hash of what was looked for (equal words, equal hash; this desk
    only). The words themselves are personal data and are not written."""

    def operation(uow: UnitOfWork) -> None:
        named = hmac.digest(_secret(uow.connection), fold(text).encode(), "sha256")[:16].hex()
        act = uow.act()
        words = msgspec.json.encode({"hash": named, "hits": hits}).decode()
        note(uow, act, Said(uow.staff, SEARCH, words=words))
        uow.write(act)

    return operation


def _secret(connection: Connection) -> bytes:
    kept = node.get(connection, SEARCH_KEY)
    if not kept:
        kept = os.urandom(_KEY_BYTES).hex()
        node.put(connection, **{SEARCH_KEY: kept})
    return bytes.fromhex(kept)
