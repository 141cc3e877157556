"""What a server's log tells of a file: every operation of its scope, asked for once, page by page, and kept nowhere.

It is the road's own question for a granted scope's history: the server answers a device what it may see, and of
any other scope nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from desktop.background.road_parts import Transport
from sync.operation import Placed
from sync.troubles import ServerLied

ASK_S: Final = 20.0
"""How long (seconds) one page may take."""

PAGES: Final = 64
"""Pages (1 MiB each) of one file at most: no file comes near, and a server that never ends is none of ours."""

_EVER: Final = (1 << 53) - 1


def history_told(transport: Transport, scopes: Collection[str]) -> list[Placed]:
    """Operations of these scopes in the order of the server's feed; none of a scope that the device may not see.

    Raises sync.troubles.
    """
    found: list[Placed] = []
    for scope in sorted(scopes):
        found += _of_scope(transport, scope)
    return found


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
