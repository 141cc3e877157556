"""What the road costs in bytes and requests, counted on the wire between real ends and in packed bodies."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from domain.records.case import Case
from domain.records.contact import Contact
from sync import chain, wire
from sync.act import Act
from sync.operation import Placed
from sync.transport import HttpTransport, enrol
from sync.wire import PushHead
from tests.bench.road_ends import Centre, emptied
from tests.bench.road_records import cases, contacts
from tests.server.tap import Tap
from tests.sync.nodes import Node, cipher_engine

BATCH = 1_000
PATIENCE_S = 60.0


class Counted(Tap):
    """A wire that counts requests too: every message that begins as one, as it passes."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.requests = 0

    def passed(self, part: bytes) -> None:
        """Count what goes over the wire."""
        super().passed(part)
        if part.startswith((b"GET ", b"POST ")):
            self.requests += 1

    def reset(self) -> None:
        """Begin to count anew."""
        self.bytes = self.requests = 0


class End:
    """A desk's replica and its transport over a counted wire."""

    def __init__(self, folder: Path, centre: Centre, tap: Tap, seat: str) -> None:
        key = Ed25519PrivateKey.generate()
        made = enrol(centre.url, centre.code(seat), key.public_key().public_bytes_raw(), "may-do")
        self.node = Node(cipher_engine(folder / f"{seat}.db"), device=made.device, centre=made.centre, key=key)
        self.node.wall = made.time
        self.road = HttpTransport(tap.url, made.device, 1, key.sign)
        self.lineage = ""
        self.cursor = 0

    def close(self) -> None:
        """End the road and the store."""
        self.road.close()
        self.node.engine.dispose()

    def pull(self, wait_s: float = 0) -> int:
        """One pull, folded; answers how many operations came."""
        answer = self.road.pull(self.lineage, self.cursor, 1_000, wait_s, PATIENCE_S)
        if answer is None:
            return 0
        head, placed = answer
        self.node.fold(placed)
        self.lineage, self.cursor = head.lineage, head.next
        return len(placed)

    def packed(self, placed: list[Placed]) -> bytes:
        """A push of these."""
        first = placed[0]
        previous = self.node.run(lambda c: self.node.replica.hash_at(c, self.node.identity, first.n - 1))
        head = chain.advance(previous, placed)[-1]
        signature = chain.sign_head(self.node.key, first.device, first.incarnation, placed[-1].n, head)
        said = PushHead(
            p=wire.PROTOCOL, device=first.device, incarnation=first.incarnation, lineage=self.lineage, first=first.n,
            count=len(placed), previous=previous.hex(), signature=wire.text64(signature), schema=1,
            cursor=self.cursor,
        )  # fmt: skip
        return wire.encode_push(said, placed)


def measure(folder: Path) -> dict[str, float]:
    """`sync.noop_*`, `sync.change_bytes`, `sync.record_bytes`, `sync.edit_bytes`."""
    with (
        emptied(folder / "sync-bytes") as there,
        Centre(there / "centre") as centre,
        Counted(centre.url) as near,
        Counted(centre.url) as far,
    ):
        one, two = End(there, centre, near, "AG01"), End(there, centre, far, "AG02")
        try:
            return _counted(one, two, near, far)
        finally:
            one.close()
            two.close()


def _counted(one: End, two: End, near: Counted, far: Counted) -> dict[str, float]:
    notes = list(cases(BATCH + 1))
    _author(one.node, contacts(BATCH + 1))
    begun = one.node.outbox()
    one.road.push(one.packed(begun), PATIENCE_S)
    _author(one.node, notes[:BATCH])
    fresh = one.node.outbox(after=begun[-1].n)
    bulk = one.packed(fresh)
    one.road.push(bulk, PATIENCE_S)
    for end in (one, two):
        while end.pull():
            pass
    far.reset()
    two.pull()
    noop = {"sync.noop_requests": float(far.requests), "sync.noop_bytes": float(far.bytes)}
    near.reset()
    far.reset()
    taken: list[int] = []
    held = threading.Thread(target=lambda: taken.append(two.pull(wait_s=25)), name="held-pull")
    held.start()
    _author(one.node, notes[BATCH:])
    change = one.node.outbox(after=fresh[-1].n)
    one.road.push(one.packed(change), PATIENCE_S)
    held.join()
    if taken != [1]:
        raise AssertionError("the change did not come by the held pull")
    whole = near.bytes + far.bytes
    if (near.requests, far.requests) != (1, 1):
        raise AssertionError("one change is one POST and one held GET")
    edits = one.packed(_edit(one.node, notes[:BATCH], change[-1].n))
    return noop | {
        "sync.change_bytes": float(whole),
        "sync.record_bytes": len(bulk) / BATCH,
        "sync.edit_bytes": len(edits) / BATCH,
    }


def _author(node: Node, notes: Iterable[tuple[str, Case | Contact]]) -> None:
    for scope, case in notes:
        act = node.act()
        act.create(scope, case)
        node.write(act)


def _edit(node: Node, notes: list[tuple[str, Case]], after: int) -> list[Placed]:
    """A two-field edit of every note, each based on what is shown."""
    for scope, case in notes:
        node.wall += 1
        stored = node.stored("case", case.id)
        act = Act("tvv-0123", node.clock.next(node.wall))
        act.change("case", case.id, scope, stored.state, {"status": "open", "assigned_to": "tvv-0007"})
        node.run(partial(node.replica.author, identity=node.identity, bodies=act.bodies))
    return node.outbox(after=after)

