"""A desk's store as it meets a server for the first time: its figures, what it takes, where it begins to read."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import Connection

from sync.operation import Placed
from sync.proof import Ask, Told
from sync.replica import node, proof
from sync.replica.changes import Folded
from sync.replica.ledger import Runner
from sync.replica.own_chains import CURSOR, LINEAGE
from sync.replica.replica import Replica

CHUNK = 200
"""Operations folded in one transaction: somebody may be typing (settled 12)."""


class DeskGuest:
    """Implements `sync.meeting.Book` over a desk's replica; `run` writes, `read` counts on a snapshot."""

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

    def answer(self, ask: Ask, *, leaf: bool | None = None) -> Told:
        """The figures of this desk's own rows."""
        return self._read(lambda c: proof.answer(c, ask, proof.everything, leaf=leaf))

    def take(self, placed: Sequence[Placed]) -> None:
        """Fold what the server has, a chunk a transaction."""
        for start in range(0, len(placed), CHUNK):
            part = placed[start : start + CHUNK]

            def work(connection: Connection, part: Sequence[Placed] = part) -> Folded:
                folded = self._replica.receive(connection, part)
                self._learned(connection, part)
                return folded

            self._folded(self._run(work))

    def begin_at(self, lineage: str, feed: int) -> bool:
        """From now on this server's feed is read behind `feed`; False where another is spoken to meanwhile, or the
        reading has begun."""

        def work(connection: Connection) -> bool:
            if node.get(connection, LINEAGE) != lineage or int(node.get(connection, CURSOR + lineage, "0")):
                return False
            node.put_key(connection, CURSOR + lineage, str(feed))
            return True

        return self._run(work)
