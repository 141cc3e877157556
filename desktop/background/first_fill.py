"""Fills a new desk from its centre's segments, beside the store in use; whatever fails, the feed is still there."""

from __future__ import annotations

import hashlib
import logging
import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final, Protocol, runtime_checkable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from desktop.background.change_bus import ChangeBus, Changes, Origin
from desktop.background.lanes import Closed, StoreLane
from desktop.store.building import Building, Gathered, Overtaken, Standing, as_trouble, discard, gather, standing
from desktop.store.engine import Store
from desktop.store.troubles import StillOpen
from domain.clock import Clock
from domain.records.kinds import KINDS
from sync import manifest as manifests
from sync import wire
from sync.engine import Pull
from sync.manifest import Manifest, Part, Segment
from sync.replica.changes import Folded
from sync.troubles import Offline, SegmentGone, ServerLied, ServerTrouble, SignedOut
from sync.wire import BadMessage

_log = logging.getLogger(__name__)

LEAST: Final = 5_000
"""Fewer records than this come by the feed: that takes less than a second or two."""

MANIFEST_S: Final = 40.0
"""How long (seconds) a manifest may take: the centre waits up to 20 s for segments that it is building."""
PIECE: Final = 1 << 20
SMALLEST_PIECE: Final = 32 << 10
PIECE_S: Final = 25.0
TRIES: Final = 3
"""How often a manifest is asked for again because its segments were built anew meanwhile."""

BUILDING: Final = "store.building.db"
SPOOL: Final = "segments"


@runtime_checkable
class SegmentRoad(Protocol):
    """What is needed of a transport; every method raises only `sync.troubles`."""

    def bootstrap(self, least: int, timeout_s: float) -> bytes | None:
        """The sealed manifest; None where the feed is to be read."""

    def segment(self, name: str, start: int, length: int, timeout_s: float) -> bytes:
        """Bytes of a segment."""


class FirstFill:
    """Called with every pull before it goes out; most desks, most times, are settled and it does nothing.

    A desk that never pulled, or was asked to be built anew, fetches segments into a folder beside the store (they
    are encrypted; each is checked and kept, so a broken line goes on at the first that is missing), builds a new
    file, and exchanges it on the store thread. Until then the desk works on the old file: calls are taken and
    sent at once, and go along. `words` is what a person may see of it. `report` is told when they change.
    """

    def __init__(
        self,
        lane: StoreLane,
        store: Store,
        bus: ChangeBus,
        clock: Clock,
        report: Callable[[], None],
        least: int = LEAST,
    ) -> None:
        self._lane = lane
        self._store = store
        self._bus = bus
        self._clock = clock
        self._report = report
        self._least = least
        self._settled = False
        self._stopped = False
        self._one = threading.Lock()
        self._piece = PIECE
        self._partial: dict[str, bytearray] = {}
        self.words = ""

    def stop(self) -> None:
        """The desk is closing: end between two segments. What was fetched is kept for the next time."""
        self._stopped = True

    def again(self) -> None:
        """Look anew whether something is to be built: a person asked for it."""
        self._settled = False

    def __call__(self, transport: object, pull: Pull) -> Pull:
        """The pull to be made: this one, or after a fill the one that goes on behind it.

        Raises the road's troubles where the line failed; the next pull goes on where this one stopped.
        """
        with self._one:
            if self._settled or not isinstance(transport, SegmentRoad):
                return pull
            known = self._lane.read(standing)
            if not (known.fresh or known.anew):
                self._settle()
                return pull
            try:
                filled = self._try(transport, known)
            except Closed:
                raise Offline from None
            except (Offline, ServerTrouble, SignedOut, StillOpen):
                raise
            except Exception as fault:  # noqa: BLE001 - whatever went wrong here, the feed brings everything
                trouble = as_trouble(fault)
                told = type(trouble or fault).__name__
                _log.error("no fill by segments: %s", told, exc_info=None if trouble else fault)
                filled = None
            finally:
                self._say("")
            self._settle()
            return pull if filled is None else replace(pull, lineage=filled.lineage, cursor=filled.seq, wait_ms=0)

    def _settle(self) -> None:
        self._settled = True
        self._partial.clear()
        shutil.rmtree(self._spool(), ignore_errors=True)
        with suppress(OSError):
            discard(self._store.path.with_name(BUILDING))

    def _spool(self) -> Path:
        return self._store.path.with_name(SPOOL)

    def _say(self, words: str) -> None:
        if words != self.words:
            self.words = words
            self._report()

    def _try(self, road: SegmentRoad, known: Standing) -> Manifest | None:
        for _ in range(TRIES):
            try:
                return self._fill(road, known)
            except (SegmentGone, Overtaken) as fault:
                _log.info("segments are asked for again: %s", type(fault).__name__)
                known = self._lane.read(standing)
        return None

    def _fill(self, road: SegmentRoad, known: Standing) -> Manifest | None:
        sealed = road.bootstrap(0 if known.anew else self._least, MANIFEST_S)
        if sealed is None or not known.centre_key:
            return None
        try:
            key = Ed25519PublicKey.from_public_bytes(wire.raw64(known.centre_key))
            manifest = manifests.unseal(sealed, key)
        except BadMessage as bad:
            raise ServerLied from bad
        device = self._lane.seat.device
        if (manifest.device, manifest.incarnation) != (device, known.incarnation):
            raise ServerLied
        if known.lineage and manifest.lineage != known.lineage:
            return None  # another server than the one last met: the engine meets it first
        spool = self._spool()
        spool.mkdir(mode=0o700, exist_ok=True)
        with ThreadPoolExecutor(1, thread_name_prefix="net-segments") as helper:
            # The first segment is on its way while the new file is made.
            coming = self._coming(helper, road, manifest)
            first = next(coming, None)
            building = self._store.beside(BUILDING, Building)
            try:
                self._build(first, coming, manifest, building)
                folded = self._lane.apart(lambda: self._exchange(building, manifest, anew=known.anew))
            except BaseException:
                helper.shutdown(wait=False, cancel_futures=True)
                building.discard()
                raise
        self._tell(folded)
        _log.info("filled by segments: rows=%d seq=%d", manifest.rows, manifest.seq)
        return manifest

    def _coming(
        self, helper: ThreadPoolExecutor, road: SegmentRoad, manifest: Manifest
    ) -> Iterator[tuple[Part, Future[tuple[Path, Gathered]]]]:
        """Fetches and reads segments in a thread of its own, each when it is asked for."""
        for part, one in _listed(manifest):
            yield part, helper.submit(self._ready, road, manifest, part, one)

    def _build(
        self,
        first: tuple[Part, Future[tuple[Path, Gathered]]] | None,
        coming: Iterator[tuple[Part, Future[tuple[Path, Gathered]]]],
        manifest: Manifest,
        building: Building,
    ) -> None:
        """The next segment is fetched and read while the last one is written."""
        count, at, now = sum(len(part.segments) for part in manifest.parts), 0, first
        while now is not None:
            part, ready = now
            path, rows = ready.result()
            now, at = next(coming, None), at + 1
            self._say(
                f"Đang lấy dữ liệu của trung tâm: phần {at} trong {count}. "
                "Chị/anh cứ nhận cuộc gọi như thường."
            )
            building.take(path, part.key, rows)
        building.check(manifest)

    def _ready(self, road: SegmentRoad, manifest: Manifest, part: Part, one: Segment) -> tuple[Path, Gathered]:
        if self._stopped:
            raise Offline
        path = self._fetched(road, one)
        return path, gather(path, part.key, manifest.shape)

    def _fetched(self, road: SegmentRoad, one: Segment) -> Path:
        """The segment's file, whole and checked; what was fetched before is not fetched again."""
        path = self._spool() / f"{one.hash}.segment"
        if path.exists():
            if _sha256(path.read_bytes()) == one.hash:
                return path
            path.unlink()
        data = self._partial.setdefault(one.hash, bytearray())
        while len(data) < one.bytes:
            if self._stopped:
                raise Offline
            try:
                data += road.segment(one.hash, len(data), min(self._piece, one.bytes - len(data)), PIECE_S)
            except Offline as fault:
                if fault.timed_out:
                    self._piece = max(SMALLEST_PIECE, self._piece // 2)
                raise
        del self._partial[one.hash]
        if _sha256(data) != one.hash:
            raise ServerLied
        draft = path.with_suffix(".part")
        draft.write_bytes(data)
        draft.replace(path)
        return path

    def _exchange(self, building: Building, manifest: Manifest, *, anew: bool) -> Folded:
        """On the store thread: nobody writes meanwhile. A store that was in use is kept aside."""
        folded = building.finish(manifest, self._store.stamps, self._clock.now_ms())
        aside = None
        if anew:
            folder = self._store.path.with_name("backups")
            aside = folder / f"before-rebuild-{manifest.seq:012d}-{self._clock.now_ms()}.db"
        self._store.exchange(building.path, aside)
        return folded

    def _tell(self, folded: Folded) -> None:
        touched = {kind: frozenset({""}) for kind in KINDS}
        for kind, ids in folded.touched().items():
            touched[kind] = touched.get(kind, frozenset()) | ids
        self._bus.changed.emit(Changes(Origin.CENTRE, touched, "road"))


def _listed(manifest: Manifest) -> Iterator[tuple[Part, Segment]]:
    for part in manifest.parts:
        for one in part.segments:
            yield part, one


def _sha256(data: bytes | bytearray) -> str:
    return hashlib.sha256(data).hexdigest()
