"""The road in one status for the screens, from what the engine knows and what the store counts."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from desktop.background.change_bus import RoadState, RoadStatus
from desktop.store.reads import RoadView
from domain.spoken import said_of
from sync.engine import Road
from sync.troubles import SignedOut, Unapproved


def status_of(road: Road, view: RoadView, key: Ed25519PrivateKey) -> RoadStatus:
    """The road for the screens. The word comes from what is known now; counts come from the store. A
    desk that waits to be let in says the words of its key."""
    if road.signed_out:
        # A hub is not told of a device that waits: there it is one that never was heard of.
        never_met = road.last_contact is None and road.advice == SignedOut.advice
        waits = never_met or road.advice == Unapproved.advice
        state = RoadState.UNAPPROVED if waits else RoadState.SIGNED_OUT
    elif road.up is False:
        state = RoadState.OFFLINE
    elif road.sending and view.waiting:
        state = RoadState.SENDING
    elif view.waiting or road.up is None:
        state = RoadState.WAITING
    else:
        state = RoadState.HELD if view.held else RoadState.SETTLED
    advice = road.advice
    if state is RoadState.UNAPPROVED:
        words = said_of(key.public_key().public_bytes_raw())
        advice = f"{words}. {Unapproved.advice}"
    return RoadStatus(
        state=state,
        saved_here=view.saved_here,
        at_centre=view.at_centre,
        at_hub=view.at_hub,
        waiting=view.waiting,
        line_down_since_ms=road.down_since,
        equal_at_ms=road.equal_at,
        equal=None if view.waiting else road.equal,
        advice=advice,
        last_contact_ms=road.last_contact,
        held=view.held,
        centre=view.centre,
    )
