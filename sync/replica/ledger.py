"""A desk's rows as figures for the comparison, and the centre's signed word on what they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Connection

from sync.door import Receipt, audit_claim, receipt_claim
from sync.operation import Placed
from sync.proof import Ask, Told
from sync.replica import proof
from sync.replica.changes import Folded
from sync.replica.replica import Replica
from sync.replica.scopes import given_up
from sync.stays import Figure
from sync.wire import raw64

R = TypeVar("R")


class Runner(Protocol):
    """Runs a function in one transaction of the store and answers it."""

    def __call__(self, work: Callable[[Connection], R], /) -> R:
        """Commit when it returns, roll back when it raises."""


class DeskLedger:
    """Implements `sync.proof.Ledger` over a desk's replica."""

    def __init__(
        self,
        run: Runner,
        read: Runner,
        replica: Replica,
        learned: Callable[[Connection, Sequence[Placed]], None],
        folded: Callable[[Folded], None],
    ) -> None:
        self._run, self._read = run, read
        self._replica, self._learned, self._folded = replica, learned, folded

    def recount(self) -> None:
        """Bring the running figures in step with the rows themselves. Counting reads beside the saves; a save
        that slips in between moves rows and figures alike, so the difference found still holds."""
        moved = self._read(proof.slipped)
        if moved:
            self._run(lambda c: self._replica.correct(c, moved))

    def answer(self, ask: Ask, *, leaf: bool | None = None) -> Told:
        """The figures of this node's own rows."""
        return self._read(lambda c: proof.answer(c, ask, proof.everything, leaf=leaf))

    def rebuild(self, ask: Ask, placed: Sequence[Placed]) -> Figure:
        """Make one record anew from these operations and this desk's own; its figure afterwards. What this desk was
        told to give up is not made again, whatever a server shows that has not heard of it."""

        def work(connection: Connection) -> tuple[Folded, Figure]:
            if ask.scope in given_up(connection):
                return Folded(), proof.figure(connection, ask.kind, ask.scope, ask.id)
            folded = proof.rebuild(connection, self._replica, ask, placed)
            self._learned(connection, placed)
            return folded, proof.figure(connection, ask.kind, ask.scope, ask.id)

        folded, figure = self._run(work)
        self._folded(folded)
        return figure


def is_signed(key: str, receipt: Receipt) -> bool:
    """Whether the centre with this public key (base64) signed the receipt."""
    try:
        public = Ed25519PublicKey.from_public_bytes(raw64(key))
        public.verify(raw64(receipt.signature), receipt_claim(receipt))
        if receipt.audit_n:
            seen = audit_claim(receipt.device, receipt.audit_n, receipt.audit_head, receipt.time)
            public.verify(raw64(receipt.audit_signature), seen)
    except (InvalidSignature, ValueError):
        return False
    return True
