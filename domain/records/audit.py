"""Audit: what a person did with sensitive records, entry by entry in each device's chain, and the words beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from domain.records.fields import Column, DataClass, Merge, declare

_P1 = DataClass.P1
_P3 = DataClass.P3

OPEN: Final = "open"
UNMASK: Final = "unmask"
VERIFY: Final = "verify"
SEARCH: Final = "search"
EXPORT: Final = "export"
PRINT: Final = "print"
BREAK_GLASS: Final = "break_glass"
SIGN_IN: Final = "sign_in"
SIGN_OUT: Final = "sign_out"
LOCK: Final = "lock"
UNLOCK: Final = "unlock"
LET_GO: Final = "let_go"
"""Somebody opens this desk no more; the object is their staff id."""
RECOUNT: Final = "recount"
"""Written by the desk itself: a running digest had slipped from its rows and was put right."""

ACTIONS: Final = frozenset(
    {OPEN, UNMASK, VERIFY, SEARCH, EXPORT, PRINT, BREAK_GLASS, SIGN_IN, SIGN_OUT, LOCK, UNLOCK, LET_GO, RECOUNT}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One act, in the chain of the device where it was done. Ids and codes only: no word of a person.

    `n` counts 1, 2, 3 …; `previous` and `link` (hex) are the chain's hashes before and after it; `sealed` (hex, empty
    where nothing is told besides) is the salted hash of the AuditNote with the same id; `at` is the desk's UTC time
    (ms); `level` the data class of what was touched. Written once, never changed, never taken back.
    """

    id: str
    device: str | None = declare(Merge.APPEND, _P1, indexed=True)
    incarnation: int | None = declare(Merge.APPEND, _P1, Column.INTEGER)
    n: int | None = declare(Merge.APPEND, _P1, Column.INTEGER)
    at: int | None = declare(Merge.APPEND, _P1, Column.INTEGER, indexed=True)
    actor: str | None = declare(Merge.APPEND, _P1)
    action: str | None = declare(Merge.APPEND, _P1)
    object_kind: str | None = declare(Merge.APPEND, _P1)
    object_id: str | None = declare(Merge.APPEND, _P1, indexed=True)
    level: str | None = declare(Merge.APPEND, _P1)
    sealed: str | None = declare(Merge.APPEND, _P1)
    previous: str | None = declare(Merge.APPEND, _P1)
    link: str | None = declare(Merge.APPEND, _P1)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditCut:
    """Where the chain of one device (`device`) begins now: entries up to `n` were kept as long as the table of
    periods says and are erased; entry `n` bore the hash `link`. `at` is when the centre cut (its UTC ms), `signature`
    (base64) the centre's over all four. One record a device, written by the centre alone; the next cut changes it."""

    id: str
    device: str | None = declare(Merge.APPEND, _P1, indexed=True)
    n: int | None = declare(Merge.RESPONSIBILITY, _P1, Column.INTEGER)
    link: str | None = declare(Merge.RESPONSIBILITY, _P1)
    at: int | None = declare(Merge.RESPONSIBILITY, _P1, Column.INTEGER)
    signature: str | None = declare(Merge.RESPONSIBILITY, _P1)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditNote:
    """What a person said about an act (a reason), or what names it (a search's keyed hash); may be erased."""

    id: str
    salt: str | None = declare(Merge.APPEND, _P3)
    words: str | None = declare(Merge.APPEND, _P3)
