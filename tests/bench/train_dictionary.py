"""Makes the dictionary that small messages are packed with, from made-up operations (its number is given)."""

from __future__ import annotations

import random
import re
import sys
from pathlib import Path
from typing import Any, Final

import zstandard

from domain.ids import RANDOM_BYTES, uuid7
from domain.records.fields import Column, Merge
from domain.records.kinds import KINDS, Kind
from sync import wire
from sync.operation import Body, Placed, encode_body
from sync.packing import FIRST_DICTIONARY, FOLDER
from sync.stamp import HybridClock
from sync.wire import PullHead, PushHead

SIZE: Final = 24 << 10
SAMPLES: Final = 6_000
NOON: Final = 1_795_000_000_000
WORD: Final = re.compile(r"[a-zà-ỹđ]+", re.IGNORECASE)


def words() -> list[str]:
    """Vietnamese words as often as this project's own texts have them: made-up days, code lists, pages for users."""
    found: list[str] = []
    for pattern in ("resources/demo/**/*.*", "resources/codes/*.csv", "resources/forms/*.toml", "docs/**/*.md"):
        for path in sorted(Path().glob(pattern)):
            found += WORD.findall(path.read_text(encoding="utf-8", errors="ignore"))
    return [word for word in found if not word.isascii() or len(word) < 7]


def main(number: int) -> int:
    """Train it and write it under its number."""
    dice = random.Random(number)
    said, clock, kinds = words(), HybridClock("0bbbbbb1"), list(KINDS.values())
    samples: list[bytes | bytearray | memoryview] = []
    for n in range(1, SAMPLES + 1):
        body = encode_body(_body(dice.choice(kinds), said, clock, dice))
        device, salt = uuid7(NOON, dice.randbytes(RANDOM_BYTES)), dice.randbytes(16)
        line = wire.unpack(wire.encode_pull(_pull(n), [Placed(device, 1, n, n, salt, body, n + 7)]))
        sent = wire.unpack(wire.encode_push(_push(device, n, dice), [Placed(device, 1, n, n, salt, body)]))
        samples += [line, sent]
    made = zstandard.train_dictionary(SIZE, samples, dict_id=FIRST_DICTIONARY + number, level=19)
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / f"dictionary-{number}.zdict").write_bytes(made.as_bytes())
    sys.stdout.write(f"{len(made.as_bytes())} bytes from {len(samples)} messages, {len(said)} words\n")
    return 0


def _body(kind: Kind, said: list[str], clock: HybridClock, dice: random.Random) -> Body:
    values: dict[str, Any] = {}
    adds: dict[str, list[str]] = {}
    for name, spec in kind.fields.items():
        if dice.random() < 0.3:
            continue
        if spec.merge is Merge.SET:
            adds[name] = [" ".join(dice.choices(said, k=2))]
        elif spec.column is Column.INTEGER:
            values[name] = NOON + dice.randrange(10**9)
        elif spec.column is Column.BOOLEAN:
            values[name] = dice.random() < 0.5
        elif name.endswith("_id"):
            values[name] = uuid7(NOON, dice.randbytes(RANDOM_BYTES))
        else:
            values[name] = " ".join(dice.choices(said, k=dice.choice((1, 2, 5, 40))))
    record = uuid7(NOON, dice.randbytes(RANDOM_BYTES))
    return Body(
        kind=kind.name, id=record, scope=f"dossier:{record}", data_class=dice.choice(("P2", "P3")), action="create",
        staff=f"tvv-{dice.randrange(1_000):04d}", schema=1, stamp=clock.next(NOON), values=values, adds=adds,
    )  # fmt: skip


def _pull(n: int) -> PullHead:
    return PullHead(
        lineage="0" * 16, next=n + 7, more=False, count=1, acked=n, centre_acked=n, digest=f"{n}:{'0' * 64}",
        time=NOON,
    )  # fmt: skip


def _push(device: str, n: int, dice: random.Random) -> PushHead:
    return PushHead(
        p=wire.PROTOCOL, device=device, incarnation=1, lineage="0" * 16, first=n, count=1,
        previous=dice.randbytes(32).hex(), signature=wire.text64(dice.randbytes(64)), schema=1, cursor=n,
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
