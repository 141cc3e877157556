"""The road measured without a wire: what the fold itself can do, authoring at a desk and accepting at a centre."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from sync.replica import scopes
from tests.sync.nodes import Node, call, cipher_engine

RECORDS = 10_000


def measure(folder: Path) -> dict[str, float]:
    """Records a second: saved one act at a time at a desk, and accepted in batches at a centre."""
    with TemporaryDirectory(dir=folder) as there:
        desk = Node(cipher_engine(Path(there) / "desk.db"))
        centre = Node(cipher_engine(Path(there) / "centre.db"), "centre", "ref", serving=True)
        start = time.perf_counter()
        for number in range(1_000):
            act = desk.act()
            act.create(scopes.centre("an_giang"), call(number))
            desk.write(act)
        saved = 1_000 / (time.perf_counter() - start)
        for first in range(1_000, RECORDS, 1_000):
            bodies = []
            for number in range(first, first + 1_000):
                act = desk.act()
                act.create(scopes.centre("an_giang"), call(number))
                bodies += act.bodies
            desk.run(partial(desk.replica.author, identity=desk.identity, bodies=bodies))
        placed = desk.outbox()
        start = time.perf_counter()
        done = 0
        while done < len(placed):
            batch = placed[done : done + 1_000]
            desk.push_to(centre, batch)
            done += len(batch)
        accepted = RECORDS / (time.perf_counter() - start)
        desk.engine.dispose()
        centre.engine.dispose()
    return {"sync.acts_per_s": saved, "sync.accept_per_s": accepted}
