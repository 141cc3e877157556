"""Named faults of files' carriers: a copy let go of too early, an erased file's chunks left."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from desktop.background.blob_lane import BlobLane
from desktop.store import blobs
from server.operations import blobs as centre_blobs
from server.operations.blob_uplink import BlobUplink
from sync.blobs.carrier import Carrier
from sync.blobs.signals import Effect, Offered, Sent
from sync.signals import Now


def let_go_when_the_hub_has_it() -> AbstractContextManager[Any]:
    """A hub's word is taken for the centre's."""
    real = Carrier._offered

    def offered(self: Carrier, busy: Effect, event: Offered, now: Now, effects: list[Effect]) -> None:
        real(self, busy, replace(event, centre=True), now, effects)

    return patch.object(Carrier, "_offered", offered)


def sent_is_arrived() -> AbstractContextManager[Any]:
    """The last part was sent, so the centre has it all: nobody asks what it has verified."""
    real = Carrier._sent

    def sent(self: Carrier, busy: Any, event: Sent, effects: list[Effect]) -> None:
        if busy.offset + busy.count >= busy.transfer.sealed:
            self.queue.at_centre(busy.transfer.blob, 0)
            self._current, self._offset = "", None
            return
        real(self, busy, event, effects)

    return patch.object(Carrier, "_sent", sent)


def restored_centre_not_offered_anew() -> AbstractContextManager[Any]:
    """What the former centre verified is held for verified by the one put back in its place."""
    return patch.object(blobs, "offer_anew", lambda *_given, **_named: 0)


def erased_chunks_left_at_the_desk() -> AbstractContextManager[Any]:
    """Nobody sweeps what no record names any more."""
    return patch.object(BlobLane, "sweep", lambda _self: None)


def given_up_chunks_left_at_the_hub() -> AbstractContextManager[Any]:
    """The hub gives a dossier up and sweeps nothing."""
    return patch.object(BlobUplink, "_sweep", lambda _self: None)


def given_up_copies_kept() -> AbstractContextManager[Any]:
    """The rows of a dossier passed on go, those of its files' copies stay."""
    return patch.object(blobs, "_drop_wiped", lambda *_given: None)


def erased_chunks_left_at_the_centre() -> AbstractContextManager[Any]:
    """The record is erased and its bytes are forgotten where they lie."""
    return patch.object(centre_blobs, "finish_erasing", lambda _centre: None)
