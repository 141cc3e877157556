"""Faults to plant (see mutants.py) in hubs, and in how desks move between their hub and the centre."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack
from typing import Any
from unittest.mock import patch

from sqlalchemy import Connection

from server.operations import pull, push
from server.operations import reach as where
from server.operations.centre import Centre
from server.operations.reach import Reach
from sync.engine import Engine, Now
from sync.operation import Placed
from sync.replica import signed
from sync.replica.changes import Folded
from sync.replica.hub_road import HubRoad
from sync.replica.relay import RelayReplica
from sync.troubles import Trouble
from sync.wayfinder import Wayfinder


def taken_for_arrived() -> AbstractContextManager[Any]:
    """A hub says of what it took that the centre has it."""

    def reach(centre: Centre, connection: Connection, device: str, incarnation: int, acked: int) -> Reach:
        known = real(centre, connection, device, incarnation, acked)
        return known if not known.centre else Reach(acked, known.backed_up, known.centre)

    real = where.reach
    both = ExitStack()
    for one in (push, pull):
        both.enter_context(patch.object(one, "reach", reach))
    return both


def never_passed_on() -> AbstractContextManager[Any]:
    """A hub does not keep a desk's signature, and without it nothing can go up."""
    return patch.object(signed, "keep", lambda *_given: None)


def moved_without_meeting() -> AbstractContextManager[Any]:
    """What one server has acknowledged is taken for acknowledged by the next."""

    def move(self: Engine, now: Now, *, at_once: bool) -> None:
        real(self, now, at_once=at_once)
        self._meeting = False

    real = Engine._move
    return patch.object(Engine, "_move", move)


def dead_hub_never_left() -> AbstractContextManager[Any]:
    """The desk stays with its hub, whatever comes of it."""

    def failed(self: Wayfinder, _trouble: Trouble, _mono: int) -> bool | None:
        return None

    return patch.object(Wayfinder, "failed", failed)


def never_back_to_the_hub() -> AbstractContextManager[Any]:
    """A hub that lives again is left alone."""

    def probed(self: Wayfinder, _alive: bool, mono: int) -> bool:
        return real(self, alive=False, mono=mono)

    real = Wayfinder.probed
    return patch.object(Wayfinder, "probed", probed)


def grants_believed_by_guess() -> AbstractContextManager[Any]:
    """A hub shows a dossier to its desks without having been told whose it is."""
    return patch.object(RelayReplica, "_settle", lambda *_given: set())


def wiped_at_the_hub_no_more() -> AbstractContextManager[Any]:
    """What was withdrawn from every desk stays at the hub."""

    def forget(*_given: object) -> Folded:
        return Folded()

    return patch.object(RelayReplica, "forget_scope", forget)


def page_passed_over() -> AbstractContextManager[Any]:
    """The hub moves its cursor and does not take what it read."""

    def take(_self: HubRoad, _connection: Connection, placed: Sequence[Placed], _known: str) -> Folded:
        del placed
        return Folded()

    return patch.object(HubRoad, "_take", take)
