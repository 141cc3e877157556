"""What arrives beside the telephone: reports of App 111 become items of the queue, once each; how far each is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from itertools import islice
from operator import attrgetter
from pathlib import Path
from typing import Final

from domain.app_reports import CHANNEL, BadLine, Reader, Report
from domain.codes.catalogue import Catalogue
from domain.codes.places import Places
from domain.records.queue import QueueItem
from domain.rules.triage import caution_rank
from server.operations.centre import Centre, News, log
from server.store import granted
from server.store.engine import Connection
from sync.replica import read, removal, scopes

_RESOURCES: Final = Path(__file__).parents[2] / "resources"
_TOGETHER: Final = 50
"""Reports in one transaction: a desk's push never waits for a whole file."""

OTHER_WORDS: Final = "đã có một tin mang mã này nhưng nội dung khác: tin trước giữ nguyên, chưa nhận tin này"


class Far(StrEnum):
    """What the sender of a report may know of it: nothing of anybody, only how far it is."""

    RECEIVED = "received"
    IN_PROGRESS = "in_progress"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Progress:
    """Of one report, by the mark its sender holds; `at` since when it is so (UTC ms)."""

    token: str
    state: Far
    at: int


@dataclass(slots=True)
class Taken:
    """What one file brought: reports taken now, those known from before, and lines set aside."""

    taken: int = 0
    known: int = 0
    bad: list[BadLine] = field(default_factory=list)


@cache
def _lists() -> tuple[Catalogue, Places]:
    return Catalogue.load(_RESOURCES / "codes"), Places(_RESOURCES / "places")


def take(centre: Centre, lines: Iterable[bytes]) -> Taken:
    """Take the reports of one file. Each is an item of the queue of the centre that answers for its province, once
    however often it comes; cut short, it is handed over again. Raises StoreUnavailable."""
    catalogue, places = _lists()
    kinds, urgencies = ({one.code for one in catalogue[name]} for name in ("caller_kind", "urgency"))
    done = Taken()
    read_so_far = Reader(places, kinds, urgencies, centre.now_ms()).read(lines)
    while batch := list(islice(read_so_far, _TOGETHER)):
        done.bad += [one for one in batch if isinstance(one, BadLine)]
        _take(centre, [one for one in batch if isinstance(one, Report)], done)
    done.bad.sort(key=attrgetter("number"))
    log.info("app reports: %d taken, %d known, %d set aside", done.taken, done.known, len(done.bad))
    return done


def progress(connection: Connection) -> list[Progress]:
    """How far every report is whose sender holds a mark, oldest first."""
    now = {one.id: one.record for one in read.every(connection, "queue_item") if one.record.channel == CHANNEL}
    found = []
    for one in read.every(connection, "app_report"):
        item = now.get(one.id)
        if one.record.token and item is not None and one.retracted is None:
            found.append((item.arrived_at or 0, _how_far(connection, one.record.token, item)))
    return [how for _, how in sorted(found, key=lambda pair: (pair[0], pair[1].token))]


def _how_far(connection: Connection, token: str, item: QueueItem) -> Progress:
    if item.done_at is not None or item.contact_id is not None:
        return Progress(token, Far.DONE, item.done_at or 0)
    claims = [one.record for one in read.where(connection, "claim", "item_id", item.id) if one.retracted is None]
    begun = min((one.at or 0 for one in claims), default=None)
    if begun is None:
        return Progress(token, Far.RECEIVED, item.arrived_at or 0)
    return Progress(token, Far.IN_PROGRESS, begun)


def _take(centre: Centre, reports: Sequence[Report], done: Taken) -> None:
    def job(connection: Connection) -> tuple[Taken, News]:
        found, audiences = Taken(), set[str]()
        gone = {record for _, record in removal.known_among(connection, [one.words.id for one in reports])}
        for one in reports:
            held = read.one(connection, "app_report", one.words.id)
            if held is None and one.words.id not in gone:
                _author(centre, connection, one)
                audiences.add(one.centre)
                found.taken += 1
            elif held is None or (held.record == one.words and _same_header(connection, one)):
                found.known += 1
            else:
                found.bad.append(BadLine(one.line, OTHER_WORDS))
        return found, News(frozenset(audiences))

    if not reports:
        return
    found, news = centre.lane.do(job)
    done.taken += found.taken
    done.known += found.known
    done.bad += found.bad
    if news and centre.publish is not None:
        centre.publish(news)


def _same_header(connection: Connection, come: Report) -> bool:
    known = read.one(connection, "queue_item", come.words.id)
    if known is None:
        return True
    item = known.record
    held = (item.arrived_at, item.urgency, item.province_set, item.province)
    return bool(held == (come.arrived_at, come.urgency, come.province_set, come.province))


def _author(centre: Centre, connection: Connection, report: Report) -> None:
    """Header and words as one act of the centre, so that no desk ever lists an item that has no words."""
    words, home = report.words, scopes.centre(report.centre)
    item = QueueItem(
        id=words.id,
        channel=CHANNEL,
        centre=report.centre,
        arrived_at=report.arrived_at,
        urgency=report.urgency,
        province_set=report.province_set,
        province=report.province,
    )
    dossier = scopes.dossier(words.id)
    scopes.settle(connection, {dossier: report.centre})  # it is the region's, not the national centre's that wrote it
    ranks = {"urgency": caution_rank("urgency", report.urgency)} if report.urgency else {}
    folded = centre.author_act(connection, [(home, item, ranks), (dossier, words, {})])
    granted.follow(connection, folded.deltas)
