"""A centre with every sort of row, and whole desks that are filled from its segments."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from desktop import app
from desktop.app import Desk as WholeDesk
from desktop.background.change_bus import RoadState, RoadStatus
from desktop.home import Home
from desktop.store.building import Gathered, gather
from domain.records.contact import Contact
from domain.records.person import Person, Phone
from server.operations.bootstrap import SegmentBuilder
from sync import manifest as manifests
from sync import transport, wire
from sync.engine import Pace
from sync.manifest import Manifest
from sync.operation import CREATE, Body
from sync.replica import sums, tables
from tests.desktop.background.hearing import Ear
from tests.desktop.store.kit import CHEAP, PASSPHRASE, STAFF, SetClock, reference
from tests.server.ground import PATIENCE_S, Desk, Running

SMALL = 12_000
"""Bytes of values in a segment, so that a few hundred rows make several."""


def small_segments(centre: Running, target: int = SMALL) -> SegmentBuilder:
    """Let this centre's segments be small."""
    builder = centre.serving.counter.segments
    builder._target = target
    return builder


def write_everything(centre: Running, one: Desk, two: Desk) -> None:
    """Rows of every sort: plain, edited, disputed, retracted, with sets, with unknown fields, of unknown kinds, of
    another centre, granted and not granted."""
    one.write_calls(range(250))
    for number in range(30):
        name = f"c-{one.enrolled.device[-6:]}-{number}"
        one.write_contact(name, f"Ghi chép số {number} của bà Đặng", case=number < 2)
    scope = one.write_contact("shared")
    act = one.node.act()
    act.create(scope, Person(id="person-1", full_name="Nguyễn Thị Đào", age_years=9))
    act.create(scope, Phone(id="phone-1", person_id="person-1", number="+84900123456"))
    act.create(scope, Contact(id="with-set", topics=("psychology", "violence"), in_depth=True))
    one.node.write(act)
    unknown: list[tuple[str, str, dict[str, Any]]] = [
        ("contact", "shared", {"summary": "x", "colour_of_sky": {"b": 1, "a": [2.5, None]}}),
        ("mood", "mood-1", {"level": 3, "words": "đỡ sợ"}),
    ]
    for kind, record, values in unknown:
        stamp = one.node.clock.next(one.node.wall + 1)
        one.node.wall += 1
        body = Body(kind, record, scope, "P3", CREATE, "tvv-1", 9, stamp, values=values)
        one.node.run(lambda c, body=body: one.node.replica.author(c, one.node.identity, [body]))  # type: ignore[misc]  # binds the loop's value
    one.push()
    two.pull()
    for desk, words in ((one, "lời của máy một"), (two, "lời của máy hai")):
        desk.node.change("person", "person-1", full_name=words)
        desk.node.change("contact", "shared", summary=words)
    one.push()
    two.push()
    one.pull()
    one.node.change("contact", "shared", form="file")
    act = one.node.act()
    stored = one.node.stored("call", f"{one.enrolled.device}-7")
    act.retract("call", stored.id, stored.scope, stored.state, "ghi nhầm")
    one.node.write(act)
    one.push()
    two.pull()


def manifest_of(desk: Desk, least: int = 0) -> Manifest:
    """The manifest made for this desk."""
    sealed = desk.road.bootstrap(least, 6 * PATIENCE_S)
    assert sealed is not None
    return manifests.unseal(sealed, Ed25519PublicKey.from_public_bytes(wire.raw64(desk.enrolled.centre_key)))


def contents(read: Callable[[Callable[[Any], Any]], Any]) -> Mapping[str, list[Any]]:
    """Everything that a desk holds and derives, by table: each state field by field, whatever its row looks like."""
    from domain.records.kinds import KINDS
    from sync.replica.rows import state_of

    def work(connection: Any) -> Mapping[str, list[Any]]:
        found: dict[str, list[Any]] = {}
        for name, table in tables.records.items():
            rows = connection.execute(table.select().order_by(table.c.id)).mappings().all()
            found[name] = [
                (
                    row["scope"],
                    {k: v for k, v in dict(row).items() if k != "versions"},
                    {k: (dict(f.heads), sorted(f.gone)) for k, f in state_of(KINDS[name], row).items()},
                )
                for row in rows
            ]
        for table in (tables.parked_record, tables.sibling, tables.digest, tables.audience_digest):
            found[table.name] = sorted(tuple(row) for row in connection.execute(table.select()))
        assert sums.by_scope_and_kind(connection) == sums.recount(connection)
        return found

    result: Mapping[str, list[Any]] = read(work)
    return result


def index_of(connection: Any) -> Mapping[str, list[Any]]:
    """The search index, by what is found and not by number."""
    found: dict[str, list[Any]] = {}
    found["codes"] = sorted(tuple(row) for row in connection.exec_driver_sql("SELECT * FROM search_code"))
    found["phones"] = sorted(tuple(row) for row in connection.exec_driver_sql("SELECT * FROM search_phone"))
    entries = "SELECT record, kind, contact FROM search_entry"
    found["entries"] = sorted(tuple(row) for row in connection.exec_driver_sql(entries))
    for word in ("dang", "dao", "nguyen", "may", "hai"):
        hits = connection.exec_driver_sql(
            "SELECT record FROM search_entry WHERE no IN (SELECT rowid FROM search_text WHERE search_text MATCH ?)",
            (f"{{name prose}}: {word}",),
        )
        found[word] = sorted(row[0] for row in hits)
    return found


class Watched:
    """The real transport, which counts what is asked of it and fails where it is told to."""

    def __init__(self, *how: Any) -> None:
        self.road = transport.HttpTransport(*how)
        self.pieces: list[tuple[str, int]] = []
        self.manifests = 0
        self.pulls: list[int] = []
        self.scopes = 0
        self.push = self.road.push
        self.proof = self.road.proof
        self.before_piece: Callable[[int], None] = _nothing
        self.before_pull: Callable[[int], None] = _nothing
        self.change: Callable[[bytes], bytes] = _same

    def bootstrap(self, least: int, timeout_s: float) -> bytes | None:
        self.manifests += 1
        return self.road.bootstrap(least, timeout_s)

    def segment(self, name: str, start: int, length: int, timeout_s: float) -> bytes:
        self.before_piece(len(self.pieces))
        self.pieces.append((name, start))
        return self.change(self.road.segment(name, start, length, timeout_s))

    def pull(self, lineage: str, cursor: int, limit: int, wait_s: float, timeout_s: float) -> Any:
        self.before_pull(cursor)
        self.pulls.append(cursor)
        return self.road.pull(lineage, cursor, limit, wait_s, timeout_s)

    def scope(self, scope: str, upto: int, past: int, timeout_s: float) -> Any:
        self.scopes += 1
        return self.road.scope(scope, upto, past, timeout_s)

    def receipt(self, digest: str, timeout_s: float) -> Any:
        return self.road.receipt(digest, timeout_s)

    def close(self) -> None:
        self.road.close()


def _nothing(_count: int) -> None:
    """Nothing happens."""


def _same(data: bytes) -> bytes:
    return data


@dataclass
class Whole:
    """A whole desk of a home of its own: `open` it, look, `close` it."""

    home: Home
    clock: SetClock
    desk: WholeDesk | None = None
    road: Ear = field(default_factory=Ear)
    roads: list[Watched] = field(default_factory=list)
    prepare: Callable[[Watched], None] = field(default=lambda road: None)

    def open(self, *, fill_from: int = 1) -> WholeDesk:
        self.desk = app.build(
            self.home, STAFF, PASSPHRASE, clock=self.clock, transport_factory=self._make, reference=reference(),
            key_cost=CHEAP, pace=Pace(base=20, cap=50), fill_from=fill_from,
        )  # fmt: skip
        self.desk.bus.road.connect(self.road.done)
        # The road runs since `build`: what it said before anybody listened is not said again.
        if self.desk.driver is not None:
            self.road.done(self.desk.driver.status)
        return self.desk

    def open_without_road(self) -> WholeDesk:
        """As where no line is."""
        self.desk = app.build(
            self.home, STAFF, PASSPHRASE, clock=self.clock, reference=reference(), key_cost=CHEAP
        )
        return self.desk

    def filled(self) -> bool:
        """Whether something was pulled: what the engine asks for comes after a fill, or in its place."""
        return any(road.pulls for road in self.roads)

    def _make(self, *how: Any) -> Watched:
        self.roads.append(Watched(*how))
        self.prepare(self.roads[-1])
        return self.roads[-1]

    def close(self) -> None:
        if self.desk is not None:
            self.desk.close()
            self.desk = None

    def status(self) -> RoadStatus:
        return self.road.heard[-1] if self.road.heard else RoadStatus()

    def equal(self) -> bool:
        """All is sent, and this desk's own rows have the centre's digest."""
        return self.status().state is RoadState.SETTLED and self.status().equal is True

    def read(self, read: Callable[[Any], Any]) -> Any:
        desk = self.desk
        assert desk is not None
        return elsewhere(lambda: desk.lane.read(read))

    def call(self, operation: Callable[[Any], Any]) -> Any:
        desk = self.desk
        assert desk is not None
        return elsewhere(lambda: desk.lane.call(operation))

    def run(self, work: Callable[[Any], Any]) -> Any:
        desk = self.desk
        assert desk is not None
        return elsewhere(lambda: desk.lane.run(work))

    @property
    def pieces(self) -> list[str]:
        """Segments asked for, in order, by every transport of this desk."""
        return [name for road in self.roads for name, _ in road.pieces]


def elsewhere(work: Callable[[], Any]) -> Any:
    """The answer of a call that the GUI thread may not make."""
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(work()))
    thread.start()
    thread.join(60)
    return found[0]


def whole(folder: Path, centre: Running, seat: str = "AG03", *, all_cases: bool = False) -> Whole:
    """An enrolled desk that was never open."""
    home = Home(folder)
    app.enrol(home, centre.url, centre.code(seat, all_cases=all_cases), STAFF, PASSPHRASE, key_cost=CHEAP)
    return Whole(home, SetClock(centre.clock.now_ms()))




def gather_all(desk: Desk, manifest: Manifest, folder: Path) -> list[Gathered]:
    """Every segment of a manifest, fetched and read."""
    folder.mkdir(exist_ok=True)
    found: list[Gathered] = []
    for part in manifest.parts:
        for one in part.segments:
            path = folder / one.hash
            path.write_bytes(desk.road.segment(one.hash, 0, one.bytes, PATIENCE_S))
            found.append(gather(path, part.key, manifest.shape))
    return found
