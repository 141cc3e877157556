"""Chance by seed: what the program draws at random is drawn from a test's seed, so that a run can be run again."""

from __future__ import annotations

import contextlib
import os
import random
import secrets
from collections.abc import Iterator

ONLY = os.environ.get("TRAM111_SEED", "")
"""`TRAM111_SEED=41` runs the tests of crashes with this one seed; `41/117` only image 117 of its recording."""


def seed_of(part: int, *, fresh: bool) -> int:
    """The seed of this part of a test: its number in every suite, a fresh one in a soak, or the one asked for."""
    if ONLY:
        return int(ONLY.split("/")[0])
    return secrets.randbelow(1 << 30) if fresh else part + 1


@contextlib.contextmanager
def chance_of(seed: int | str) -> Iterator[None]:
    """Ids, salts and clock names come from the seed until the end of the block. Keys and ciphers' nonces are
    drawn inside libraries and stay truly random: they change bytes, never their number."""
    chance = random.Random(f"chance {seed}")
    before = (os.urandom, secrets.token_bytes, secrets.token_hex)

    def some(nbytes: int | None = None) -> bytes:
        return chance.randbytes(32 if nbytes is None else nbytes)

    def some_hex(nbytes: int | None = None) -> str:
        return some(nbytes).hex()

    os.urandom, secrets.token_bytes, secrets.token_hex = chance.randbytes, some, some_hex
    try:
        yield
    finally:
        os.urandom, secrets.token_bytes, secrets.token_hex = before
