"""From the values of a form to fields of records: which record each belongs to, cleaned and checked by the lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from desktop.reference import Reference
from desktop.store.troubles import UnknownCode
from domain.clock import vn_date
from domain.codes.places import set_of_day
from domain.phones import normalise
from domain.records.fields import Merge
from domain.records.kinds import KINDS
from domain.rules.intake import age_group_of
from domain.rules.triage import caution_rank
from domain.text import is_blank, nfc

FormValues = Mapping[str, Any]
"""Form field → value; what is empty is absent, or None where a person emptied it."""

LISTS: Final[Mapping[str, tuple[str, str]]] = {
    "caller_kind": ("caller_kind", "Người gọi là"),
    "child_sex": ("gender", "Giới tính"),
    "child_relationship": ("relationship_to_child", "Quan hệ với trẻ"),
    "age_group": ("age_group", "Nhóm tuổi"),
    "ethnic_group": ("ethnic_groups", "Dân tộc"),
    "topics": ("counselling_topic", "Chủ đề"),
    "language": ("languages", "Ngôn ngữ"),
    "primary_channel": ("contact_channel", "Kênh"),
    "abuse_types": ("abuse_type", "Hình thức xâm hại"),
    "urgency": ("urgency", "Mức khẩn cấp"),
    "status": ("case_status", "Bước xử lý"),
    "centre": ("centres", "Trung tâm phụ trách"),
    "closure_reason": ("closure_reason", "Lý do kết thúc"),
    "outcome": ("contact_outcome", "Kết quả cuộc gọi"),
    "line": ("hotline_line", "Đường dây"),
    "to_kind": ("referral_agency_kind", "Cơ quan"),
    "channel": ("contact_channel", "Kênh tiếp nhận"),
    "item_urgency": ("urgency", "Mức khẩn cấp"),
    "result": ("attempt_result", "Kết quả liên hệ"),
    "wish": ("data_request", "Yêu cầu"),
}
"""Form field → its code list and the label a sentence names it by."""

_PLACES: Final = (("province", "province_set", "Tỉnh, thành phố"), ("commune", "commune_set", "Xã, phường"))

_CONTACT: Final = frozenset(
    {
        "line", "primary_channel", "caller_kind", "topics", "in_depth", "province_set", "province",
        "commune_set", "commune", "language", "needs_interpreter", "confidential", "may_call_back", "safe_time",
        "campaign", "summary", "child_safe_now", "child_whereabouts", "happened_when", "on_behalf_of", "annex",
    }
)  # fmt: skip
_CHILD: Final = {
    "child_name": "full_name",
    "child_age": "age_years",
    "child_birth_year": "birth_year",
    "child_birth_date": "birth_date",
    "child_age_estimated": "age_estimated",
    "child_sex": "sex",
    "age_group": "age_group",
    "ethnic_group": "ethnic_group",
}
_CASE: Final = frozenset(
    {
        "abuse_types", "urgency", "status", "risk", "incident", "incident_when", "assigned_to", "closed_at",
        "closure_reason", "closure_result", "centre",
    }
)  # fmt: skip
_REQUEST: Final = ("wish", "code", "words", "shared", "asker", "relation", "reach")
BINDS: Final[Mapping[str, str]] = {
    **{name: f"contact.{name}" for name in _CONTACT},
    **{name: f"child.{target}" for name, target in _CHILD.items()},
    **{name: f"case.{name}" for name in _CASE},
    "caller_name": "caller.full_name",
    "child_relationship": "party.relationship",
    "number": "phone.number",
    "outcome": "call.outcome",
    "to_kind": "referral.to_kind",
    "to_name": "referral.to_name",
    "result": "attempt.result",
    "remark": "attempt.remark",
    "channel": "queue_item.channel",
    "due": "queue_item.due_at",
    "item_urgency": "queue_item.urgency",
    "sender": "incoming.sender",
    "reference": "incoming.reference",
    "dated": "incoming.dated",
    "body": "incoming.body",
    **{name: f"subject_request.{name}" for name in _REQUEST},
}
"""Form field → the field of a record it is written to; `child` and `caller` are the persons of that role."""

EXTRA: Final = "x_"
"""How the names of a region's own questions begin; each answer is a record `answer`."""

ASKED_BY: Final = "x_form"
"""Beside the answers: which questions, in which version, were asked (`an_giang.1`)."""

_WHOLE: Final = frozenset({"child_age", "child_birth_year", "received_at", "closed_at"})


@dataclass(slots=True)
class Parts:
    """A form's values by the record they belong to. `number` is a key of `domain.phones`, or None."""

    contact: dict[str, Any] = field(default_factory=dict)
    child: dict[str, Any] = field(default_factory=dict)
    caller: dict[str, Any] = field(default_factory=dict)
    case: dict[str, Any] = field(default_factory=dict)
    number: str | None = None
    relationship: str | None = None
    received_at: int | None = None
    outcome: str | None = None
    answers: dict[str, str | None] = field(default_factory=dict)
    asked_by: str | None = None


def clean(values: FormValues) -> dict[str, Any]:
    """NFC, outer space gone, blank text and empty lists as None, whole numbers as int."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, str):
            plain = "" if is_blank(value) else nfc(value).strip()
            found[name] = int(plain) if name in _WHOLE and plain.isascii() and plain.isdecimal() else plain or None
        elif isinstance(value, list | tuple | set | frozenset):
            found[name] = tuple(dict.fromkeys(str(one) for one in value if one))
        else:
            found[name] = value
    return found


def check_codes(values: Mapping[str, Any], reference: Reference) -> None:
    """Raises UnknownCode, naming the field, for the first code that this desk's lists do not hold."""
    for name, (listed, label) in LISTS.items():
        value = values.get(name)
        if value is None:
            continue
        for code in value if isinstance(value, tuple) else (value,):
            if code not in reference.catalogue[listed]:
                raise UnknownCode(name, label)
    for name, set_name, label in _PLACES:
        code, place_set = values.get(name), values.get(set_name)
        if code is None or place_set is None:
            continue
        known = reference.places.province if name == "province" else reference.places.commune
        if known(place_set, code) is None:
            raise UnknownCode(name, label)


def parts_of(values: FormValues, reference: Reference, day_ms: int) -> Parts:
    """A form's values sorted by record. A place without its set is read on the map of that day (UTC ms).

    Raises UnknownCode.
    """
    given = clean(values)
    here = set_of_day(vn_date(given.get("received_at") or day_ms))
    for name, set_name, _ in _PLACES:
        if given.get(name) is not None:
            given[set_name] = given.get(set_name) or here
        elif name in given:
            given[set_name] = None
    check_codes(given, reference)
    parts = Parts(
        contact={name: given[name] for name in given if name in _CONTACT},
        child={target: given[name] for name, target in _CHILD.items() if name in given},
        case={name: given[name] for name in given if name in _CASE},
        number=normalise(given.get("number") or "") or None,
        relationship=given.get("child_relationship"),
        received_at=given.get("received_at"),
        outcome=given.get("outcome"),
        asked_by=given.pop(ASKED_BY, None),
    )
    for name in given:
        if name.startswith(EXTRA):
            parts.answers[name] = None if given[name] is None else _answer_text(given[name])
    if "caller_name" in given:
        parts.caller["full_name"] = given["caller_name"]
    age = parts.child.get("age_years")
    if age is not None and parts.child.get("age_group") is None:
        group = age_group_of(age)
        if group is not None:
            parts.child["age_group"] = group
    return parts


def _answer_text(value: Any) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def present(values: Mapping[str, Any]) -> dict[str, Any]:
    """Only what says something."""
    return {name: value for name, value in values.items() if value not in (None, "", ())}


def ranks_of(kind: str, values: Mapping[str, Any]) -> dict[str, int]:
    """Caution ranks of the safety fields among these values (they travel in the operation, settled 5)."""
    fields = KINDS[kind].fields
    return {n: caution_rank(n, v) for n, v in values.items() if n in fields and fields[n].merge is Merge.SAFETY}
