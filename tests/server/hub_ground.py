"""A real hub between a real centre and desks, over a line that a test can cut."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from desktop.day.line import Line
from server.app import Serving, listen, url_of
from server.operations.centre import HUB, Centre
from server.operations.enrolment import make_code
from server.operations.hub import enrol_hub, link
from server.operations.uplink import Uplink
from server.store import hubs
from server.store.audit import audit
from server.store.engine import open_store
from sync import transport
from sync.engine import Pace
from sync.replica import read, sums, tables
from tests.server.ground import Desk, HandClock, Running

PATIENCE_S = 60.0
"""How long a test waits for a fact of several threads before it fails (seconds)."""

PACE = Pace(base=20, cap=100, timeout=20_000)


def until(fact: Callable[[], bool], what: str) -> None:
    """Look again and again until it is so."""
    looking = threading.Event()
    left = PATIENCE_S
    while not fact():
        assert left > 0, f"it never came that {what}"
        looking.wait(0.02)
        left -= 0.02


class Gate:
    """The line between hub and centre: `cut` closes its sockets and refuses, `open` lets through again."""

    def __init__(self, url: str) -> None:
        host, port = url.removeprefix("http://").split(":")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="gate")
        self._thread.start()
        self._line = Line(host, int(port))
        self.open()
        self.url = f"http://127.0.0.1:{self._line.own_port}"

    def open(self) -> None:
        asyncio.run_coroutine_threadsafe(self._line.open(), self._loop).result(PATIENCE_S)

    def lead_to(self, url: str) -> None:
        """Carry to another port from now on: the server was started again."""
        self._line.lead_to(int(url.rpartition(":")[2]))

    def cut(self) -> None:
        asyncio.run_coroutine_threadsafe(self._line.cut(), self._loop).result(PATIENCE_S)

    async def _end(self) -> None:
        # A connection taken in the moment of the cut begins to be carried only after it: each gets its turn.
        for _ in range(5):
            await self._line.cut()
            await asyncio.sleep(0)

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(PATIENCE_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@dataclass
class RunningHub:
    """A served hub."""

    centre: Centre
    serving: Serving
    url: str
    uplink: Uplink
    gate: Gate

    def visiting(self, desk: Desk) -> Desk:
        """The same desk, speaking to the hub from now on; it keeps what it knows of each server."""
        return visit(desk, self.url)

    def settled(self, centre: Running, what: str = "hub and centre are equal") -> None:
        """Wait until nothing waits and both hold the same, then count both anew from their rows."""

        def equal() -> bool:
            return self.uplink.road.waiting == 0 and digest(self.centre) == due(centre)

        until(equal, what)
        for server in (self.centre, centre.centre):
            found = server.read(audit).differences
            assert found == [], found


def digest(hub: Centre) -> str:
    """Of everything a hub holds."""
    homes = hub.read(lambda c: [row[0] for row in c.execute(tables.audience_digest.select())])
    return hub.read(lambda c: sums.of_audiences(c, homes)).text()


def due(centre: Running, of: str = "an_giang") -> str:
    """Of everything the hub of a regional centre is to hold."""
    return centre.centre.read(lambda c: hubs.digest_of(c, of)).text()


def visit(desk: Desk, url: str) -> Desk:
    """The same replica and key, speaking to another server from now on."""
    known: dict[str, tuple[str, int, int]] = desk.__dict__.setdefault("known", {})
    known[desk.url] = (desk.lineage, desk.cursor, desk.acked)
    desk.road.close()
    desk.url = url
    desk.lineage, desk.cursor, desk.acked = known.get(url, ("", 0, 0))
    desk.road = transport.HttpTransport(url, desk.enrolled.device, desk.node.incarnation, desk.key.sign)
    return desk


def has(server: Centre, kind: str, record: str) -> bool:
    """Whether a server holds a record."""
    return server.read(lambda c: read.one(c, kind, record)) is not None


@contextlib.contextmanager
def running_hub(
    data: Path, centre: Running, of: str = "an_giang", seat: str = "AG00", database: str | None = None
) -> Iterator[RunningHub]:
    """Enrol a hub at a centre and serve it in a thread; everything of it has ended afterwards. `database`: the URL of
    its PostgreSQL database, or None for the embedded store."""
    gate = Gate(centre.url)
    hub = Centre(open_store(data, database), HandClock(), os.urandom, HUB)
    try:
        enrol_hub(hub, data, gate.url, make_code(centre.centre, of, seat, hub=True))
        with serving_hub(hub, data, gate) as one:
            yield one
    finally:
        hub.close()
        gate.close()


@contextlib.contextmanager
def serving_hub(hub: Centre, data: Path, gate: Gate) -> Iterator[RunningHub]:
    """Serve an enrolled hub."""
    ready = threading.Event()
    uplink = link(hub, data, gate.url, PACE)
    with listen("127.0.0.1", 0) as door:
        serving = Serving(hub, door, ready.set)
        thread = threading.Thread(target=serving.run_here, name="hub-under-test")
        thread.start()
        try:
            assert ready.wait(PATIENCE_S), "the hub did not come up"
            uplink.start()
            yield RunningHub(hub, serving, url_of(door), uplink, gate)
        finally:
            uplink.close()
            serving.stop()
            thread.join()
