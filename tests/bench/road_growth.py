"""What one more record costs when few and when very many are held, and the memory that syncing takes."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

from tests.bench.road_ends import Centre, DeskProcess, emptied, founded

FEW: Final = 10_000
MANY: Final = int(os.environ.get("TRAM111_BENCH_HELD", "500000"))
MORE: Final = 10_000
TOGETHER: Final = 50
"""Records in one act while the bulk is made; what is measured is saved one record an act."""


def measure(folder: Path) -> dict[str, float]:
    """`sync.growth_ratio`: CPU seconds of both ends for each record pushed and pulled at MANY held over that at
    FEW; `sync.rss_mb`: the most memory that a desk process took that pulled and held them all, signing in
    included; `sync.rss_syncing_mb`: the same from the moment it was signed in."""
    with emptied(folder / "sync-growth") as there, Centre(there / "centre") as centre:
        for name, seat in (("one", "AG01"), ("two", "AG02")):
            with DeskProcess(there / name) as desk:
                desk.do("enrol", url=centre.url, code=centre.code(seat))
        _say(f"growing to {FEW}")
        _grow(centre, there, FEW - MORE, 1, 0)
        few, _, _ = _grow(centre, there, MORE, 1, FEW - MORE)
        _say(f"growing to {MANY}")
        _grow(centre, there, MANY - FEW - MORE, TOGETHER, FEW)
        many, rss, syncing = _grow(centre, there, MORE, 1, MANY - MORE)
    return {
        "sync.growth_ratio": many / few,
        "sync.growth_us.few": few * 1e6,
        "sync.growth_us.many": many * 1e6,
        "sync.growth_held": float(MANY),
        "sync.rss_mb": rss,
        "sync.rss_syncing_mb": syncing,
    }


def _grow(centre: Centre, there: Path, count: int, together: int, past: int) -> tuple[float, float, float]:
    """CPU seconds a record, and the pulling desk's peaks of memory (whole, syncing), while this many more cross
    the road, none of them of the `past` ones that crossed before: a record made twice is merged, and that is
    another cost."""
    if count <= 0:
        return 0.0, 0.0, 0.0
    founded(there / "one", there / "two", count, past)
    with DeskProcess(there / "one") as one:
        one.do("fill", count=count, together=together, past=past)
    before = centre.cpu()
    with DeskProcess(there / "one") as one, DeskProcess(there / "two") as two:
        sent = one.do("open")
        taken = two.do("open")
        used = sent["sent_cpu"] + taken["cpu"] + centre.cpu() - before
    return used / count, taken["rss_mb"], taken["syncing_mb"]


def _say(text: str) -> None:
    sys.stdout.write(f"  {text}\n")
    sys.stdout.flush()
