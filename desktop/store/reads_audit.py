"""The audit log as this desk holds it: its own chain counted anew, the newest entries of its centre."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
from sqlalchemy import Connection, select

from domain.records.audit import AuditEntry, AuditNote
from sync import audit
from sync.audit import Countersigned, Findings
from sync.decoding import known
from sync.door import Receipt
from sync.replica import node, read, removal, tables
from sync.replica.desk_road import AUDIT_SIGNED, CENTRE_KEY, RECEIPT
from sync.wire import raw64


@dataclass(frozen=True, slots=True)
class AuditView:
    """What the card shows: chains counted anew, the newest entries, the centre's last countersignature of the own
    chain (number 0: none yet; time UTC ms)."""

    findings: tuple[Findings, ...]
    newest: tuple[AuditEntry, ...]
    signed_n: int
    signed_at_ms: int

    @property
    def entries(self) -> int:
        """How many entries there are."""
        return sum(one.entries for one in self.findings)

    @property
    def cut(self) -> int:
        """How many entries were cut off, their time being over."""
        return sum(one.cut for one in self.findings)

    @property
    def whole(self) -> bool:
        """Whether every chain is whole."""
        return all(one.whole for one in self.findings)


def audit_view(connection: Connection, newest: int = 50) -> AuditView:
    """Count every chain held here anew from where it begins, the own one against its receipt, without a line."""
    table = tables.records["audit_entry"]
    entries = [audit.entry_of(row) for row in connection.execute(select(table)).mappings()]
    back = [row.id for row in connection.execute(select(table.c.id).where(table.c.retracted.is_not(None)))]
    notes = {n.id: n for n in _notes(connection)}
    gone = removal.known_among(connection, {one.id for one in entries if one.sealed and one.id not in notes})
    receipt = _receipt(connection)
    signed = [] if receipt is None else [receipt]
    cuts = [audit.cut_of(row) for row in connection.execute(select(tables.records["audit_cut"])).mappings()]
    erased = {record for kind, record in gone if kind == "audit_note"}
    key = raw64(node.get(connection, CENTRE_KEY))
    found = audit.verify(entries, notes, signed, erased, back, cuts, key)
    _receipt_itself(connection, receipt, found)
    entries.sort(key=lambda one: (one.at or 0, one.n or 0), reverse=True)
    return AuditView(
        tuple(found[device] for device in sorted(found)),
        tuple(entries[:newest]),
        receipt.n if receipt else 0,
        receipt.at_ms if receipt else 0,
    )


def _notes(connection: Connection) -> list[AuditNote]:
    table = tables.records["audit_note"]
    return [read.stored(row, "audit_note").record for row in connection.execute(select(table)).mappings()]


def _receipt(connection: Connection) -> Countersigned | None:
    kept = node.get(connection, RECEIPT)
    if not kept:
        return None
    said = msgspec.json.decode(kept, type=known(Receipt))
    return Countersigned(said.device, said.audit_n, said.audit_head, said.time) if said.audit_n else None


def _receipt_itself(connection: Connection, receipt: Countersigned | None, found: dict[str, Findings]) -> None:
    """Whoever cuts the chain's end off and takes the receipt away too is found by the number that is left."""
    last = int(node.get(connection, AUDIT_SIGNED, "0"))
    if last > (receipt.n if receipt else 0):
        device = node.get(connection, "device")
        about = found.setdefault(device, Findings(device))
        about.broken.append(f"{last}: the centre's receipt is not here")
