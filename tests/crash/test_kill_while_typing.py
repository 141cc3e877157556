"""A desk is killed while somebody types with an input method: the draft holds what stood two seconds before."""

from __future__ import annotations

import json
import os
import random
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from desktop.app import enrol, unlock
from desktop.home import Home
from desktop.store import drafts
from desktop.store.keys import KeySlots
from tests.conftest import SOAK
from tests.crash.typist import WORDS
from tests.desktop.ui.conftest import CHEAP, PASSPHRASE, STAFF, given

ROOT = Path(__file__).parents[2]
AT_ONCE = 20
BATCHES = range(10 if SOAK else 1)
"""200 deaths in a soak, 20 in the suite."""

KEPT_WITHIN_MS = 2_000
PATIENCE_S = 120.0


@pytest.fixture(scope="module")
def enrolled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = Home(tmp_path_factory.mktemp("typing") / "desk")
    found.prepare()
    KeySlots(found.slots, CHEAP, calibrate=False).create(STAFF, PASSPHRASE)
    enrol(found, "http://centre.invalid", "code", STAFF, PASSPHRASE, enroller=given, key_cost=CHEAP)
    return found.root


@dataclass
class Life:
    """One typist: when it dies (after its first key), and what stood when (ms)."""

    until_ms: int
    pid: int = 0
    stood: list[tuple[int, str]] = field(default_factory=list)
    killed: bool = False


def lines(process: subprocess.Popen[bytes]) -> Iterator[list[str] | None]:
    """Lines as they come; None when there is none for a moment."""
    assert process.stdout is not None
    rest = b""
    while True:
        if not select.select([process.stdout], [], [], 0.01)[0]:
            yield None
            continue
        more = os.read(process.stdout.fileno(), 1 << 16)
        if not more:
            return
        *whole, rest = (rest + more).split(b"\n")
        for line in whole:
            yield line.decode().split(" ", 3)


def lived(homes: list[Path], chance: random.Random) -> list[Life]:
    """Let a typist live in each home; each is killed at a moment of its own."""
    lives = [Life(chance.randrange(2_200, 6_500)) for _ in homes]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.crash.typist", *map(str, homes)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
        bufsize=0,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    began = time.monotonic()
    try:
        for line in lines(process):
            assert time.monotonic() - began < PATIENCE_S, "the typists fell silent"
            if line is not None and line[0] == "ready":
                lives[int(line[1])].pid = int(line[2])
                if all(life.pid for life in lives):
                    process.stdin.write(b"." * len(lives))
            elif line is not None:
                lives[int(line[1])].stood.append((int(line[2]), json.loads(line[3])))
            now = time.monotonic_ns() // 1_000_000
            for life in lives:
                if life.stood and not life.killed and now - life.stood[0][0] >= life.until_ms:
                    os.kill(life.pid, signal.SIGKILL)
                    life.killed = True
    finally:
        for life in lives:
            if life.pid and not life.killed:
                os.kill(life.pid, signal.SIGKILL)
        process.stdin.close()
        process.stdout.close()
        process.wait(PATIENCE_S)
    return lives


def kept(home: Path) -> list[str]:
    """The summaries of the drafts that open after the death."""
    ready = unlock(Home(home), STAFF, PASSPHRASE, key_cost=CHEAP)
    try:
        with ready.store.read() as connection:
            found = drafts.all_of(connection, STAFF)
    finally:
        ready.store.close()
    said: list[Any] = [one.data.get("summary", "") for one in found]
    return said


def lost_of(life: Life, found: list[str]) -> str:
    """What is wrong with the drafts after a life, or nothing."""
    last_ms = life.stood[-1][0]
    must = max(place for place, (at, _) in enumerate(life.stood) if at <= last_ms - KEPT_WITHIN_MS)
    if len(found) != 1:
        return f"{len(found)} drafts"
    may = [text for _, text in life.stood[must:]]
    return "" if found[0] in may else f"kept {found[0]!r}, but {may[0]!r} stood two seconds before the end"


def test_the_check_can_fail() -> None:
    life = Life(0, 1, [(0, "a"), (1_000, "ab"), (2_900, "abc"), (3_100, "abcd")])
    assert lost_of(life, ["abc"]) == ""
    assert lost_of(life, ["ab"]) == ""
    assert "stood two seconds" in lost_of(life, ["a"])
    assert "stood two seconds" in lost_of(life, ["abcb"])
    assert lost_of(life, []) == "0 drafts"


@pytest.mark.soak("typing")
@pytest.mark.parametrize("batch", BATCHES)
def test_a_typist_killed_with_composition_loses_two_seconds_at_most(
    enrolled: Path, tmp_path: Path, batch: int
) -> None:
    chance = random.Random(f"typing {batch}")
    homes = [Path(shutil.copytree(enrolled, tmp_path / f"d{number}")) for number in range(AT_ONCE)]
    lives = lived(homes, chance)
    assert all(life.killed for life in lives)
    faults, composing, late = [], 0, []
    for number, (home, life) in enumerate(zip(homes, lives, strict=True)):
        found = kept(home)
        if fault := lost_of(life, found):
            faults.append(f"typist {number}: {fault}")
        elif found:
            composing += found[0].split()[-1] not in WORDS
            at = next(at for at, text in life.stood if text == found[0])
            late.append(life.stood[-1][0] - at)
    said = f"batch {batch}: {len(lives)} killed, {len(faults)} lost, {composing} in the middle of a word"
    print(f"\n{said}, oldest draft {max(late, default=0)} ms behind the last key")
    assert not faults
    assert composing > 0
