"""S-02: 200 canaries go into a real desk by every input; no place outside the sealed stores holds one."""

from __future__ import annotations

import base64
import gzip
import json
import logging
import os
import re
import sqlite3
import subprocess
import sys
import threading
import unicodedata
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import sqlcipher3.dbapi2 as sqlcipher
import zstandard

from desktop import app, bundle
from desktop.doctor import look
from desktop.home import Home
from desktop.store.keys import KeySlots
from domain.text import fold
from sync.replica import read
from tests.desktop.leaks import desk_of_canaries
from tests.desktop.leaks.by_gallery import NAMES
from tests.desktop.leaks.scanner import Canaries, files, names_of, sweep
from tests.desktop.ui.conftest import CHEAP, STAFF
from tests.server.ground import Running, enrol_desk, running
from tests.server.tap import Tap

LEAST = 200
WAITS = 600
PATIENCE_S = 240.0
LEAKED = {
    "database": "utf-8", "write-ahead log": "utf-16", "backups": "utf-32", "drafts": "base64", "settings": "hex",
    "logs at debug": "utf-8", "crash files": "utf-8", "temporary files": "escaped", "spool": "utf-16",
    "window titles": "utf-8", "notifications": "number", "URLs": "percent", "diagnostics bundle": "packed utf-8",
    "output": "utf-8", "server logs": "utf-8", "the centre's files": "hex", "attachments": "utf-8",
    "anything else of the desk": "packed utf-16", "anything else of the account": "utf-8",
}  # fmt: skip
"""Every place that the leaky desk leaks at, and in which encoding."""


class UrlTap(Tap):
    """Hears the first line and the headers of every request."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.heard: list[bytes] = []

    def passed(self, part: bytes) -> None:
        """A body is packed and sealed work; a URL and a header must tell nothing."""
        super().passed(part)
        if re.match(rb"(GET|POST|HEAD|PATCH|PUT|DELETE) ", part):
            self.heard.append(part.partition(b"\r\n\r\n")[0])


class Log(logging.Handler):
    """What the centre logs, at debug."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the line as a file would have it."""
        self.lines.append(self.format(record))


@dataclass
class Scene:
    """A desk process, its centre, and every place that a machine has."""

    root: Path
    home: Home
    centre: Running
    tap: UrlTap
    log: Log
    canaries: Canaries
    passphrase: str
    process: subprocess.Popen[str]
    said: dict[str, Any] = field(default_factory=dict)

    def tell(self, line: str) -> None:
        """One line to the desk."""
        assert self.process.stdin is not None
        print(line, file=self.process.stdin, flush=True)

    def begin(self, screens: Collection[str] = (), *, leaky: bool = False) -> dict[str, Any]:
        """Let the person come in, type and, at a leaky desk, leak."""
        said = {"mark": self.canaries.mark, "staff": STAFF, "passphrase": self.passphrase, "leaky": leaky}
        self.tell(json.dumps(said | {"exports": str(self.root / "exports"), "screens": sorted(screens)}))
        return self.hear()

    def hear(self) -> dict[str, Any]:
        """Its next answer."""
        assert self.process.stdout is not None
        hung = threading.Timer(PATIENCE_S, self.process.kill)
        hung.start()
        line = self.process.stdout.readline()
        hung.cancel()
        hung.join()
        assert line, (self.root / "stderr").read_text()
        self.said = json.loads(line)
        assert "failed" not in self.said, self.said["failed"]
        return self.said

    def bundle(self) -> Path:
        """What a technician takes along."""
        return bundle.write(self.root / "cho-ky-thuat.zip", self.home, list(look(self.home, None)))

    def places(self) -> dict[str, list[bytes | Path]]:
        """Everything to be looked through. A file belongs to one place; what belongs to none is in the last."""
        root, home = self.root, self.home.root
        proc = Path(f"/proc/{self.process.pid}")
        found: dict[str, list[bytes | Path]] = {
            "window titles": [title.encode() for title in self.said["titles"]],
            "notifications": [note.encode() for note in self.said["notes"]],
            "URLs": list(self.tap.heard),
            "server logs": [line.encode() for line in self.log.lines],
            "diagnostics bundle": [self.bundle()],
            "output": [root / "stderr"],
        }
        if self.process.poll() is None and proc.is_dir():
            found["command line and environment"] = [proc / "cmdline", proc / "environ"]
        places = {
            "database": [home / "store.db", home / "store.db-journal"],
            "write-ahead log": [home / "store.db-wal", *home.glob("store.db-shm*")],
            "backups": [home / "backups"],
            "drafts": [home / "drafts.json"],
            "settings": [root / "config"],
            "crash files": list((home / "logs").glob("crash*")),
            "logs at debug": [home / "logs"],
            "spool": [root / "tmp" / "spool"],
            "temporary files": [root / "tmp"],
            "attachments": [home / "blobs"],
            "the centre's files": [root / "centre"],
            "anything else of the desk": [home],
            "anything else of the account": [root],
        }
        seen: set[Path] = {root / "stderr", *files(root / "exports")} | {root / "cho-ky-thuat.zip"}
        for name, roots in places.items():
            mine = [path for path in files(*roots) if path not in seen]
            seen |= set(mine)
            found[name] = [*mine, names_of(mine, root)]
        return found


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    root = tmp_path
    for name in ("tmp", "user", "config", "data", "cache", "state", "runtime", "exports"):
        (root / name).mkdir(mode=0o700)
    home = Home(root / "desk")
    home.prepare()
    canaries, log = Canaries(), Log()
    logger = logging.getLogger()
    before = logger.level
    logger.addHandler(log)
    logger.setLevel(logging.DEBUG)
    passphrase = canaries.word("mật khẩu")
    KeySlots(home.slots, CHEAP, calibrate=False).create(STAFF, passphrase)
    with running(root / "centre") as centre, UrlTap(centre.url) as tap:
        app.enrol(home, tap.url, centre.code("AG03"), STAFF, passphrase, key_cost=CHEAP)
        kept = {f"XDG_{name.upper()}_HOME": str(root / name) for name in ("config", "data", "cache", "state")}
        environment = {
            **os.environ, **kept, "XDG_RUNTIME_DIR": str(root / "runtime"), "TMPDIR": str(root / "tmp"),
            "HOME": str(root / "user"), "QT_QPA_PLATFORM": "offscreen",
        }  # fmt: skip
        command = [sys.executable, "-m", desk_of_canaries.__name__, str(home.root)]
        with (root / "stderr").open("w") as errors:
            process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment,
                cwd=Path(__file__).parents[3],
            )  # fmt: skip
            one = Scene(root, home, centre, tap, log, canaries, passphrase, process)
            try:
                yield one
            finally:
                process.kill()
                process.communicate()
                logger.removeHandler(log)
                logger.setLevel(before)


def opened(path: Path, key: bytes, target: Path) -> None:
    """The whole store in plain, as whoever has its key could write it out."""
    connection = sqlcipher.connect(str(path))
    try:
        connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
        connection.execute("ATTACH DATABASE ? AS plain KEY ''", (str(target),))
        connection.execute("SELECT sqlcipher_export('plain')")
        connection.execute("DETACH DATABASE plain")
    finally:
        connection.close()


def meets_a_colleague(scene: Scene) -> None:
    """Another desk of the centre writes into the open file what this one changes at the same time."""
    other = enrol_desk(scene.centre, "AG05")
    try:
        known: list[read.Stored] = []
        for _ in range(WAITS):
            other.pull()
            known = other.node.run(lambda c: read.where(c, "contact", "retracted", None))
            if len(known) == desk_of_canaries.FILES + desk_of_canaries.REPORTS:
                break
            threading.Event().wait(0.1)  # the desk pushes by itself; only looking tells
        scene.tell("edit")
        scene.hear()
        for stored in known:
            other.node.change("contact", stored.id, summary=scene.canaries.word(desk_of_canaries.ELSEWHERE))
        other.push()
        scene.tell("conflict")
        scene.hear()
    finally:
        other.close()


def kept_inside(scene: Scene, folder: Path) -> tuple[int, int]:
    """How many canaries the opened store holds in records, and how many in drafts: those are sealed besides."""
    key = KeySlots(scene.home.slots, CHEAP).open(STAFF, scene.passphrase)
    plain = folder / "plain.db"
    opened(scene.home.db, key, plain)
    connection = sqlite3.connect(plain)
    try:
        rows = connection.execute("SELECT data, bases, about FROM draft").fetchall()
        drafts = sum(bool(scene.canaries.found_in(str(row).encode())) for row in rows)
        assert len(rows) >= desk_of_canaries.DRAFTS
    finally:
        connection.close()
    held = set(re.findall(scene.canaries.mark.encode() + rb"_[0-9]{3}", plain.read_bytes()))
    plain.unlink()
    return len(held), drafts


def test_no_canary_leaves_the_sealed_stores_not_even_when_the_desk_is_killed(
    scene: Scene, tmp_path_factory: pytest.TempPathFactory
) -> None:
    scene.begin(NAMES)
    meets_a_colleague(scene)
    scene.tell("gallery")
    said = scene.hear()
    assert said["missed"] == [], "boxes of the desk that never held a canary"
    assert said["stood"].count("conflict") == 1, "the colleague's words never stood on the screen of conflicts"
    made = said["made"]
    scene.canaries.made += made
    assert scene.canaries.made >= LEAST
    places = scene.places()
    found = sweep(scene.canaries, places)
    print(f"S-02: {scene.canaries.made} canaries, {sum(map(len, places.values()))} files and texts: {found}")
    assert found == {}
    held, in_drafts = kept_inside(scene, tmp_path_factory.mktemp("opened"))
    print(f"S-02: {held} words in the opened store, {in_drafts} in its drafts")
    assert held >= LEAST // 2, "a sweep for what never went in proves nothing"
    assert in_drafts == 0, "drafts are sealed besides, to their owner"
    scene.tell("abort")
    scene.process.wait(PATIENCE_S)
    assert (scene.home.logs / "crash.log").stat().st_size > 0
    assert sweep(scene.canaries, scene.places()) == {}


def test_the_same_sweep_catches_a_leaky_desk_at_every_place_it_leaks(scene: Scene) -> None:
    scene.begin(leaky=True)
    scene.log.handle(logging.makeLogRecord({"msg": f"pulled {scene.canaries.word()}", "levelno": logging.DEBUG}))
    (scene.root / "centre" / "dump.sql").write_bytes(scene.canaries.word().encode().hex().encode())
    (scene.home.blobs / scene.canaries.word()).write_bytes(b"sealed")
    (scene.root / "user" / ".recently-used").write_text(scene.canaries.word())
    (scene.home.root / "notes.txt.gz").write_bytes(gzip.compress(scene.canaries.word().encode("utf-16-le")))
    caught = sweep(scene.canaries, scene.places())
    print(f"S-02, leaky: {caught}")
    assert {place: kind for place, kind in LEAKED.items() if kind not in caught.get(place, set())} == {}
    assert scene.places().keys() - LEAKED.keys() == {"command line and environment"}


def test_each_way_of_writing_a_canary_is_found_and_words_like_it_are_not() -> None:
    canaries = Canaries()
    word, number = canaries.word(), canaries.number()
    apart = unicodedata.normalize("NFD", word)
    shifts = [base64.b64encode(b"x" * shift + word.encode()) for shift in range(3)]
    written = [
        word.encode(), apart.encode(), fold(word).encode(), *(word.encode(f"utf-{bits}-{end}")
        for bits in (16, 32) for end in ("le", "be")), *shifts, word.encode().hex().encode(),
        word.encode().hex().upper().encode(), quote(word).encode(), word.encode("unicode_escape"),
        zlib.compress(word.encode()), gzip.compress(word.encode()), zstandard.compress(word.encode() * 9),
        f"gọi {number}".encode(), number.encode("utf-16-le"), number.encode("utf-32-le"),
        number.encode().hex().encode(),
    ]  # fmt: skip
    assert [data for data in written if not canaries.found_in(b"\x00\x01" + data)] == []
    assert canaries.found_in(Canaries().word().encode() + b" 1763931770123 ") == set()
