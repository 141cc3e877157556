"""One kind of request of which at most one is under way, and what the last pull brought."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sync.operation import Placed
from sync.wire import PullHead


@dataclass(slots=True)
class Lane:
    """The request that is under way, or was last."""

    request: int = 0
    busy: bool = False

    def ends(self, request: int) -> bool:
        """Whether this is the answer that is waited for; it is no longer."""
        if not self.busy or self.request != request:
            return False
        self.busy = False
        return True


@dataclass(frozen=True, slots=True)
class Page:
    """A pull's answer that is folded while the next page is on its way; `asked` is the cursor it was read for."""

    asked: int
    head: PullHead
    placed: Sequence[Placed]
