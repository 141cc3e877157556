"""A desk's work recorded write by write, the images a power cut may leave of it, and what each must hold."""

from __future__ import annotations

import contextlib
import random
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest
import sqlcipher3.dbapi2 as sqlcipher
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import NullPool

from desktop.operations import calls
from desktop.store import engine
from desktop.store.engine import _connect, open_store
from desktop.store.receipts import Receipts
from desktop.store.road_marks import follow
from desktop.store.unit_of_work import UnitOfWork
from desktop.store.versions import VERSION_KEY
from sync.operation import Placed
from sync.replica import node
from sync.replica.desk_road import DeskRoad
from tests.crash.disk import Cut, Disk, Entry, Recorder, Word, lay_out
from tests.crash.drawn import chance_of
from tests.crash.proof import faults_inside, faults_of_file
from tests.crash.script import Deed, Held, acts_held, held_after, held_by, operation, script
from tests.crash.touches import touching
from tests.desktop.store.kit import AN_GIANG, DRAFT_KEYS, HA_NOI, STAFF, STORE_KEY, Bench, SetClock, own, reference

R = TypeVar("R")

ACTS = 30
PAGES = 4
LONGEST = 20_000
CHECKPOINTS = (1_000, 30, 100)
"""After how many pages in the write-ahead log SQLite makes a checkpoint of its own: 1,000 unless it is told. Fewer
bring logs that begin anew over their old frames into a short recording; nothing else of the opening is changed."""

CURSOR = "cursor:"


@dataclass(frozen=True, slots=True)
class Page:
    """What a pull brings, and what all pages up to this one leave in the store."""

    placed: tuple[Placed, ...]
    leaves: Held


@dataclass(slots=True)
class Recording:
    """Everything a desk wrote while it worked, and what it was asked to do."""

    seed: int
    folder: Path
    deeds: tuple[Deed, ...]
    pages: tuple[Page, ...]
    entries: list[Entry] = field(default_factory=list)


def _others_pages(root: Path, seed: int, pages: int) -> tuple[Page, ...]:
    """Acts of a desk in Hà Nội, two a page."""
    deeds = [deed for deed in script(_their(seed), 60) if deed.what in {"ring", "outcome", "report"}]
    deeds = [Deed(deed.what, deed.name, deed.words) for deed in deeds][: 2 * pages]
    there = Bench(root, HA_NOI)
    try:
        made: list[Page] = []
        for i in range(0, len(deeds), 2):
            known = len(own(there))
            for deed in deeds[i : i + 2]:
                there.clock.now += 1_000
                there.run(operation(deed))
            made.append(Page(tuple(own(there)[known:]), held_after(deeds[: i + 2])))
        return tuple(made)
    finally:
        there.close()


def _their(seed: int) -> int:
    return seed + 1_000_000_000


def _is_theirs(name: str, seed: int) -> bool:
    return name.startswith(f"call {_their(seed)}.") or name.endswith(f" của {_their(seed)}")


def _whole(road: DeskRoad, _bench: Bench, page: Page, cursor: int) -> None:
    road.receive(page.placed, cursor)


def cursor_first(_road: DeskRoad, bench: Bench, page: Page, cursor: int) -> None:
    """A fault to be found: the cursor moves in a transaction of its own, before the rows are there."""
    with bench.store.write() as connection:
        node.put_key(connection, CURSOR, str(cursor))
        connection.commit()
    with bench.store.write() as connection:
        bench.store.replica.receive(connection, page.placed)
        connection.commit()


Fold = Callable[[DeskRoad, Bench, Page, int], None]


def record(root: Path, seed: int, *, acts: int = ACTS, pages: int = PAGES, fold: Fold = _whole) -> Recording:
    """A store is made, acts are saved, pages are folded, the store is closed, opened, upgraded, used again."""
    theirs = _others_pages(root / "there", seed, pages)
    made = Recording(seed, root / "here", script(seed, acts, LONGEST), theirs)
    made.folder.mkdir()
    recorder = Recorder()
    with chance_of(seed), checkpoints(CHECKPOINTS[seed % 3]), touching(made.folder, recorder):
        bench = Bench(made.folder / "desk")
        try:
            recorder.say("made")
            chance = random.Random(f"work {seed}")
            _work(bench, made, recorder, fold, chance)
        finally:
            bench.close()
    made.entries = recorder.entries
    return made


@contextlib.contextmanager
def checkpoints(pages: int) -> Iterator[None]:
    """Every connection opened in the block makes its checkpoints after so many pages."""
    real = engine._connect

    def connect(path: Path, key: bytes, *pragmas: str) -> Any:
        return real(path, key, *pragmas, f"wal_autocheckpoint = {pages}")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(engine, "_connect", connect)
        yield


def _work(bench: Bench, made: Recording, recorder: Recorder, fold: Fold, chance: random.Random) -> None:
    acts = len(made.deeds)
    folds = dict(zip(sorted(chance.sample(range(acts), len(made.pages))), range(len(made.pages)), strict=True))
    reopens = set(chance.sample(range(acts), 2))
    upgrade = chance.randrange(acts // 3, acts - 3)
    for i, deed in enumerate(made.deeds):
        if i in folds:
            recorder.say(f"fold {folds[i] + 1}")
            fold(_road(bench), bench, made.pages[folds[i]], folds[i] + 1)
            recorder.say(f"folded {folds[i] + 1}")
        if i in reopens:
            bench.reopen()
        if i == upgrade:
            make_old(bench)
            recorder.say(f"upgrade {i}")
            bench.store = open_store(bench.home.db, STORE_KEY)
            bench.store.signed_in(DRAFT_KEYS)
            recorder.say(f"upgraded {i}")
        bench.clock.now += 1_000
        recorder.say(f"begin {i + 1}")
        bench.run(operation(deed))
        recorder.say(f"saved {i + 1}")


def make_old(bench: Bench) -> None:
    """Close the store and make it one of an older program: what revision 0001 brings is not there."""
    bench.store.close()
    connection = _connect(bench.home.db, STORE_KEY)
    connection.execute("UPDATE node SET value = '0' WHERE key = ?", (VERSION_KEY,))
    connection.execute("DROP TABLE setting")
    connection.close()


def _road(bench: Bench) -> DeskRoad:
    def run(work: Callable[[Connection], R]) -> R:
        with bench.store.write() as connection:
            result = work(connection)
            connection.commit()
            return result

    def learned(connection: Connection, placed: Sequence[Placed]) -> None:
        follow(connection, bench.store.stamps, placed, bench.clock.now)

    key = Ed25519PrivateKey.generate()
    receipts = Receipts(bench.store.stamps, bench.seat, bench.clock)
    return DeskRoad(run, bench.store.replica, bench.seat.device, key, learned, lambda _folded: None, receipts)


@dataclass(frozen=True, slots=True)
class Shot:
    """One image: after how many entries the power went, and what the disk made of the rest."""

    number: int
    at: int
    cut: Cut
    chance: random.Random


def shots(made: Recording, count: int, only: int | None = None, since: str = "") -> Iterator[Shot]:
    """Drawn by the recording's seed and the shot's number, in the order of the recording; none before the first
    word that begins with `since`."""
    drawn: list[Shot] = []
    said = (i for i, entry in enumerate(made.entries) if isinstance(entry, Word) and entry.text.startswith(since))
    first = next(said) if since else 0
    for number in range(count) if only is None else [only]:
        chance = random.Random(f"shot {made.seed}/{number}")
        at = chance.randrange(first, len(made.entries) + 1)
        drawn.append(Shot(number, at, chance.choice(list(Cut)), chance))
    return iter(sorted(drawn, key=lambda shot: shot.at))


class Examiner:
    """Opens images as the desk does and says what is wrong; one statement cache serves all of them."""

    def __init__(self, made: Recording, here: Path) -> None:
        self._made = made
        self._here = here
        self._db = here / "desk" / "store.db"
        self._reading = create_engine(
            "sqlite://", module=sqlcipher, creator=lambda: _connect(self._db, STORE_KEY), poolclass=NullPool
        )
        self.lost: set[int] = set()

    def faults(self, shot: Shot, files: dict[str, bytes], words: Sequence[str]) -> list[str]:
        """Lay the image out, open it with the production code, look at everything; every fourth saves once more."""
        shutil.rmtree(self._here, ignore_errors=True)
        lay_out(files, self._made.folder, self._here)
        self._db.parent.mkdir(parents=True, exist_ok=True)
        try:
            store = open_store(self._db, STORE_KEY)
        except Exception as fault:  # noqa: BLE001  # whatever it is, this image does not open: that is the finding
            return [f"does not open: {type(fault).__name__}"]
        try:
            with self._reading.connect() as connection:
                found = self._held(connection, shot, _said(words))
                found += faults_inside(connection) if not found else []
            if shot.number % 4 == 0:
                with UnitOfWork(store, clock=SetClock(), staff=STAFF, seat=AN_GIANG, reference=reference()) as uow:
                    calls.set_outcome(None, "silent")(uow)
                    uow.commit()
        finally:
            store.close()
        found += faults_of_file(self._db, STORE_KEY)
        if "upgraded" in _said(words):
            found += self._aside(_said(words)["upgraded"])
        return found

    def _held(self, connection: Connection, shot: Shot, said: dict[str, int]) -> list[str]:
        held = held_by(connection)
        theirs = {name: words for name, words in held.items() if _is_theirs(name, self._made.seed)}
        mine = {name: words for name, words in held.items() if name not in theirs}
        found: list[str] = []
        surely, perhaps = said.get("saved", 0), said.get("begin", 0)
        if acts_held(mine, self._made.deeds, surely, perhaps) is None:
            self.lost.add(shot.number)
            found.append(f"does not hold what {surely} saved acts leave, nor one act more")
        cursor = int(node.get(connection, CURSOR, "0"))
        leaves = self._made.pages[cursor - 1].leaves if cursor else {}
        if not said.get("folded", 0) <= cursor <= said.get("fold", 0):
            self.lost.add(shot.number)
            found.append(f"the cursor is {cursor} after {said.get('folded', 0)} folded pages")
        if theirs != leaves:
            found.append(f"the cursor says {cursor} and the rows of its pages are not those that are there")
        return found

    def _aside(self, acts: int) -> list[str]:
        """The copy made before the upgrade is whole, once the upgrade was shown as done."""
        copies = sorted((self._db.parent / "backups").glob("before-upgrade-*.db"))
        if not copies:
            return ["the copy that was set aside is gone"]
        try:
            copy = _connect(copies[0], STORE_KEY)
        except sqlcipher.DatabaseError:
            return ["the copy that was set aside does not open"]
        try:
            there = copy.execute("SELECT count(*) FROM sqlite_master WHERE name = 'r_call'").fetchone()[0]
            kept = copy.execute("SELECT count(*) FROM r_call").fetchone()[0] if there else -1
        finally:
            copy.close()
        mine = [name for name in held_after(self._made.deeds[:acts]) if name.startswith("call ")]
        return [] if kept >= len(mine) else ["the copy that was set aside does not hold what was there"]

    def close(self) -> None:
        """Nothing of the images stays."""
        self._reading.dispose()
        shutil.rmtree(self._here, ignore_errors=True)


def _said(words: Sequence[str]) -> dict[str, int]:
    """The last number said of each word: {"saved": 7, "begin": 8}."""
    return {word: int(number) for word, _, number in (text.partition(" ") for text in words) if number}


@dataclass(slots=True)
class Findings:
    """Of how many images how many were bad, and which."""

    images: int = 0
    lost: int = 0
    bad: list[str] = field(default_factory=list)


def examine(made: Recording, here: Path, count: int, only: int | None = None, since: str = "") -> Findings:
    """Cut the power at `count` drawn moments of a recording and look at every image."""
    disk, findings, fed = Disk(), Findings(), 0
    examiner = Examiner(made, here)
    try:
        for shot in shots(made, count, only, since):
            while fed < shot.at:
                disk.feed(made.entries[fed])
                fed += 1
            found = examiner.faults(shot, disk.image(shot.cut, shot.chance), disk.words)
            findings.images += 1
            if found:
                findings.bad.append(f"{made.seed}/{shot.number} ({shot.cut} at {shot.at}): {'; '.join(found)}")
        findings.lost = len(examiner.lost)
    finally:
        examiner.close()
    return findings


def as_the_running_system_sees(made: Recording) -> dict[str, bytes]:
    """Every file as the recording says it stands at its end, written or not."""
    disk = Disk()
    for entry in made.entries:
        disk.feed(entry)
    return disk.image(Cut.ALL, random.Random(0))


def words_of(made: Recording) -> list[str]:
    """Everything that was said."""
    return [entry.text for entry in made.entries if isinstance(entry, Word)]


