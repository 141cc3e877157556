"""Run the measurements named, or all of them, and write one flat object of dotted names to numbers."""

from __future__ import annotations

import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from tests.bench import desk, performance, performance_desk, road, sync

OUT = Path("build")
os.environ["TRAM111_KEYRING"] = "file"  # desks of a bench have no keyring of the machine and never ask for one
BENCHES: dict[str, Callable[[Path], dict[str, float]]] = {
    "desk": desk.measure,
    "road": road.measure,
    "sync": sync.measure,
}


def fsync_ms(folder: Path, times: int = 60) -> float:
    """Median milliseconds of one 4 KiB write and fsync on the disk that holds the stores."""
    taken = []
    with (folder / "fsync.probe").open("wb") as probe:
        for _ in range(times):
            start = time.perf_counter()
            probe.write(bytes(4096))
            probe.flush()
            os.fsync(probe.fileno())
            taken.append((time.perf_counter() - start) * 1000)
    (folder / "fsync.probe").unlink()
    return statistics.median(taken)


def machine(folder: Path) -> dict[str, object]:
    """What the figures were taken on."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else -1.0
    names = ("PySide6_Essentials", "SQLAlchemy", "sqlcipher3", "requests", "msgspec", "zstandard", "uvicorn")
    return {
        "machine": f"{platform.platform()} {os.cpu_count()} cores",
        "python": platform.python_version(),
        "versions": " ".join(f"{name}={version(name)}" for name in names),
        "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "load1.start": round(load, 2),
        "disk.fsync_ms.p50": round(fsync_ms(folder), 3),
    }


def main(names: list[str]) -> int:
    """Measure, print, write. Names nobody knows are said and end it."""
    unknown = sorted(set(names) - BENCHES.keys())
    if unknown:
        sys.stderr.write(f"no bench named {', '.join(unknown)}; there are: {', '.join(BENCHES)}\n")
        return 2
    OUT.mkdir(exist_ok=True)
    found: dict[str, object] = machine(OUT)
    for name in names or BENCHES:
        sys.stdout.write(f"bench {name} …\n")
        sys.stdout.flush()
        for key, value in BENCHES[name](OUT).items():
            found[key] = round(value, 3)
            sys.stdout.write(f"  {key} = {found[key]}\n")
            sys.stdout.flush()
    found["load1.end"] = round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else -1.0
    (OUT / "bench.json").write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if "sync.records" in found:
        performance.write(found, sys.stdout.write)
    if "desk.calls" in found:
        performance_desk.write(found, sys.stdout.write)
    sys.stdout.write(f"written to {OUT / 'bench.json'}: {json.dumps(found, ensure_ascii=False)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
