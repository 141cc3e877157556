"""A real centre on loopback and desks that speak to it over real HTTP, for tests of the road's two ends."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from domain.records.call import Call
from domain.records.case import Case
from domain.records.contact import Contact
from server.app import Serving, listen, url_of
from server.operations.centre import Centre
from server.operations.enrolment import make_code
from server.store.engine import open_store
from sync import chain, transport, wire
from sync.door import Enrolled
from sync.operation import Placed
from sync.replica import scopes, sums
from sync.wire import PullHead, PushAnswer, PushHead
from tests.sync.nodes import Node, memory_engine

PATIENCE_S = 60.0
"""How long a test waits for a fact before it fails (seconds)."""


class HandClock:
    """A clock that moves only when a test moves it."""

    def __init__(self, now_ms: int = 1_763_600_000_000) -> None:
        self.at = now_ms

    def now_ms(self) -> int:
        return self.at

    def monotonic_ms(self) -> int:
        return self.at

    def pass_ms(self, ms: int) -> None:
        self.at += ms


@dataclass
class Running:
    """A served centre."""

    centre: Centre
    serving: Serving
    url: str
    clock: HandClock

    def code(self, seat: str = "AG01", *, all_cases: bool = False) -> str:
        centre = {"HN": "hanoi", "AG": "an_giang", "DN": "da_nang"}[seat[:2]]
        return make_code(self.centre, centre, seat, all_cases=all_cases)

    def held_pulls(self, count: int) -> None:
        """Wait until exactly so many pulls are held."""
        assert self.serving.counter.room.wait_for_count(count, PATIENCE_S), f"not {count} pulls are held"


@contextlib.contextmanager
def running(data: Path, database: str | None = None, pushes_in_flight: int = 64) -> Iterator[Running]:
    """Serve a centre in a thread; everything of it has ended afterwards."""
    clock = HandClock()
    centre = Centre(open_store(data, database), clock, os.urandom)
    ready = threading.Event()
    try:
        with listen("127.0.0.1", 0) as door:
            serving = Serving(centre, door, ready.set, pushes_in_flight)
            thread = threading.Thread(target=serving.run_here, name="centre-under-test")
            thread.start()
            try:
                assert ready.wait(PATIENCE_S), "the centre did not come up"
                yield Running(centre, serving, url_of(door), clock)
            finally:
                serving.stop()
                thread.join()
    finally:
        centre.close()


@dataclass
class Desk:
    """A desk's replica in memory and its transport."""

    enrolled: Enrolled
    key: Ed25519PrivateKey
    url: str
    node: Node = field(init=False)
    road: transport.HttpTransport = field(init=False)
    lineage: str = ""
    cursor: int = 0
    acked: int = 0
    digest: str = ""
    scopes_wanted: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.node = Node(
            memory_engine(), device=self.enrolled.device, centre=self.enrolled.centre, key=self.key
        )
        self.node.wall = self.enrolled.time
        self.road = transport.HttpTransport(self.url, self.enrolled.device, 1, self.key.sign)

    def close(self) -> None:
        self.road.close()
        self.node.engine.dispose()

    def batch(self, placed: Sequence[Placed], key: Ed25519PrivateKey | None = None) -> bytes:
        """A packed push of these own operations."""
        first = placed[0]
        previous = self.node.run(lambda c: self.node.replica.hash_at(c, self.node.identity, first.n - 1))
        head = chain.advance(previous, placed)[-1]
        signature = chain.sign_head(
            key or self.key, first.device, first.incarnation, placed[-1].n, head
        )
        said = PushHead(
            p=wire.PROTOCOL,
            device=first.device,
            incarnation=first.incarnation,
            lineage=self.lineage,
            first=first.n,
            count=len(placed),
            previous=previous.hex(),
            signature=wire.text64(signature),
            schema=1,
            cursor=self.cursor,
        )
        return wire.encode_push(said, placed)

    def push(self) -> PushAnswer:
        """Send all that is not acknowledged."""
        answer = self.road.push(self.batch(self.node.outbox(self.acked)), PATIENCE_S)
        self.acked = answer.acked
        return answer

    def take(self, answer: tuple[PullHead, list[Placed]] | None) -> int:
        """Fold one pull answer; answers how many operations it held."""
        assert answer is not None
        head, placed = answer
        folded = self.node.run(lambda c: self.node.replica.receive(c, placed))
        self.lineage, self.cursor, self.digest = head.lineage, head.next, head.digest
        for change in folded.changes:
            mine = change.kind == "grant" and change.scope == scopes.device_scope(self.enrolled.device)
            if mine and change.after is not None and change.before is None:
                self.scopes_wanted.append(str(change.after["granted_scope"]))
        return len(placed)

    def pull(self) -> int:
        """Take everything there is, granted scopes too; answers how many operations came."""
        count = 0
        while True:
            answer = self.road.pull(self.lineage, self.cursor, 1_000, 0, PATIENCE_S)
            count += self.take(answer)
            assert answer is not None
            if not answer[0].more:
                break
        while self.scopes_wanted:
            count += self._fill(self.scopes_wanted.pop())
        return count

    def _fill(self, scope: str) -> int:
        past, count = 0, 0
        while True:
            head, placed = self.road.scope(scope, self.cursor, past, PATIENCE_S)
            self.node.run(lambda c, placed=placed: self.node.replica.receive(c, placed))  # type: ignore[misc]  # binds the loop's value
            count += len(placed)
            past = head.next
            if not head.more:
                return count

    def own_digest(self) -> str:
        return self.node.run(lambda c: sums.of_audiences(c, [""])).text()

    def write_calls(self, numbers: range) -> None:
        """Calls of this desk's centre, each an act of one operation."""
        for number in numbers:
            act = self.node.act()
            one = Call(
                id=f"{self.enrolled.device}-{number}",
                number=f"09000{number:05d}",
                ring_at=self.node.wall,
                outcome="silent",
            )
            act.create(scopes.centre(self.enrolled.centre), one)
            self.node.write(act)

    def write_contact(self, name: str, summary: str = "Trẻ cần được lắng nghe", *, case: bool = False) -> str:
        """A contact that founds a dossier, with a case when asked; answers the scope."""
        scope = scopes.dossier(name)
        act = self.node.act()
        act.create(scope, Contact(id=name, summary=summary, received_at=self.node.wall))
        if case:
            act.create(scope, Case(id=f"case-{name}", contact_id=name, urgency="high"))
        self.node.write(act)
        return scope


def enrol_desk(centre: Running, seat: str = "AG01", *, all_cases: bool = False) -> Desk:
    """A desk enrolled by a fresh code."""
    key = Ed25519PrivateKey.generate()
    code = centre.code(seat, all_cases=all_cases)
    enrolled = transport.enrol(centre.url, code, key.public_key().public_bytes_raw(), "may-thu")
    return Desk(enrolled, key, centre.url)


def signed(road: transport.HttpTransport, method: str, path: str, body: bytes = b"") -> dict[str, str]:
    """The header of one request by hand, proven as the device itself proves it."""
    return {"Authorization": f"Bearer {road._prove(method, path, body, road._session_token(stale=''))}"}


class InThread:
    """A call in another thread whose outcome is asked for later."""

    def __init__(self, work: Callable[[], object]) -> None:
        self._work = work
        self._answer: object = None
        self._fault: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="asker")
        self._thread.start()

    def _run(self) -> None:
        try:
            self._answer = self._work()
        except Exception as fault:  # noqa: BLE001  # raised again where the outcome is asked for
            self._fault = fault

    def outcome(self) -> object:
        """What it answered, or raises what it raised."""
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive(), "no answer came"
        if self._fault is not None:
            raise self._fault
        return self._answer
