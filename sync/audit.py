"""The chain of audit entries: made link by link at a desk, verified anywhere from the entries alone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from domain.records.audit import ACTIONS, AuditCut, AuditEntry, AuditNote
from sync import chain
from sync.door import cut_claim
from sync.wire import raw64

SALT_BYTES: Final = 16
_UNSEALED: Final = bytes(32)
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Head:
    """Where a device's audit chain ends: its last number (0: none) and the hash there (hex)."""

    n: int = 0
    link: str = chain.GENESIS.hex()


@dataclass(frozen=True, slots=True)
class Said:
    """What is to be written: `words` go into the note that may be erased, all else into the entry."""

    actor: str
    action: str
    object_kind: str = ""
    object_id: str = ""
    level: str = ""
    words: str = ""


def write(
    said: Said, device: str, incarnation: int, at_ms: int, head: Head, entry_id: str, random: Callable[[int], bytes]
) -> tuple[AuditEntry, AuditNote | None]:
    """The next entry of a chain, and its note where there are words. Raises ValueError for an unknown action."""
    if said.action not in ACTIONS:
        raise ValueError("no such audited action")
    note = None
    sealed = ""
    if said.words:
        salt = random(SALT_BYTES)
        note = AuditNote(id=entry_id, salt=salt.hex(), words=said.words)
        sealed = chain.sealed_hash(salt, said.words.encode()).hex()
    entry = AuditEntry(
        id=entry_id,
        device=device,
        incarnation=incarnation,
        n=head.n + 1,
        at=at_ms,
        actor=said.actor,
        action=said.action,
        object_kind=said.object_kind or None,
        object_id=said.object_id or None,
        level=said.level or None,
        sealed=sealed or None,
        previous=head.link,
    )
    return _linked(entry), note


def _linked(entry: AuditEntry) -> AuditEntry:
    values = {name: getattr(entry, name) for name in AuditEntry.__slots__}
    return AuditEntry(**{**values, "link": link_of(entry)})


def link_of(one: AuditEntry) -> str:
    """The hash that an entry must bear: of the one before it, its fixed header, and the salted hash of its words."""
    header = _encode(
        (
            one.id, one.device, one.incarnation, one.n, one.at, one.actor, one.action,
            one.object_kind, one.object_id, one.level,
        )
    )  # fmt: skip
    sealed = bytes.fromhex(one.sealed) if one.sealed else _UNSEALED
    return chain.link(bytes.fromhex(one.previous or ""), header, sealed).hex()


@dataclass(frozen=True, slots=True)
class Countersigned:
    """A chain's head that a centre signed once: that entry must stand for ever."""

    device: str
    n: int
    link: str
    at_ms: int = 0


@dataclass(slots=True)
class Findings:
    """What a chain of one device looks like. `broken` are lines of numbers and ids, without contents; `cut` how many
    entries at its beginning the centre cut off, their time being over."""

    device: str
    entries: int = 0
    head: Head = field(default_factory=Head)
    erased: int = 0
    cut: int = 0
    broken: list[str] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Whether nothing was changed, taken out, put in or moved."""
        return not self.broken

    @property
    def broken_at(self) -> int:
        """The lowest number of an entry that is not as it should be; 0 where none of the lines names one."""
        return min((int(at) for one in self.broken if (at := one.partition(":")[0]).isdecimal()), default=0)


def verify(
    entries: Iterable[AuditEntry],
    notes: Mapping[str, AuditNote] | None = None,
    receipts: Iterable[Countersigned] = (),
    erased: Collection[str] = (),
    retracted: Collection[str] = (),
    cuts: Iterable[AuditCut] = (),
    key: bytes = b"",
) -> dict[str, Findings]:
    """Count every device's chain anew from its entries, in any order. Without `notes` words are not looked at.

    `erased` are ids of notes that the centre had erased: their words are gone, their hashes hold. `cuts` say where
    chains begin, believed where the centre whose raw public key is `key` signed them. A head that was countersigned
    before the cut is vouched for by the cut alone. Some 100,000 entries a second.
    """
    chains: dict[str, list[AuditEntry]] = {}
    for one in entries:
        chains.setdefault(one.device or "", []).append(one)
    starts, forged = _starts(cuts, key)
    found = {
        device: _one(device, chains.get(device, []), notes, erased, starts.get(device, Head()))
        for device in chains.keys() | starts.keys()
    }
    for mark in forged:
        about = found.setdefault(mark.device or "", Findings(mark.device or ""))
        about.broken.append(f"{mark.n}: cut off under no signature of the centre")
    for name in retracted:
        found.setdefault("", Findings("")).broken.append(f"entry {name}: taken back")
    for receipt in receipts:
        about = found.setdefault(receipt.device, Findings(receipt.device))
        start = starts.get(receipt.device, Head())
        if receipt.n < start.n:
            continue
        links = {start.link: start.n} | {entry.link or "": entry.n or 0 for entry in chains.get(receipt.device, ())}
        if links.get(receipt.link) != receipt.n:
            about.broken.append(f"{receipt.n}: countersigned by the centre and not here (ends at {about.head.n})")
    return found


def _starts(cuts: Iterable[AuditCut], key: bytes) -> tuple[dict[str, Head], list[AuditCut]]:
    """Where each chain begins, and the cuts that nobody need believe."""
    starts: dict[str, Head] = {}
    forged = []
    for one in cuts:
        if not is_cut_signed(one, key):
            forged.append(one)
        elif (one.n or 0) > starts.get(one.device or "", Head()).n:
            starts[one.device or ""] = Head(one.n or 0, one.link or "")
    return starts, forged


def is_cut_signed(one: AuditCut, key: bytes) -> bool:
    """Whether the centre with this raw public key signed the cut as it reads."""
    try:
        claim = cut_claim(one.device or "", one.n or 0, one.link or "", one.at or 0)
        Ed25519PublicKey.from_public_bytes(key).verify(raw64(one.signature or ""), claim)
    except (InvalidSignature, ValueError):
        return False
    return True


def _one(
    device: str,
    entries: list[AuditEntry],
    notes: Mapping[str, AuditNote] | None,
    erased: Collection[str],
    start: Head,
) -> Findings:
    found = Findings(device, len(entries), head=start, cut=start.n)
    by_link: dict[str, int] = {}
    after: dict[str, int] = {}
    for one in entries:
        if not _sound(one):
            found.broken.append(f"{one.n}: not as it was written")
        if one.link in by_link:
            found.broken.append(f"{one.n}: stands twice")
        by_link[one.link or ""] = one.n or 0
        if one.previous in after:
            found.broken.append(f"{one.n}: a second entry in one place (a copied or restored desk)")
        after[one.previous or ""] = one.n or 0
        if notes is not None and one.sealed:
            found.erased += _note(one, notes.get(one.id), erased, found.broken)
    for one in entries:
        before = start.n if one.previous == start.link else by_link.get(one.previous or "")
        if before is None or before + 1 != one.n:
            found.broken.append(f"{one.n}: what stood before it is not here")
        elif before < start.n:
            found.broken.append(f"{one.n}: was cut off and is here again")
    if entries:
        last = max(entries, key=lambda one: one.n or 0)
        found.head = Head(last.n or 0, last.link or "")
    return found


def _sound(one: AuditEntry) -> bool:
    try:
        return link_of(one) == one.link
    except (ValueError, TypeError):
        return False


def _note(one: AuditEntry, note: AuditNote | None, erased: Collection[str], broken: list[str]) -> int:
    """1 where the words were erased by order."""
    if note is None:
        if one.id in erased:
            return 1
        broken.append(f"{one.n}: its words are not here")
        return 0
    try:
        same = chain.sealed_hash(bytes.fromhex(note.salt or ""), (note.words or "").encode()).hex() == one.sealed
    except ValueError:
        same = False
    if not same:
        broken.append(f"{one.n}: its words are not those that were written")
    return 0


def cut_of(values: Mapping[Any, Any]) -> AuditCut:
    """A cut from a row mapping of its table."""
    return AuditCut(**{name: values[name] for name in AuditCut.__slots__})


def entry_of(values: Mapping[Any, Any]) -> AuditEntry:
    """An entry from a row mapping of its table."""
    return AuditEntry(**{name: values[name] for name in AuditEntry.__slots__})
