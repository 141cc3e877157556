"""What a letter says of a file, in the order of its form; every word fit for paper, in Vietnamese whatever the desk
speaks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from desktop.reference import Reference
from desktop.store.reads import CaseView, ContactView
from desktop.store.reads_file import PersonRow
from domain.clock import vn_date, vn_datetime
from domain.codes.letters import Letterhead
from domain.phones import display
from domain.records.referral import Referral
from domain.rules.privacy import masks
from domain.text import for_paper

UNKNOWN: Final = "chưa rõ"
DRAFT: Final = "(Bản dự thảo, chưa vào sổ, chưa ký)"
WITHHELD: Final = "(giữ kín, người báo tin chưa đồng ý cung cấp; Tổng đài 111 đang lưu)"
TRANSFER: Final = "chuyen_tin"
_SHORT: Final = 300
"""Characters of an answer of one line."""
_LONG: Final = 12_000
"""Characters of an account: about four pages."""
_LINES: Final = 200
_SAFE: Final = {"no": "Không an toàn", "unknown": UNKNOWN, "yes": "An toàn"}


@dataclass(frozen=True, slots=True)
class Said:
    """One answer under its label. `is_long`: an account in somebody's own words, set apart from the letter's."""

    label: str
    words: str
    is_long: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """Answers under one heading."""

    heading: str
    lines: tuple[Said, ...]


class _Paper:
    """Makes answers fit for paper and remembers whether anything was left out."""

    def __init__(self) -> None:
        self.cut = False

    def short(self, label: str, words: str | None) -> Said:
        made = for_paper(words or "", _SHORT)
        self.cut |= made.endswith("…") and not (words or "").rstrip().endswith("…")
        return Said(label, made or UNKNOWN)

    def long(self, label: str, words: str | None) -> Said:
        made = for_paper(words or "", _LONG, lines=_LINES)
        self.cut |= made.endswith("…") and not (words or "").rstrip().endswith("…")
        return Said(label, made, is_long=True) if made else Said(label, UNKNOWN)


def sections_of(
    kind: str, view: CaseView | ContactView, reference: Reference, now_ms: int, *, whole: bool
) -> tuple[tuple[Section, ...], bool]:
    """The letter's sections, and whether anything was left out of them for its length. `whole`: names and numbers
    are not masked."""
    words = _Words(view, reference, now_ms, whole=whole)
    paper = words.paper
    source = (*words.received(), *words.codes())
    made = [
        Section("A. Thông tin chung", (*source, paper.short("Mức khẩn cấp", words.urgency()))),
        Section("B. Thông tin về trẻ em", words.child()),
        Section("C. Nội dung vụ việc", words.matter()),
        Section("D. Người cung cấp thông tin", words.reporter()),
    ]
    if kind == TRANSFER:
        made.append(Section("E. Việc đã làm", words.done()))
    return tuple(made), paper.cut


class _Words:
    def __init__(self, view: CaseView | ContactView, reference: Reference, now_ms: int, *, whole: bool) -> None:
        self.paper = _Paper()
        self._view, self._reference, self._now, self._whole = view, reference, now_ms, whole
        self._case = view.case if isinstance(view, CaseView) else None

    def _label(self, listed: str, code: str | None) -> str:
        found = self._reference.catalogue[listed].get(code)
        return found.label_vi if found is not None else code or ""

    def _labels(self, listed: str, codes: Iterable[str]) -> str:
        return ", ".join(self._label(listed, code) for code in codes)

    def _name(self, name: str | None) -> str:
        return (name or "") if self._whole else masks.name(name)

    def _who(self, role: str) -> list[PersonRow]:
        return [row for row in self._view.persons if role in row.roles]

    def urgency(self) -> str:
        code = self._case.urgency if self._case is not None else None
        return self._label("urgency", code or self._view.contact.urgency)

    def received(self) -> tuple[Said, ...]:
        contact, short = self._view.contact, self.paper.short
        at = contact.received_at
        when = vn_datetime(at).strftime("%H giờ %M, ngày %d/%m/%Y") if at is not None else ""
        return (
            short("Nguồn thông tin", self._label("contact_channel", contact.primary_channel)),
            short("Thời gian tiếp nhận", when),
        )

    def codes(self) -> tuple[Said, ...]:
        code = self._case.code if self._case is not None else None
        lines = [self.paper.short("Mã hồ sơ", self._view.contact.code)]
        return (*lines, *([self.paper.short("Mã ca", code)] if code else []))

    def child(self) -> tuple[Said, ...]:
        short, contact = self.paper.short, self._view.contact
        lines: list[Said] = []
        children = self._who("child")
        for row in children[:5]:
            one = row.person
            aliases = ", ".join(self._name(alias.name) for alias in row.aliases if alias.name)
            lines += [
                short("Họ và tên", self._name(one.full_name)),
                *([short("Tên gọi khác", aliases)] if aliases else []),
                short("Ngày sinh hoặc ước lượng tuổi", self._age(row)),
                short("Giới tính", self._label("gender", one.sex)),
                *([short("Dân tộc", self._label("ethnic_groups", one.ethnic_group))] if one.ethnic_group else []),
            ]
        if not children:
            lines = [short(label, "") for label in ("Họ và tên", "Ngày sinh hoặc ước lượng tuổi", "Giới tính")]
        if len(children) > 5:
            lines.append(short("Số trẻ khác trong hồ sơ", str(len(children) - 5)))
        carers = ", ".join(self._name(row.person.full_name) for row in self._who("caregiver") if row.person.full_name)
        return (
            *lines,
            short("Nơi ở", place(self._view, self._reference)),
            self.paper.long("Hiện trẻ đang ở đâu", contact.child_whereabouts),
            short("An toàn lúc tiếp nhận", _SAFE.get(contact.child_safe_now or "", contact.child_safe_now)),
            short("Cha, mẹ, người chăm sóc", carers),
        )

    def _age(self, row: PersonRow) -> str:
        one = row.person
        if one.birth_date and self._whole:
            try:
                return date.fromisoformat(one.birth_date).strftime("%d/%m/%Y")
            except ValueError:
                return one.birth_date
        if one.birth_year is not None:
            return f"sinh năm {one.birth_year}"
        if one.age_years is not None:
            return f"{'khoảng ' if one.age_estimated else ''}{one.age_years} tuổi"
        years = masks.age(one.birth_date, vn_date(self._now))
        return f"{years} tuổi" if years is not None else self._label("age_group", one.age_group)

    def matter(self) -> tuple[Said, ...]:
        contact, case, short, long = self._view.contact, self._case, self.paper.short, self.paper.long
        abuse = self._labels("abuse_type", case.abuse_types) if case is not None else ""
        told = [long("Nội dung tiếp nhận", contact.summary)]
        if case is not None and case.incident:
            told.append(long("Diễn biến vụ việc", case.incident))
        return (
            *([short("Hình thức xâm hại", abuse)] if case is not None else []),
            short("Chủ đề", self._labels("counselling_topic", contact.topics)),
            short("Thời gian xảy ra", contact.happened_when or (case.incident_when if case is not None else "")),
            *told,
        )

    def reporter(self) -> tuple[Said, ...]:
        contact, short = self._view.contact, self.paper.short
        kind = short("Người báo tin là", self._label("caller_kind", contact.caller_kind))
        if contact.confidential is not False:  # nobody said that it may be told: it is not (Mẫu 01, A3 "nếu đồng ý")
            return (kind, Said("Họ và tên, số máy", WITHHELD))
        caller = next(iter(self._who("caller")), None)
        number = caller.phones[0].number or "" if caller is not None and caller.phones else ""
        related = caller.relationship if caller is not None else None
        return (
            kind,
            short("Họ và tên", self._name(caller.person.full_name) if caller is not None else ""),
            short("Quan hệ với trẻ", self._label("relationship_to_child", related)),
            short("Số máy", (display(number) if self._whole else masks.phone(number)) if number else ""),
        )

    def done(self) -> tuple[Said, ...]:
        lines: list[Said] = []
        for one in _referrals(self._view)[:10]:
            where = one.to_name or self._label("referral_agency_kind", one.to_kind)
            when = vn_datetime(one.made_at).strftime("%H:%M %d/%m/%Y") if one.made_at is not None else ""
            lines.append(self.paper.short(f"Chuyển tin {when}".rstrip(), where))
        return tuple(lines) or (Said("Chuyển tin", "chưa chuyển nơi nào khác"),)


def _referrals(view: CaseView | ContactView) -> list[Referral]:
    """The newest first."""
    return [row.referral for row in reversed(view.referrals)] if isinstance(view, CaseView) else []


def recipient(view: CaseView | ContactView, reference: Reference) -> str:
    """To whom: whom the case was passed on to last, else the commune of the child (NĐ 56/2017 Đ.26.1)."""
    for one in _referrals(view):
        if one.status not in ("rejected", "revoked"):
            kind = reference.catalogue["referral_agency_kind"].get(one.to_kind)
            return one.to_name or (kind.label_vi if kind is not None else one.to_kind or "")
    contact = view.contact
    name = ""
    if contact.commune:
        day = vn_date(contact.received_at or 0)
        name = reference.places.commune_name(contact.commune_set or "", contact.commune, day) or ""
    return f"Ủy ban nhân dân {name}" if name else "Ủy ban nhân dân cấp xã nơi trẻ em đang ở"


def place(view: CaseView | ContactView, reference: Reference) -> str:
    """Commune and province, by their names on the day the file was received."""
    contact = view.contact
    day = vn_date(contact.received_at or 0)
    commune = province = ""
    if contact.commune:
        commune = reference.places.commune_name(contact.commune_set or "", contact.commune, day) or contact.commune
    if contact.province:
        found = reference.places.province_name(contact.province_set or "", contact.province, day)
        province = found or contact.province
    return masks.address(commune, province)


def number_line(symbol: str, head: Letterhead) -> str:
    """The register number is given by the centre only: until then its place is dotted."""
    return f"Số: ……/{symbol}-{head.symbol}"


def place_day(head: Letterhead, day: date) -> str:
    """"An Giang, ngày 05 tháng 02 năm 2026": days below ten and the months January and February with a nought (NĐ
    30/2020)."""
    month = f"{day.month:02d}" if day.month < 3 else str(day.month)
    return f"{head.place}, ngày {day.day:02d} tháng {month} năm {day.year}"
