"""What an intake form points at before saving: findings that warn and never block.

F8 (consulted file) asks six values: topic, caller kind, age group, sex, province, one line. F9 (Mẫu 01 of NĐ
56/2017) has nothing mandatory: name, birth date, sex and parents are "nếu biết". Saving is always possible
(hotline.md §2).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from domain.codes.catalogue import Catalogue
from domain.text import is_blank, oddities

MAX_TOPICS: Final = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing worth a look: the field's name and the Vietnamese sentence to show beside it."""

    field: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found in a draft. `missing` are F8's six values not given yet; `warnings` are everything
    else.
    """

    missing: tuple[Finding, ...]
    warnings: tuple[Finding, ...]

    @property
    def complete(self) -> bool:
        """Whether all values the form asks for are there. Saving does not depend on it."""
        return not self.missing


@dataclass(frozen=True, slots=True)
class Draft:
    """The values of an open intake form, as typed; every one may be absent.

    `age_group`, `sex` speak of the child (of the caller, when the caller is the child). `child_age` in whole
    years.
    """

    topics: tuple[str, ...] = ()
    caller_kind: str | None = None
    age_group: str | None = None
    sex: str | None = None
    province: tuple[str, str] | None = None
    summary: str | None = None
    child_name: str | None = None
    child_age: int | None = None
    birth_date: date | None = None
    urgency: str | None = None
    child_whereabouts: str | None = None
    child_safe_now: str | None = None
    commune: tuple[str, str] | None = None
    language: str | None = None
    needs_interpreter: bool | None = None
    abuse_types: tuple[str, ...] = ()


F8_VALUES: Final[Mapping[str, str]] = {
    "topics": "Chưa chọn chủ đề tư vấn.",
    "caller_kind": "Chưa chọn người gọi là ai.",
    "age_group": "Chưa chọn nhóm tuổi.",
    "sex": "Chưa chọn giới tính.",
    "province": "Chưa chọn tỉnh, thành phố.",
    "summary": "Chưa ghi một dòng nội dung.",
}
"""The six values of a consulted file, in the order they are asked, with the sentence shown while one is
missing.
"""

_AGE_GROUPS: Final = (
    ("age_0_10", 0, 10),
    ("age_11_14", 11, 14),
    ("age_15_18", 15, 18),
    ("age_19_25", 19, 25),
    ("age_26_40", 26, 40),
    ("age_41_plus", 41, 130),
)
_CODED: Final = (
    ("caller_kind", "caller_kind"),
    ("age_group", "age_group"),
    ("sex", "gender"),
    ("urgency", "urgency"),
    ("language", "languages"),
)


def _not_in_list(field: str, code: str) -> Finding:
    return Finding(field, f"Mã {code} không có trong danh mục của máy này: hãy chọn lại từ danh sách.")


def age_group_of(age: int) -> str | None:
    """The code of list `age_group` for an age in whole years, or None outside 0-130."""
    return next((code for code, low, high in _AGE_GROUPS if low <= age <= high), None)


def age_on(birth: date, day: date) -> int:
    """Whole years on that day; someone born on 29 February turns a year older on 1 March of a common year."""
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def check_file(draft: Draft, catalogue: Catalogue, today: date) -> Findings:
    """Findings of a consulted file (F8)."""
    missing = tuple(
        Finding(field, sentence) for field, sentence in F8_VALUES.items() if _empty(getattr(draft, field))
    )
    return Findings(missing, _warnings(draft, catalogue, today))


def check_report(draft: Draft, catalogue: Catalogue, today: date) -> Findings:
    """Findings of a report (F9, Mẫu 01): nothing is missing by rule; the child's place and safety are urged."""
    found: list[Finding] = []

    def point(field: str, sentence: str) -> None:
        found.append(Finding(field, sentence))

    if _empty(draft.child_whereabouts) and draft.commune is None and draft.province is None:
        point("child_whereabouts", "Chưa rõ trẻ đang ở đâu: hãy hỏi nơi ở trước, phòng khi cuộc gọi bị ngắt.")
    if _empty(draft.child_safe_now):
        point("child_safe_now", "Chưa rõ trẻ có an toàn lúc này không.")
    elif draft.child_safe_now == "no" and draft.urgency not in (None, "", "emergency"):
        point("urgency", "Trẻ chưa an toàn nhưng mức đã chọn không phải Khẩn cấp: hãy xem lại.")
    if _empty(draft.urgency):
        point("urgency", "Chưa chọn mức khẩn cấp: đồng hồ chuyển tin tạm tính theo mức Khẩn cấp.")
    if draft.province is not None and draft.commune is None:
        point("commune", "Chưa chọn xã, phường: tin báo phải chuyển đến Ủy ban nhân dân cấp xã.")
    if not draft.abuse_types:
        point("abuse_types", "Chưa chọn hình thức xâm hại; có thể bổ sung sau.")
    return Findings((), tuple(found) + _warnings(draft, catalogue, today))


def _empty(value: object) -> bool:
    if isinstance(value, str):
        return is_blank(value)
    return value is None or value == ()


def _warnings(draft: Draft, catalogue: Catalogue, today: date) -> tuple[Finding, ...]:
    found: list[Finding] = []
    for field, list_name in _CODED:
        value = getattr(draft, field)
        if value and value not in catalogue[list_name]:
            found.append(_not_in_list(field, value))
    topics, abuse = catalogue["counselling_topic"], catalogue["abuse_type"]
    found += [_not_in_list("topics", one) for one in draft.topics if one not in topics]
    found += [_not_in_list("abuse_types", one) for one in draft.abuse_types if one not in abuse]
    if len(draft.topics) > MAX_TOPICS:
        found.append(Finding("topics", f"Đã chọn quá {MAX_TOPICS} chủ đề: hãy giữ những chủ đề chính."))
    found += _age_warnings(draft, today)
    if draft.language not in (None, "", "vietnamese") and draft.needs_interpreter is None:
        sentence = "Người gọi dùng ngôn ngữ khác: có cần phiên dịch (F11) không?"
        found.append(Finding("needs_interpreter", sentence))
    if draft.child_name and oddities(draft.child_name):
        sentence = "Tên có ký tự lạ trông giống chữ Việt: hãy gõ lại để sau này dễ tìm."
        found.append(Finding("child_name", sentence))
    return tuple(found)


def _age_warnings(draft: Draft, today: date) -> list[Finding]:
    age = draft.child_age
    found: list[Finding] = []
    if draft.birth_date is not None:
        if draft.birth_date > today:
            return [Finding("birth_date", "Ngày sinh ở tương lai: hãy kiểm tra lại năm.")]
        by_birth = age_on(draft.birth_date, today)
        if age is not None and abs(age - by_birth) > 1:
            found.append(Finding("child_age", f"Tuổi không khớp với ngày sinh (tính ra {by_birth} tuổi)."))
        age = by_birth if age is None else age
    if age is None:
        return found
    group = age_group_of(age)
    if group is None:
        found.append(Finding("child_age", "Tuổi phải từ 0 đến 130: hãy kiểm tra lại."))
    elif draft.caller_kind == "child" and age > 18:
        found.append(Finding("caller_kind", "Người gọi là trẻ em nhưng tuổi trên 18: hãy xem lại."))
    elif draft.age_group not in (None, "", "unknown", group):
        found.append(Finding("age_group", "Nhóm tuổi không khớp với tuổi đã ghi."))
    return found
