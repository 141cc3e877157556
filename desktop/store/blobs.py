"""Copies of attachments on this desk and the queue of their transfers; one row a blob, whatever crashes."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, func, select

from desktop.store.schema import blob_copy
from desktop.store.sight import sight_of
from domain.ids import derived_id
from domain.records.attachment import Attachment
from sync.blobs.carrier import Kept, to_let_go
from sync.blobs.seal import SECRET_BYTES, Naming, Plan, chunk_count, pack, plan_of, sealed_size
from sync.blobs.signals import Transfer, Want
from sync.replica import node, read, removal, sql, tables
from sync.replica.changes import RowChange
from sync.replica.read import Stored

KIND: Final = "attachment"
NAMED_UNDER: Final = "blob_secret"

OFFERED_TO: Final = "blobs_offered_to"
"""Lineage of the national centre whose word `centre_at` is."""

_c = blob_copy.c


@dataclass(frozen=True, slots=True)
class AttachmentRow:
    """One attachment of a dossier for the screen. `here`: a whole copy is on this desk. `want` as in the queue.
    `centre_at`: when the centre last verified the copy of this desk (UTC ms), None where it did not; `ours`:
    the file was put in at this desk, so until then this is the only copy. `sealed`: bytes on the road."""

    id: str
    title: str
    media_type: str
    size: int
    sealed: int
    made_at: int
    by: str
    blob: str
    here: bool
    want: str
    centre_at: int | None
    ours: bool


@dataclass(frozen=True, slots=True)
class Readable:
    """All that is needed to open an attachment: what it is, its plan, and its key."""

    row: Attachment
    scope: str
    plan: Plan
    naming: Naming | None


def secret_id(scope: str) -> str:
    """The id of the record that holds a scope's secret: the same at every desk."""
    return derived_id(NAMED_UNDER, scope)


def secrets_of(connection: Connection, scope: str) -> list[bytes]:
    """Secrets under which files of a scope are named: the present one first, then those written at the same time
    elsewhere."""
    stored = read.one(connection, NAMED_UNDER, secret_id(scope))
    if stored is None:
        return []
    field = stored.state.get("secret")
    texts = [stored.record.secret, *([head.value for _, head in sorted(field.heads.items())] if field else [])]
    found: list[bytes] = []
    for text in texts:
        try:
            raw = base64.b64decode(text or "", validate=True)
        except (binascii.Error, ValueError):
            continue
        if len(raw) == SECRET_BYTES and raw not in found:
            found.append(raw)
    return found


def in_dossier(connection: Connection, contact_id: str, blobs: Iterable[str]) -> Stored | None:
    """An attachment of this dossier that names one of these blobs and was not taken back, or None."""
    wanted = set(blobs)
    found = read.where(connection, KIND, "contact_id", contact_id)
    return next((one for one in found if one.record.blob in wanted and one.retracted is None), None)


def of_contact(connection: Connection, contact_id: str) -> list[AttachmentRow]:
    """Attachments of a dossier, oldest first; those taken back are left out. None of a dossier that the person may
    not open."""
    sight = sight_of(connection)
    if sight is not None and not sight.opens([contact_id]):
        return []
    stored = [one for one in read.where(connection, KIND, "contact_id", contact_id) if one.retracted is None]
    copies = _copies(connection, [one.record.blob or "" for one in stored])
    made_here = _written_here(connection, [one.id for one in stored])
    rows: list[AttachmentRow] = []
    for one in stored:
        record: Attachment = one.record
        copy = copies.get(record.blob or "")
        rows.append(
            AttachmentRow(
                id=one.id,
                title=record.title or "",
                media_type=record.media_type or "",
                size=record.bytes or 0,
                sealed=sealed_size(record.bytes or 0),
                made_at=record.made_at or 0,
                by=record.by or "",
                blob=record.blob or "",
                here=bool(copy and copy["here"]),
                want=str(copy["want"]) if copy else "",
                centre_at=copy["centre_at"] if copy else None,
                ours=one.id in made_here,
            )
        )
    return sorted(rows, key=lambda row: (row.made_at, row.id))


def readable(connection: Connection, record_id: str) -> Readable | None:
    """What is needed to open this attachment; `naming` is None where the key did not come with it. None where the
    attachment is not here, names no bytes or lies in a file that the person may not open."""
    stored = read.one(connection, KIND, record_id)
    sight = sight_of(connection)
    if stored is None or (sight is not None and not sight.opens([stored.record.contact_id])):
        return None
    record: Attachment = stored.record
    plan = plan_of(record.bytes, record.chunks, record.chunk_count)
    if plan is None or not record.blob:
        return None
    naming = None
    if record.key:
        try:
            naming = Naming(record.blob, base64.b64decode(record.key, validate=True))
        except (binascii.Error, ValueError):
            naming = None
    return Readable(record, stored.scope, plan, naming)


def put_in(connection: Connection, record: str, scope: str, blob: str, plan: Plan, now_ms: int) -> None:
    """A file was sealed here, in the transaction of its metadata: its chunks are durable, it is to be sent. A copy
    that the centre has verified is not sent again."""
    copy = _copies(connection, [blob]).get(blob)
    centre_at = copy["centre_at"] if copy else None
    want = "" if centre_at is not None else Want.UP.value
    sql.upsert_many(
        connection,
        blob_copy,
        [(blob, record, scope, plan.size, pack(plan.chunks), 1, want, 0, now_ms, centre_at, now_ms)],
    )


def adopt(connection: Connection, has: Callable[[str], bool], now_ms: int) -> int:
    """Attachments whose chunks all lie here (`has` by name) though no row says so, after a store was put back: each
    is offered to the server again, and no sweep takes it for a left-over. Answers how many."""
    a = tables.records[KIND]
    rows = connection.execute(
        select(a.c.id, a.c.scope, a.c.blob, a.c.bytes, a.c.chunks, a.c.chunk_count)
        .select_from(a.outerjoin(blob_copy, _c.blob == a.c.blob))
        .where(_c.blob.is_(None), a.c.blob.is_not(None))
        .order_by(a.c.id)
    ).all()
    adopted: set[str] = set()
    for row in rows:
        found = plan_of(row.bytes, row.chunks, row.chunk_count)
        if found is not None and row.blob not in adopted and all(map(has, found.chunks)):
            put_in(connection, row.id, row.scope, row.blob, found, now_ms)
            adopted.add(row.blob)
    return len(adopted)


def unsent(connection: Connection) -> int:
    """How many files wait here to be sent."""
    found = select(func.count()).select_from(blob_copy).where(_c.want == Want.UP.value)
    return int(connection.execute(found).scalar_one())


def wish(connection: Connection, records: Iterable[str], now_ms: int, *, urgent: bool) -> int:
    """These attachments should be on this desk: what is not is asked for, what was to be let go of stays. Answers
    how many were asked for now."""
    asked = 0
    for record_id in records:
        found = readable(connection, record_id)
        if found is None or not found.row.blob:
            continue
        copy = _copies(connection, [found.row.blob]).get(found.row.blob)
        if copy is None:
            line = (
                found.row.blob, record_id, found.scope, found.plan.size, pack(found.plan.chunks), 0,
                Want.DOWN.value, int(urgent), now_ms, None, None,
            )  # fmt: skip
            sql.insert_many(connection, blob_copy, [line])
            asked += 1
        elif copy["here"] and copy["want"] == Want.LET_GO.value:
            _set(connection, found.row.blob, want="", used_at=now_ms)
        elif not copy["here"] and (copy["want"] != Want.DOWN.value or (urgent and not copy["urgent"])):
            _set(connection, found.row.blob, want=Want.DOWN.value, urgent=int(urgent), asked_at=now_ms)
            asked += 1
    return asked


def wish_all(connection: Connection, now_ms: int, limit: int = 200) -> int:
    """Every attachment this desk knows and has never asked for is asked for (policy "all")."""
    a = tables.records[KIND].c
    rows = connection.execute(
        select(a.id)
        .select_from(tables.records[KIND].outerjoin(blob_copy, _c.blob == a.blob))
        .where(_c.blob.is_(None), a.blob.is_not(None), a.retracted.is_(None))
        .order_by(a.id)
        .limit(limit)
    )
    return wish(connection, [row.id for row in rows], now_ms, urgent=False)


def used(connection: Connection, blob: str, now_ms: int) -> None:
    """A person opened it here."""
    _set(connection, blob, used_at=now_ms)


def transfers(connection: Connection) -> list[Transfer]:
    """The queue."""
    rows = connection.execute(select(blob_copy).where(_c.want != "").order_by(_c.asked_at, _c.blob))
    return [
        Transfer(row.blob, row.record, sealed_size(row.size), Want(row.want), bool(row.urgent), row.asked_at)
        for row in rows
    ]


def plan(connection: Connection, blob: str) -> Plan | None:
    """The plan of a blob of the queue."""
    row = connection.execute(select(_c.size, _c.chunks).where(_c.blob == blob)).first()
    return None if row is None else plan_of(row.size, row.chunks, chunk_count(row.size))


def at_centre(connection: Connection, blob: str, now_ms: int) -> bool:
    """The centre verified every chunk: nothing is to be sent; a wish to let go of it stands. Answers whether the copy
    stayed only to be sent, since its dossier has left this desk: its row is gone then, its files go at a sweep."""
    if _nobody_names(connection, blob):
        sql.delete_in(connection, blob_copy, "blob", [blob])
        return True
    connection.execute(
        blob_copy.update().where(_c.blob == blob, _c.want == Want.UP.value).values(want="", urgent=0)
    )
    _set(connection, blob, centre_at=now_ms)
    return False


def is_here(connection: Connection, blob: str, now_ms: int) -> None:
    """Every chunk was fetched and verified."""
    _set(connection, blob, here=1, want="", urgent=0, centre_at=now_ms)


def erased_elsewhere(connection: Connection, blob: str, record: str) -> bool:
    """The server says that the attachment was erased, which this desk has not heard of: its dossier had left before.
    Where nothing here names the blob it goes (True); where another attachment does, it is sent under that one."""
    a = tables.records[KIND].c
    naming = select(a.id).where(a.blob == blob).order_by(a.id)
    found = [str(row.id) for row in connection.execute(naming)]
    if not found:
        sql.delete_in(connection, blob_copy, "blob", [blob])
    elif record not in found:  # else the order to erase is on its way here
        _set(connection, blob, record=found[0])
    return not found


def send_again(connection: Connection, blob: str) -> None:
    """The centre lacks it: it is to be sent from here, and is not let go of before."""
    _set(connection, blob, want=Want.UP.value, centre_at=None)


def offer_anew(connection: Connection, centre: str) -> int:
    """The national centre goes by this lineage now: one that was put back from an older backup lacks what it has
    verified since, and nobody else would bring it again. Every copy here is offered once more, the last word of the
    former centre counts no longer. Answers how many; none where the centre is the one known."""
    if node.get(connection, OFFERED_TO) == centre:
        return 0
    node.put_key(connection, OFFERED_TO, centre)
    done = connection.execute(
        blob_copy.update()
        .where(_c.here == 1, _c.want.in_(["", Want.LET_GO.value]))
        .values(want=Want.UP.value, centre_at=None)
    )
    return int(done.rowcount)


def spoilt_here(connection: Connection, blob: str) -> None:
    """The copy of this desk is not whole: what the centre has is fetched in its place, unless its dossier has left
    this desk."""
    if _nobody_names(connection, blob):
        sql.delete_in(connection, blob_copy, "blob", [blob])
    else:
        _set(connection, blob, here=0, want=Want.DOWN.value)


def let_go(connection: Connection, blob: str) -> bool:
    """The copy no longer counts; False where somebody wants it again by now. The files go after the commit."""
    done = connection.execute(
        blob_copy.update()
        .where(_c.blob == blob, _c.want == Want.LET_GO.value, _c.centre_at.is_not(None))
        .values(here=0, want="", urgent=0)
    )
    return bool(done.rowcount)


def make_room(connection: Connection, limit: int, now_ms: int, stay_ms: int) -> int:
    """Mark copies to be let go of until all fit into `limit` bytes; answers how many."""
    rows = connection.execute(select(blob_copy).where(_c.here == 1, _c.want == "")).all()
    kept = [Kept(row.blob, sealed_size(row.size), row.centre_at, row.used_at) for row in rows]
    others = connection.execute(select(_c.size).where(_c.here == 1, _c.want == Want.UP.value)).all()
    chosen = to_let_go(kept, limit - sum(sealed_size(row.size) for row in others), now_ms, stay_ms)
    for blob in chosen:
        _set(connection, blob, want=Want.LET_GO.value, asked_at=now_ms)
    return len(chosen)


def forget(connection: Connection, blob: str) -> None:
    """The attachment was erased: no row, no transfer; its files go at the next sweep. Where another attachment
    names the blob, it stays."""
    if _nobody_names(connection, blob):
        sql.delete_in(connection, blob_copy, "blob", [blob])


def _nobody_names(connection: Connection, blob: str) -> bool:
    a = tables.records[KIND].c
    return connection.execute(select(a.id).where(a.blob == blob).limit(1)).first() is None


def _drop_wiped(connection: Connection, which: ColumnElement[bool]) -> None:
    """What was put in at other desks is only offered again here, and no server takes it from one that may no longer
    see it: it goes."""
    rows = connection.execute(select(_c.blob, _c.record, _c.want).where(which)).all()
    ours = _written_here(connection, [row.record for row in rows])
    gone = [row.blob for row in rows if row.want != Want.UP.value or row.record not in ours]
    sql.delete_in(connection, blob_copy, "blob", gone)


class BlobCopies:
    """Keeps the rows of copies in step with the attachments (a projection of the desk): what was erased or wiped
    keeps no copy, except one that only this desk has of a wiped scope, which is still sent. The files go at the
    next sweep. `kinds`: all that it reads."""

    kinds: Final = frozenset({KIND})

    def create(self, connection: Connection) -> None:
        """The table is made with the replica's own."""

    def follow(self, connection: Connection, changes: Sequence[RowChange]) -> None:
        """Attachments that are gone."""
        gone = {c.id: c.before["blob"] for c in changes if c.kind == KIND and c.before and c.after is None}
        if not gone:
            return
        erased = {record for kind, record in removal.known_among(connection, set(gone)) if kind == KIND}
        for record, blob in gone.items():
            if record in erased:
                forget(connection, blob)
            else:
                _drop_wiped(connection, _c.blob == blob)


def chunks_kept(connection: Connection) -> set[str]:
    """Names of chunks that some row still means: everything else on the shelf is left over."""
    found: set[str] = set()
    for row in connection.execute(select(_c.size, _c.chunks, _c.here, _c.want)):
        held = plan_of(row.size, row.chunks, chunk_count(row.size))
        if held is not None and (row.here or row.want in (Want.UP.value, Want.DOWN.value)):
            found.update(held.chunks)
    return found


def left_over(connection: Connection, there: set[str]) -> set[str]:
    """Which of the chunks on the shelf no row means. Read what is there first: a row is always older than the first
    file of its chunks."""
    return there - chunks_kept(connection)


def _copies(connection: Connection, blobs: Sequence[str]) -> dict[str, dict[str, Any]]:
    return {row["blob"]: row for row in sql.select_in(connection, blob_copy, "blob", blobs)}


def _written_here(connection: Connection, ids: Sequence[str]) -> set[str]:
    """A desk's log holds only its own operations."""
    return {row["record"] for row in sql.select_in(connection, tables.log, "record", ids)} if ids else set()


def _set(connection: Connection, blob: str, **values: Any) -> None:
    connection.execute(blob_copy.update().where(_c.blob == blob).values(**values))
