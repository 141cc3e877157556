"""What a server's log tells of a file or of one record: every operation of it, asked for once, and kept nowhere.

They are the road's own questions for a granted scope's history and for one record (as where digests differ): the
server answers a device what it may see, and of any other scope nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from desktop.background.road_parts import Transport
from sync.operation import Placed
from sync.proof import RECORD, Ask
from sync.troubles import ServerLied

ASK_S: Final = 20.0
"""How long (seconds) one page may take."""

PAGES: Final = 64
"""Pages (1 MiB each) of one file at most: no file comes near, and a server that never ends is none of ours."""

_EVER: Final = (1 << 53) - 1


@dataclass(frozen=True, slots=True, order=True)
class Wanted:
    """A whole scope, or one record of it."""

    scope: str
    kind: str = ""
    id: str = ""


def history_told(transport: Transport, wanted: Collection[Wanted]) -> list[Placed]:
    """Operations of these in the order of the server's feed; none of what the device may not see.

    Raises sync.troubles.
    """
    found: list[Placed] = []
    for one in sorted(wanted):
        found += _of_record(transport, one) if one.id else _of_scope(transport, one.scope)
    return found


def _of_record(transport: Transport, one: Wanted) -> list[Placed]:
    asked = Ask(RECORD, scope=one.scope, kind=one.kind, id=one.id)
    return list(transport.proof(asked, ASK_S).placed)


def _of_scope(transport: Transport, scope: str) -> list[Placed]:
    found: list[Placed] = []
    past = 0
    for _ in range(PAGES):
        head, placed = transport.scope(scope, _EVER, past, ASK_S)
        found += placed
        if not head.more:
            return found
        if head.next <= past:
            raise ServerLied
        past = head.next
    raise ServerLied
