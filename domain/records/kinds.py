"""The registry of kinds: kind → record class → merge class and data class of each field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from domain.records.answer import Answer
from domain.records.attachment import Attachment, BlobSecret
from domain.records.audit import AuditCut, AuditEntry, AuditNote
from domain.records.call import Call
from domain.records.case import Case, Stay
from domain.records.case_key import CaseKey, CaseReader, PersonKey
from domain.records.clock_record import ClockRecord
from domain.records.contact import Contact
from domain.records.emergency import EmergencyRead
from domain.records.fields import Column, DataClass, FieldSpec, Merge, specs_of
from domain.records.left_draft import LeftDraft
from domain.records.note import Note
from domain.records.party import Party
from domain.records.person import Address, Alias, Person, Phone
from domain.records.queue import AppReport, Claim, Incoming, NumberAlert, QueueItem
from domain.records.referral import Attempt, Referral
from domain.records.retention import LegalHold, RetentionRun
from domain.records.road import (
    Custody,
    Grant,
    Link,
    NumberBlockRecord,
    Reconciliation,
    Review,
    WipeReceipt,
)
from domain.records.shift import Handover, Shift
from domain.records.staff import Staff
from domain.records.subject_request import SubjectRequest
from domain.records.verification import Verification

SCHEMA = 1
"""Schema number written into every operation made by this program."""

RETRACTED = "retracted"
"""Built-in field of every kind: why the record was taken back. A retraction is never a delete."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of record: its name on the road, its class in code, its fields by name.

    `retracted` (fact, class P1, text) is added to every kind.
    """

    name: str
    record: type[Any]
    fields: Mapping[str, FieldSpec]

    def make(self, record_id: str, values: Mapping[str, Any]) -> Any:
        """A frozen record from present values; fields this class does not have are left out."""
        kept: dict[str, Any] = {}
        for name, spec in self.fields.items():
            if name == RETRACTED or name not in values:
                continue
            value = values[name]
            if spec.column is Column.JSON:
                value = tuple(value) if value else ()
            kept[name] = value
        return self.record(id=record_id, **kept)


class Registry(Mapping[str, Kind]):
    """Every kind a program knows. A kind it does not know is parked, never refused (settled 9)."""

    def __init__(self, kinds: Iterable[tuple[str, type[Any]]]) -> None:
        made: dict[str, Kind] = {}
        for name, record in kinds:
            fields = {spec.name: spec for spec in specs_of(record)}
            fields[RETRACTED] = FieldSpec(RETRACTED, Merge.FACT, DataClass.P1, Column.TEXT)
            made[name] = Kind(name, record, MappingProxyType(fields))
        self._kinds = MappingProxyType(made)
        self._by_record = {kind.record: kind for kind in made.values()}

    def __getitem__(self, name: str) -> Kind:
        return self._kinds[name]

    def __iter__(self) -> Any:
        return iter(self._kinds)

    def __len__(self) -> int:
        return len(self._kinds)

    def kind_of(self, record: object) -> Kind:
        """The kind of a record object. Raises KeyError for an object that is no record."""
        return self._by_record[type(record)]


KINDS = Registry(
    (
        ("call", Call),
        ("contact", Contact),
        ("person", Person),
        ("alias", Alias),
        ("phone", Phone),
        ("address", Address),
        ("party", Party),
        ("case", Case),
        ("stay", Stay),
        ("note", Note),
        ("referral", Referral),
        ("attempt", Attempt),
        ("clock", ClockRecord),
        ("grant", Grant),
        ("number_block", NumberBlockRecord),
        ("link", Link),
        ("reconciliation", Reconciliation),
        ("custody", Custody),
        ("wiped", WipeReceipt),
        ("review", Review),
        ("attachment", Attachment),
        ("blob_secret", BlobSecret),
        ("left_draft", LeftDraft),
        ("queue_item", QueueItem),
        ("incoming", Incoming),
        ("app_report", AppReport),
        ("claim", Claim),
        ("number_alert", NumberAlert),
        ("shift", Shift),
        ("handover", Handover),
        ("staff", Staff),
        ("audit_entry", AuditEntry),
        ("audit_note", AuditNote),
        ("audit_cut", AuditCut),
        ("emergency_read", EmergencyRead),
        ("answer", Answer),
        ("legal_hold", LegalHold),
        ("retention_run", RetentionRun),
        ("verification", Verification),
        ("subject_request", SubjectRequest),
        ("case_key", CaseKey),
        ("case_reader", CaseReader),
        ("person_key", PersonKey),
    )
)
