"""Lives a day: centre, three desks, hubs as real processes; a line really cut, a desk and a hub really killed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import signal
import sys
import time
from collections.abc import AsyncIterator, Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from desktop.day.checker import RUN
from desktop.day.desk_process import Desk
from desktop.day.hub_process import HUB_SEATS, Hub
from desktop.day.kept import copy_postgres, describe, in_own_schema
from desktop.day.line import Line
from desktop.day.paper import CENTRES, CUT_CENTRE, Paper, to_ms
from desktop.day.processes import PATIENCE_S, DayFailedError, Program, server_command
from desktop.day.same import lacks
from desktop.day.schedule import CUT, DYING_HUB, Stage, hub_dies_after, killed_at, stages

_HOME_SEATS: Final = {"hanoi": "HN01", "da_nang": "DN01", "an_giang": "AG01"}
"""The seat each desk enrols with; it sits at the seat that an entry names."""

_ALL_CASES: Final = "hanoi"


@dataclass(slots=True)
class Lived:
    """What only the run can know. `outage_s` is in seconds of the day's clock, `wall_s` in real ones."""

    faults: list[str] = field(default_factory=list)
    outage_s: int = 0
    desk_kills: int = 0
    hub_kills: int = 0
    wall_s: float = 0.0
    pictures: list[str] = field(default_factory=list)
    phases: dict[str, float] = field(default_factory=dict)

    def write(self, kept: Path) -> None:
        """Put it beside the kept nodes, for the checker."""
        facts = {
            "faults": self.faults,
            "outage_s": self.outage_s,
            "desk_kills": self.desk_kills,
            "hub_kills": self.hub_kills,
            "wall_s": round(self.wall_s, 1),
        }
        (kept / RUN).write_text(json.dumps(facts, ensure_ascii=False, indent=1) + "\n", "utf-8")


def live(
    paper: Paper, kept: Path, *, shots: Path | None = None, database: str | None = None, hubs: bool = False
) -> Lived:
    """Live the day; every node's store, logs and label lie in `kept` afterwards. With `hubs` the regional centres
    have one each, and one of these dies in the middle of the work.

    Raises DayFailedError; no process of it is left behind, whatever happens.
    """
    day = Day(paper, kept, shots, database, hubs=hubs)
    asyncio.run(_interruptible(day))
    return day.lived


async def _interruptible(day: Day) -> None:
    """A termination asks the day to end as Ctrl-C does: through its own clean-up."""
    task = asyncio.current_task()
    assert task is not None
    if sys.platform != "win32":  # Windows has no such signals on its loop
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    await day.run()


class Day:
    """One run."""

    def __init__(
        self, paper: Paper, kept: Path, shots: Path | None, database: str | None, *, hubs: bool = False
    ) -> None:
        self.paper = paper
        self.kept = kept
        self.shots = shots
        self.database = database
        self.lived = Lived()
        self._passphrase = secrets.token_urlsafe(12)
        self._centre = Program("Trung tâm")
        self._codes: list[Program] = []
        self.desks: dict[str, Desk] = {}
        self.hubs: dict[str, Hub] = {}
        self._wants_hubs = hubs
        self._url: str | None = None
        self._cut_at = 0

    async def run(self) -> None:
        """From the first process to the last one's end."""
        began = time.monotonic()
        async with self._database() as url, self._stopped_at_the_end():
            self._url = url
            await self._open(url)
            self._note("open", began)
            for stage in stages(self.paper):
                await self._live(stage)
            await self._end_of_day()
            await self._picture("case", "search", "road")
            await self._picture("road", centre=CUT_CENTRE)
            await self._close(url)
        if self.shots is not None:
            self.lived.pictures = sorted(str(path) for path in self.shots.glob("*.png"))
        self.lived.wall_s = time.monotonic() - began
        self.lived.write(self.kept)

    # ---------------------------------------------------------------- beginning and end

    @contextlib.asynccontextmanager
    async def _stopped_at_the_end(self) -> AsyncIterator[None]:
        try:
            yield
        except BaseException:
            for program in self._all():
                program.kill_now()
            raise
        finally:
            await asyncio.shield(asyncio.gather(*(p.stop() for p in self._all()), return_exceptions=True))
            for desk in self.desks.values():
                await desk.line.cut()
            for hub in self.hubs.values():
                await hub.cut()

    def _all(self) -> list[Program]:
        hubs = [program for hub in self.hubs.values() for program in (hub.enrolling, hub.program)]
        return [self._centre, *self._codes, *hubs, *(desk.program for desk in self.desks.values())]

    @property
    def _cut_line(self) -> Line:
        """The line of the centre that is cut off: its hub's, where it has one, which is its desk's too."""
        hub = self.hubs.get(CUT_CENTRE)
        return self.desks[CUT_CENTRE].line if hub is None else hub.wan

    @contextlib.asynccontextmanager
    async def _database(self) -> AsyncIterator[str | None]:
        if self.database is None:
            yield None
            return
        with in_own_schema(self.database) as url:
            yield url

    async def _open(self, url: str | None) -> None:
        folder = self.kept / "centre"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        store = ["--data", str(folder / "data"), *(["--database", url] if url else [])]
        first, *rest = CENTRES.values()
        codes = {first: await self._code(first, store)}
        serving = self._centre.start(
            server_command("serve", *store, "--port", "0", "--announce"), folder / "logs" / "centre.log"
        )
        others = asyncio.gather(*(self._code(c, store) for c in rest))
        regional = list(HUB_SEATS) if self._wants_hubs else []
        of_hubs = asyncio.gather(*(self._code(c, store, hub=True) for c in regional))
        await asyncio.gather(serving, others, of_hubs)
        codes |= dict(zip(rest, others.result(), strict=True))
        url_of_centre = str((await self._centre.announced())["url"])
        for centre in regional:
            self.hubs[centre] = Hub(centre, self.kept / HUB_SEATS[centre], url_of_centre)
        begun = (hub.begin(code) for hub, code in zip(self.hubs.values(), of_hubs.result(), strict=True))
        await asyncio.gather(*begun)
        midnight = to_ms(f"{self.paper.date} 00:00:00")
        for centre in CENTRES.values():
            home = self.kept / _HOME_SEATS[centre]
            line = self.hubs[centre].lan if centre in self.hubs else Line.to(url_of_centre)
            self.desks[centre] = Desk(centre, home, line, self._passphrase, midnight, self.shots)
        await asyncio.gather(*(desk.enrol(codes[name]) for name, desk in self.desks.items()))

    async def _code(self, centre: str, store: list[str], *, hub: bool = False) -> str:
        more = ["--hub"] if hub else ["--all-cases"] if centre == _ALL_CASES else []
        seat = HUB_SEATS[centre] if hub else _HOME_SEATS[centre]
        command = server_command("code", *store, "--centre", centre, "--seat", seat, "--no-approval", *more)
        program = Program("Mã đăng ký")
        self._codes.append(program)
        text = await program.output(command, self.kept / "centre" / "logs" / "codes.log")
        return text.strip().splitlines()[-1]

    def _note(self, what: str, since: float) -> None:
        self.lived.phases[what] = round(time.monotonic() - since, 2)

    async def _close(self, url: str | None) -> None:
        """Stop every process cleanly, then label the folders so that they can be opened again."""
        codes = await asyncio.gather(*(desk.close() for desk in self.desks.values()))
        codes += await asyncio.gather(*(hub.close() for hub in self.hubs.values()))
        codes.append(await self._centre.stop(signal.SIGTERM) or 0)
        if any(code not in (0, -signal.SIGTERM) for code in codes):
            self.lived.faults.append("có tiến trình không kết thúc bình thường: xem nhật ký của các nút")
        label: dict[str, Any] = {"name": "centre", "role": "centre", "centre": "", "device": "centre"}
        folder = self.kept / "centre"
        if url is None:
            label |= {"store": "data/centre.db", "key_file": "data/server.key"}
        else:
            key = secrets.token_bytes(32)
            await asyncio.to_thread(copy_postgres, url, folder / "copy.db", key)
            label |= {"store": "copy.db", "key": key.hex()}
        describe(folder, label)

    # ---------------------------------------------------------------- the day itself

    async def _live(self, stage: Stage) -> None:
        began = time.monotonic()
        await self._raise_the_dead()
        if stage.phase == CUT and self._cut_line.up:
            await self._picture("calls")
            await self._cut()
        elif stage.phase != CUT and not self._cut_line.up:
            await self._restore()
        fatal = killed_at(self.paper)
        feeding = self._killing_a_hub(stage)
        for centre, desk in self.desks.items():
            entries = stage.by_centre[centre]
            dies = next((e.index for e in entries if centre == CUT_CENTRE and e.index == fatal), None)
            feeding.append(desk.feed(entries, self.paper, dies))
        await asyncio.gather(*feeding)
        self.lived.desk_kills = sum(desk.kills for desk in self.desks.values())
        self._collect()
        await self._settle(with_cut=self._cut_line.up)
        self._note(f"{stage.phase}{sum(k.startswith(stage.phase) for k in self.lived.phases) or ''}", began)

    def _killing_a_hub(self, stage: Stage) -> list[Coroutine[Any, Any, None]]:
        """What ends the hub of Đà Nẵng in this stage, as soon as its desk has shown one certain entry as saved."""
        fatal = hub_dies_after(self.paper)
        hub = self.hubs.get(DYING_HUB)
        if hub is None or fatal is None or all(e.index != fatal for e in stage.by_centre[DYING_HUB]):
            return []

        async def kill(hub: Hub = hub, fatal: int = fatal) -> None:
            await self.desks[DYING_HUB].until_saved(fatal)
            await hub.kill()
            self.lived.hub_kills += 1
            # What its desk goes on with, and what the hub had not passed on yet, goes to the centre.
            await self.desks[DYING_HUB].until_at("centre")

        return [kill()]

    async def _raise_the_dead(self) -> None:
        """Start the hub again that was killed; its desk goes back to it when it finds that it lives."""
        for centre, hub in self.hubs.items():
            if not hub.program.running:
                await hub.serve()
                await self.desks[centre].nudge()

    async def _cut(self) -> None:
        desk = self.desks[CUT_CENTRE]
        await desk.set_clock(self.paper.cut[0])
        await self._cut_line.cut()
        if not await self._cut_line.refuses():
            raise DayFailedError("Không cắt được đường truyền của An Giang: có chương trình khác đang giữ cổng.")
        self._cut_at = self.paper.cut[0]
        await self._until_alone(desk)

    async def _until_alone(self, desk: Desk) -> None:
        """A desk without a hub says that the line is down; one with a hub goes on with it."""
        await (desk.until_at("hub") if desk.centre in self.hubs else desk.until_down())

    async def _restore(self) -> None:
        desk = self.desks[CUT_CENTRE]
        await desk.set_clock(self.paper.cut[1])
        await self._until_alone(desk)
        await self._picture("road", centre=CUT_CENTRE, name="road-cut")
        await self._cut_line.open()
        self.lived.outage_s += (self.paper.cut[1] - self._cut_at) // 1000
        await desk.nudge()
        if (hub := self.hubs.get(CUT_CENTRE)) is not None:
            hub.look_again()
        await self._settle(with_cut=True)

    async def _settle(self, *, with_cut: bool) -> None:
        """Wait until what was saved has arrived: outboxes empty and compared equal, then every case equal wherever
        it is held."""
        here = [d for c, d in self.desks.items() if with_cut or c != CUT_CENTRE]
        await asyncio.gather(*(desk.until_equal() for desk in here))
        deadline = time.monotonic() + PATIENCE_S
        while True:
            held = await asyncio.gather(*(desk.cases() for desk in here))
            late = _late({d.centre: h for d, h in zip(here, held, strict=True)})
            if not late:
                return
            waits = [asyncio.create_task(self.desks[centre].until_changed(deadline)) for centre in sorted(late)]
            done, others = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
            for task in done:
                task.result()

    def _collect(self) -> None:
        for desk in self.desks.values():
            self.lived.faults += desk.faults
            desk.faults.clear()

    async def _end_of_day(self) -> None:
        """Reconcile with the exchange at each desk, then wait until all are quiet and compared equal."""
        began = time.monotonic()
        await self._raise_the_dead()
        await asyncio.gather(*(self.desks[centre].until_at("hub") for centre in self.hubs))
        last = max([e.at for e in self.paper.entries] + [r.end_at for r in self.paper.rings.values()])
        await asyncio.gather(*(d.reconcile(self.paper, last + 60_000) for d in self.desks.values()))
        await self._settle(with_cut=True)
        await asyncio.gather(*(self._until_same(hub) for hub in self.hubs.values()))
        self._collect()
        self._note("end", began)

    async def _until_same(self, hub: Hub) -> None:
        """Until the hub's own store holds what the centre's says that it is to hold: what comes down to it at the
        end of a day concerns no screen, so that no desk can tell."""
        desks = [desk.device for desk in self.desks.values() if desk.centre == hub.centre]
        deadline = time.monotonic() + PATIENCE_S
        while await asyncio.to_thread(lacks, self.kept / "centre", self._url, hub.folder, hub.centre, desks):
            if time.monotonic() > deadline:
                raise DayFailedError(f"Trạm vùng {hub.name} chưa khớp với trung tâm: xem nhật ký của nút này.")
            await asyncio.sleep(0.1)

    async def _picture(self, *pages: str, centre: str = _ALL_CASES, name: str = "") -> None:
        if self.shots is None:
            return
        for page in pages:
            path = self.shots / f"{name or page}-{_HOME_SEATS[centre]}.png"
            await self.desks[centre].picture(page, path)


def _late(held: Mapping[str, Mapping[str, str]]) -> set[str]:
    """Desks that may still wait for writing of a case: the all-cases desk holds every one, equal to its owner's."""
    every = held[_ALL_CASES]
    late: set[str] = set()
    for centre, mine in held.items():
        if any(every.get(scope) != digest for scope, digest in mine.items()):
            late |= {centre, _ALL_CASES}
    return late
