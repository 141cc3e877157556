"""One desk of a day as the driver sees it: its process, its line to the centre, what it has shown as saved."""

from __future__ import annotations

import asyncio
import hashlib
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from desktop.day.kept import describe
from desktop.day.line import Line
from desktop.day.paper import Entry, Paper
from desktop.day.processes import DayFailedError, Program, own_command

FEED_PATIENCE_S: Final = 120.0
"""How long (s) a desk at work may show nothing as saved; each single step of it gives up after 45 s."""
STAFF: Final = {"hanoi": "tvv-hn", "da_nang": "tvv-dn", "an_giang": "tvv-ag"}
"""Made-up staff ids, one a centre."""


class Desk:
    """Starts the desk's process, again after a kill, and asks it for facts. Lives on the driver's loop."""

    def __init__(
        self, centre: str, home: Path, line: Line, passphrase: str, begins_at: int, shots: Path | None
    ) -> None:
        self.centre = centre
        self.name = home.name
        self.home = home
        self.line = line
        self.program = Program(f"Bàn {self.name}", self._heard)
        self.kills = 0
        self.faults: list[str] = []
        self.device = ""
        self._passphrase = passphrase
        self._now = begins_at
        self._shots = shots
        self._saved: set[int] = set()
        self._shown = asyncio.Event()
        self._changed = asyncio.Event()

    def _heard(self, said: Mapping[str, Any]) -> None:
        match said["event"]:
            case "saved":
                self._show(int(said["entry"]))
            case "fault":
                self.faults.append(f"{self.name}: {said['words']}")
                self._show(int(said["entry"]))
            case "changed":
                self._changed.set()

    def _show(self, entry: int) -> None:
        self._saved.add(entry)
        self._shown.set()

    async def until_saved(self, entry: int) -> None:
        """Until the desk has shown this entry as saved."""
        while entry not in self._saved:
            self._shown.clear()
            await self._shown.wait()

    # ---------------------------------------------------------------- life

    async def enrol(self, code: str) -> None:
        """Start it for the first time: it makes its store and registers with the one-time code."""
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        await self.line.open()
        await self._start(code=code, url=f"http://127.0.0.1:{self.line.own_port}")

    async def _start(self, **enrolling: Any) -> None:
        await self.program.start(own_command("seat"), self.home / "logs" / "process.log", QT_QPA_PLATFORM="offscreen")
        answer = await self.program.ask(
            "open",
            home=str(self.home),
            staff=STAFF[self.centre],
            passphrase=self._passphrase,
            now=self._now,
            shots=str(self._shots) if self._shots else None,
            **enrolling,
        )
        self.device = str(answer["device"])

    async def close(self) -> int:
        """Close the window as a person does; label the folder; answers the exit code."""
        await self.program.ask("stop")
        code = await self.program.ended()
        describe(
            self.home,
            {
                "name": self.name,
                "role": "desk",
                "centre": self.centre,
                "device": self.device,
                "store": "store.db",
                "slots": "keyslots.json",
                "staff": STAFF[self.centre],
                "passphrase": self._passphrase,
            },
        )
        return code

    # ---------------------------------------------------------------- work

    async def feed(self, entries: list[Entry], paper: Paper, dies: int | None) -> None:
        """Have the entries made in order. Where the process kills itself in the middle of the save of entry
        `dies`, start it again and feed only what it never showed as saved."""
        left = list(entries)
        while left:
            payload = [_payload(entry, paper) for entry in left]
            try:
                await self.program.ask("feed", patience_s=FEED_PATIENCE_S, entries=payload, dies=dies)
            except DayFailedError:
                if dies is None or self.program.running or not _was_killed(self.program.code):
                    raise
                self.kills += 1
                dies = None
                self._now = left[0].at
                await self._start()
            left = [entry for entry in left if entry.index not in self._saved]
        if entries:
            self._now = entries[-1].at
        if dies is not None and entries:
            self.faults.append(f"{self.name}: không bị ngắt giữa chừng lúc lưu như đã định")

    async def set_clock(self, now: int) -> None:
        """Let the desk's clock show this time (UTC ms)."""
        self._now = now
        await self.program.ask("clock", now=now)

    async def reconcile(self, paper: Paper, now: int) -> None:
        """Give the desk the exchange's lines that are its centre's, each at its own line number."""
        await self.set_clock(now)
        lines = lines_of(paper, self.centre)
        whole = "\n".join(paper.cdr_lines).encode("utf-8", "replace")
        await self.program.ask(
            "reconcile", lines=lines, centre=self.centre, sha256=hashlib.sha256(whole).hexdigest()
        )

    async def picture(self, page: str, path: Path) -> None:
        """Save a picture of one page of the window."""
        path.parent.mkdir(parents=True, exist_ok=True)
        await self.program.ask("picture", page=page, path=str(path))

    # ---------------------------------------------------------------- facts

    async def until_down(self) -> None:
        """Until the desk itself says that the centre cannot be reached."""
        await self.program.ask("until", fact="down")

    async def until_at(self, server: str) -> None:
        """Until the desk speaks to `hub` or `centre`, and that answers."""
        # Asked while it works, it answers when the work is done.
        await self.program.ask("until", patience_s=FEED_PATIENCE_S, fact=server)

    async def until_equal(self) -> None:
        """Until all has arrived at the centre and the digests were compared equal with the server spoken to."""
        await self.program.ask("until", fact="equal")

    async def nudge(self) -> None:
        """The line is back: try again now."""
        await self.program.ask("nudge")

    async def cases(self) -> dict[str, str]:
        """Digest by dossier scope of every case this desk holds. From now on `until_changed` waits."""
        self._changed.clear()
        answer = await self.program.ask("cases")
        return dict(answer["cases"])

    async def until_changed(self, until: float) -> None:
        """Until something came from the centre since `cases` was asked. Raises DayFailedError after `until`
        (monotonic s)."""
        try:
            await asyncio.wait_for(self._changed.wait(), max(0.0, until - time.monotonic()))
        except TimeoutError as late:
            raise DayFailedError(f"Bàn {self.name} chưa nhận đủ ca sau một phút: xem nhật ký của nút này.") from late


def _was_killed(code: int | None) -> bool:
    return code == (-signal.SIGKILL if sys.platform != "win32" else 15)


def _payload(entry: Entry, paper: Paper) -> dict[str, Any]:
    ring = paper.rings.get(entry.uniqueid) if entry.kind == "call" else None
    given: dict[str, Any] = {
        "index": entry.index,
        "line": entry.line,
        "kind": entry.kind,
        "at": entry.at,
        "seat": entry.seat,
        "uniqueid": entry.uniqueid,
        "data": dict(entry.data),
    }
    if entry.kind == "call":
        given["number"] = ring.number if ring else str(entry.data.get("number") or "")
        given["ring_at"] = ring.ring_at if ring else entry.at
        given["answer_at"] = ring.answer_at if ring and ring.answer_at is not None else entry.at
    return given


def lines_of(paper: Paper, centre: str) -> list[str]:
    """The exchange's file as this centre gets it: lines of other centres are blank, so that numbers stay.

    A damaged line goes to the centre it still names, else to the national one.
    """
    own = {"hanoi": "hn", "da_nang": "dn", "an_giang": "ag"}
    found = []
    for raw in paper.cdr_lines:
        named = [c for c, short in own.items() if f"trunk-{short}-" in raw or f"q111-{short}," in raw]
        whose = named[0] if len(named) == 1 else "hanoi"
        found.append(raw if whose == centre else "")
    return found
