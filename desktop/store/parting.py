"""The end of a desk that was taken out of service: the order is checked and kept, then everything here is wiped."""

from __future__ import annotations

import os
import shutil
from base64 import b64decode
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Connection, select

from desktop.home import Home
from desktop.store import drafts
from desktop.store.identity import CENTRE_KEY, DEVICE
from desktop.store.schema import draft
from sync.blobs.seal import chunk_count, plan_of
from sync.blobs.shelf import Shelf
from sync.decoding import known
from sync.disk import flush, flush_folder
from sync.door import wipe_claim
from sync.replica import node

ORDER: Final = "revoked_since"
"""Under which key the node table keeps since when the desk is revoked (UTC ms), once the order proved signed."""

_SLOT_PASSES: Final = 2


class Gone(msgspec.Struct, frozen=True):
    """What stands in `revoked.json`: since when (UTC ms), whether everything else is gone, sealed volumes left."""

    since: int
    wiped: bool
    volumes: int


def obey(connection: Connection, since: int, signature: str) -> bool:
    """Keep the order where the centre itself signed it for this desk; answers whether it did. A server that only
    says so is not believed: wiping is not undone."""
    claim = wipe_claim(node.get(connection, DEVICE), since)
    try:
        key = Ed25519PublicKey.from_public_bytes(b64decode(node.get(connection, CENTRE_KEY), validate=True))
        key.verify(b64decode(signature, validate=True), claim)
    except (InvalidSignature, ValueError):
        return False
    node.put(connection, **{ORDER: str(since)})
    return True


def ordered(connection: Connection) -> int | None:
    """Since when this desk is revoked (UTC ms), or None."""
    since = node.get(connection, ORDER)
    return int(since) if since else None


def chunks_only_here(connection: Connection) -> list[str]:
    """Names of sealed chunks of attachments that no server has verified."""
    rows = connection.exec_driver_sql(
        "SELECT size, chunks FROM blob_copy WHERE here = 1 AND centre_at IS NULL"
    ).fetchall()
    plans = [plan_of(size, chunks, chunk_count(size)) for size, chunks in rows]
    return [name for plan in plans if plan is not None for name in plan.chunks]


def take_drafts(connection: Connection) -> list[Mapping[str, Any]]:
    """Every draft of every person, taken out of its table: in the same transaction it is written anew. What opens to
    whoever is signed in goes in plain words, since their key goes with this desk; the others' goes as it is closed,
    for the custodians of recovery."""
    rows = connection.execute(select(draft).order_by(draft.c.id)).mappings().all()
    connection.execute(draft.delete())
    return [drafts.in_plain_words(connection, dict(row)) for row in rows]


def parting_folder(home: Home) -> Path:
    """Where what only the centre can open stays behind: sealed volumes, and sealed chunks it has not seen."""
    return home.root / "parting"


def gone(home: Home) -> Gone | None:
    """What is known of a wipe that was ordered here, or None."""
    try:
        return msgspec.json.decode(_marker(home).read_bytes(), type=known(Gone))
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def wipe(home: Home, since: int, keep: Collection[str] = ()) -> Gone:
    """Remove store, key slots, backups, copies and attachments; the desk must be closed. The key slots go first:
    from then on nothing here opens to anybody. `keep`: chunks that only this desk has; they are sealed under keys
    that left sealed to the centre. Killed half-way it is finished at the next start (`finish`). Raises OSError."""
    parting = parting_folder(home)
    _put_by(Shelf(home.blobs), Shelf(parting / "blobs"), keep)
    _write(home, Gone(since, wiped=False, volumes=len(list(parting.glob("*.t111")))))
    return finish(home)


def finish(home: Home) -> Gone:
    """Do what is left of a wipe. Raises OSError, and FileNotFoundError where none was begun."""
    begun = msgspec.json.decode(_marker(home).read_bytes(), type=known(Gone))
    if begun.wiped:
        return begun
    for slots in (home.slots, *home.backups.glob("*.keyslots.json"), *home.root.glob("keyslots.*")):
        _shred(slots)
    stays = {_marker(home).name, parting_folder(home).name, home.logs.name, "provisioning.toml"}
    for place in home.root.iterdir():
        if place.name in stays:
            continue
        if place.is_dir() and not place.is_symlink():
            shutil.rmtree(place)
        else:
            place.unlink()
    flush_folder(home.root)
    done = Gone(begun.since, wiped=True, volumes=begun.volumes)
    _write(home, done)
    return done


def _put_by(source: Shelf, target: Shelf, names: Collection[str]) -> None:
    here = [name for name in names if source.has(name)]
    if here:
        target.prepare()
    for name in here:
        target.put(name, source.read(name))


def _marker(home: Home) -> Path:
    return home.root / "revoked.json"


def _write(home: Home, what: Gone) -> None:
    new = home.root / "revoked.new"
    new.write_bytes(msgspec.json.encode(what))
    flush(new)
    new.replace(_marker(home))
    flush_folder(home.root)


def _shred(slots: Path) -> None:
    """Write over the wrapped keys before their name goes: on most disks the old bytes are then gone too."""
    if not slots.exists():
        return
    size = slots.stat().st_size
    for _ in range(_SLOT_PASSES):
        with slots.open("r+b") as file:
            file.write(os.urandom(size))
            file.flush()
            os.fsync(file.fileno())
    slots.unlink()
