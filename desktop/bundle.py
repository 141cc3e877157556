"""What a technician may carry away from a desk that misbehaves: findings, versions, diary; counts and ids only."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from desktop.doctor import Finding
from desktop.home import Home

FINDINGS: Final = "xem-may.txt"
_MOST: Final = 8 << 20
"""Bytes of one file of the diary that go along: the end of it."""


def write(target: Path, home: Home, findings: Iterable[Finding]) -> Path:
    """Write the bundle: what the doctor found, the diary and the places of crashes, the sizes of the desk's files.

    No store, key file, draft, attachment or setting goes in: nothing in it opens anything or names anybody. Raises
    OSError.
    """
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr(FINDINGS, "\n".join(one.line() for one in findings) + "\n")
        for path in sorted(home.logs.glob("*.log*")):
            with path.open("rb") as stream:
                stream.seek(max(0, path.stat().st_size - _MOST))
                bundle.writestr(f"logs/{path.name}", stream.read())
        bundle.writestr("tep.txt", "".join(f"{size:>14} {kind}\n" for kind, size in _sizes(home)))
    return target


def _sizes(home: Home) -> Iterable[tuple[str, int]]:
    """Sizes in bytes of what the desk keeps, by kind: names of files are not told."""
    for kind, path in (("store", home.db), ("key file", home.slots), ("rings", home.rings)):
        if path.exists():
            yield kind, path.stat().st_size
    for kind, folder in (("copies", home.backups), ("attachments", home.blobs)):
        held = [path.stat().st_size for path in folder.rglob("*") if path.is_file()] if folder.is_dir() else []
        yield f"{kind} ({len(held)})", sum(held)
