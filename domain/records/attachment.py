"""An attachment of a dossier: what is known of a file before its bytes travel, and the key that opens them."""

from __future__ import annotations

from dataclasses import dataclass

from domain.records.fields import Column, DataClass, Merge, declare

_P3 = DataClass.P3
_P4 = DataClass.P4


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """One file of a dossier; the metadata travels as an ordinary operation, always before the bytes.

    `bytes` counts the file as it was, `blob` names it (sync.blobs.seal), `chunks` are the names of its sealed
    chunks, `key` (base64, class P4, an operation of its own) opens them: erasing that operation makes every
    copy of the bytes unreadable. `source` says how it came: file, scan, letter, app.
    """

    id: str
    contact_id: str | None = declare(Merge.APPEND, _P3, indexed=True)
    case_id: str | None = declare(Merge.APPEND, _P3, indexed=True)
    title: str | None = declare(Merge.FACT, _P3)
    media_type: str | None = declare(Merge.APPEND, _P3)
    bytes: int | None = declare(Merge.APPEND, _P3, Column.INTEGER)
    blob: str | None = declare(Merge.APPEND, _P3, indexed=True)
    chunk_count: int | None = declare(Merge.APPEND, _P3, Column.INTEGER)
    chunks: str | None = declare(Merge.APPEND, _P3)
    made_at: int | None = declare(Merge.APPEND, _P3, Column.INTEGER)
    by: str | None = declare(Merge.APPEND, _P3)
    source: str | None = declare(Merge.APPEND, _P3)
    key: str | None = declare(Merge.APPEND, _P4)


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobSecret:
    """The secret of one scope under which its files are named, so that nobody without the scope can test for a
    known file. Its id derives from the scope; two desks that made one each at the same time keep both."""

    id: str
    secret: str | None = declare(Merge.APPEND, _P4)
