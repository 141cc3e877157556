"""Bootstrap: segments of rows built beside the work of the centre, and the manifest of what one device may have."""

from __future__ import annotations

import hashlib
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final

from domain.clock import DAY
from server.operations.centre import Centre, log
from server.operations.refusals import Refusal, busy
from server.operations.sessions import Session
from server.store import segments
from server.store.engine import Connection
from server.store.segments import Built, Group, Snapshot, Stored
from sync import manifest
from sync.digest import NOTHING, Digest
from sync.manifest import Manifest, Part, Segment
from sync.replica import tables
from sync.replica.segment import KEY_BYTES, SegmentFile, shape_of

TARGET: Final = 3 << 20
"""How many bytes of values a segment takes before the next begins: files stay well under 8 MiB, and a line that
breaks costs little."""
FIRST: Final = 1 << 19
"""The first segment of a group takes this many, each following one twice as many, up to the target: a desk that
fetches while it writes has something to write soon."""
STALE: Final = 0.05
"""Part of a group's rows that may be newer than its segments before they are built anew."""
LEAST_STALE: Final = 500
"""A small group is not built anew for fewer operations than this."""
_STEP: Final = 100
KEPT_MS: Final = 7 * DAY
"""How long a single device's own group is kept."""
PIECE: Final = 1 << 20
"""Most bytes of one answered piece of a segment that was asked for without an end."""


class _Stopped(Exception):
    """The centre is closing: a build ends where it stands, and what it wrote is of no use to anybody."""


class SegmentBuilder:
    """Builds groups one after the other in a thread of its own, each from one read snapshot.

    Every segment is a short write of its own on the accept lane, so a push waits for one of them at most. A
    generation can be asked for only when it is whole.
    """

    def __init__(self, centre: Centre, target: int = TARGET) -> None:
        self._centre = centre
        self._target = target
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._under_way: dict[str, Future[None]] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="centre-segments")

    def order(self, group: Group) -> Future[None]:
        """Build the group anew, unless that is under way already."""
        with self._lock:
            known = self._under_way.get(group.name)
            if known is not None and not known.done():
                return known
            made = self._thread.submit(self._build, group)
            self._under_way[group.name] = made
            return made

    def close(self) -> None:
        """End a build that runs, and the thread."""
        self._closing.set()
        self._thread.shutdown(cancel_futures=True)

    def _build(self, group: Group) -> None:
        try:
            with tempfile.TemporaryDirectory(prefix="t111-") as folder:
                self._build_in(group, Path(folder))
        except _Stopped:
            return
        except Exception as fault:
            log.error("segments not built fault=%s", type(fault).__name__)  # no traceback: it ends with the words
            raise

    def _build_in(self, group: Group, folder: Path) -> None:
        centre = self._centre
        key = centre.random(KEY_BYTES).hex()
        kept = centre.now_ms() - KEPT_MS
        while centre.lane.do(lambda c: segments.purge(c, group.name)):
            if self._closing.is_set():
                raise _Stopped
        generation, epoch = centre.lane.do(lambda c: segments.begin(c, group.name, kept))
        rows = place = 0

        def read(connection: Connection) -> Snapshot:
            nonlocal rows, place
            seen = segments.snapshot(connection, group)
            for one, data in self._files(connection, group, folder, key):
                centre.lane.do(
                    lambda c, p=place, s=one, d=data: segments.keep(c, group.name, generation, p, s, d)  # type: ignore[misc]  # binds the loop's values
                )
                rows, place = rows + one.rows, place + 1
            return seen

        seen = centre.read(read)
        if rows != seen.digest.count:
            raise AssertionError("the segments hold another number of records than their digest counts")
        done = Built(
            group.name, generation, seen.seq, rows, seen.digest.text(), key, seen.grants, centre.now_ms()
        )
        whole = centre.lane.do(lambda c: segments.finish(c, done, epoch))
        log.info("segments built group=%s count=%d rows=%d whole=%s", group.name, place, rows, whole)

    def _files(
        self, connection: Connection, group: Group, folder: Path, key: str
    ) -> Iterator[tuple[Stored, bytes]]:
        path = folder / "segment"
        file: SegmentFile | None = None
        target = min(FIRST, self._target)
        for table, rows in segments.rows_of(connection, group):
            for start in range(0, len(rows), _STEP):
                if self._closing.is_set():
                    if file is not None:
                        file.abandon()
                    raise _Stopped
                if file is None:
                    file = SegmentFile(path, key)
                file.add(table, rows[start : start + _STEP])
                if file.size >= target and table is not tables.sibling:
                    yield _taken(file, path)
                    file, target = None, min(2 * target, self._target)
        if file is not None:
            yield _taken(file, path)


def _taken(file: SegmentFile, path: Path) -> tuple[Stored, bytes]:
    file.close()
    data = path.read_bytes()
    path.unlink()
    return Stored(hashlib.sha256(data).hexdigest(), len(data), file.rows), data


def wanted(centre: Centre, session: Session, builder: SegmentBuilder, least: int) -> list[Future[None]] | None:
    """Builds to wait for before a manifest can be made; None for a device whose rows are fewer than `least`: it
    reads the feed. Groups that grew old are ordered too, and not waited for. Raises StoreUnavailable."""
    device = session.device

    def read(connection: Connection) -> tuple[list[Group], list[Group]] | None:
        if segments.rows_held(connection, device) < least:
            return None
        missing: list[Group] = []
        stale: list[Group] = []
        for group in segments.groups_of(connection, device):
            known = segments.built(connection, group.name)
            if known is None or known.grants != segments.grants_of(connection, group):
                missing.append(group)
            else:
                most = max(LEAST_STALE, int(known.rows * STALE))
                if segments.newer(connection, group, known.seq, most + 1) > most:
                    stale.append(group)
        return missing, stale

    found = centre.read(read)
    if found is None:
        return None
    missing, stale = found
    waited = [builder.order(group) for group in missing]
    for group in stale:
        builder.order(group)
    return waited


def make_manifest(centre: Centre, session: Session) -> bytes:
    """The signed manifest of what this device may see, read in one transaction.

    Raises Refusal (503 busy: a grant changed meanwhile, ask again), StoreUnavailable.
    """
    device, incarnation = session.device, session.incarnation

    def read(connection: Connection) -> Manifest:
        parts: list[Part] = []
        digest: Digest = NOTHING
        for group in segments.groups_of(connection, device):
            known = segments.built(connection, group.name)
            if known is None or known.grants != segments.grants_of(connection, group):
                raise busy()
            stored = segments.segments_of(connection, known)
            parts.append(
                Part(
                    seq=known.seq,
                    key=known.key,
                    digest=known.digest,
                    segments=[Segment(one.hash, one.bytes, one.rows) for one in stored],
                )
            )
            digest = digest.plus(Digest.parse(known.digest))
        seq = min(part.seq for part in parts)
        acked, own = segments.acked_and_missing(connection, device, incarnation, seq)
        return Manifest(
            device=device.id,
            incarnation=incarnation,
            lineage=centre.lineage,
            seq=seq,
            digest=digest.text(),
            acked=acked,
            own=manifest.ranges(own),
            shape=shape_of(),
            parts=parts,
            time=centre.now_ms(),
        )

    return manifest.seal(centre.read(read), centre.key)


def read_piece(centre: Centre, session: Session, hash_: str, start: int, length: int) -> tuple[bytes, int]:
    """Bytes of a segment and its whole length. Raises Refusal (404 unknown_segment: not one of this device's, or
    built anew since; 416 where it ends before `start`), StoreUnavailable."""
    found = centre.read(lambda c: segments.piece(c, session.device, hash_, start, length))
    if found is None:
        raise Refusal(404, "unknown_segment")
    if start >= found[1]:
        raise Refusal(416, "bad_message")
    return found
