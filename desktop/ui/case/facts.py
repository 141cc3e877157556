"""The facts of a dossier in words: labels of fields, labels of codes, clocks with the time that remains."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from desktop.store.reads import CaseView, ContactView
from desktop.ui.forms.definition import FieldDefinition
from desktop.ui.theme.tokens import Status
from desktop.ui.words import remaining_text, tr, when_text
from domain.clock import vn_date
from domain.codes.catalogue import Catalogue
from domain.codes.places import Places
from domain.phones import display, masked
from domain.records.call import UNCLASSIFIED
from domain.records.clock_record import ClockRecord
from domain.records.sealed import is_sealed
from domain.rules.privacy import masks

_LISTS = {
    "case.urgency": "urgency", "case.status": "case_status", "case.abuse_types": "abuse_type",
    "case.closure_reason": "closure_reason", "contact.urgency": "urgency", "contact.topics": "counselling_topic",
    "contact.caller_kind": "caller_kind", "contact.language": "languages",
    "contact.primary_channel": "contact_channel",
    "person.sex": "gender", "person.ethnic_group": "ethnic_groups", "person.age_group": "age_group",
    "party.relationship": "relationship_to_child", "party.role": "person_role",
    "referral.to_kind": "referral_agency_kind", "attempt.result": "attempt_result", "call.centre": "centres",
    "contact.centre": "centres", "case.centre": "centres", "subject_request.wish": "data_request",
}  # fmt: skip


_LEAST_TIME = 1_000_000_000_000
"""A number from here on is a time in UTC milliseconds (2001 or later): no other fact is so large."""


_UNBROKEN = "\u00a0"
"""Between the groups of a number, so that it never ends one line and begins the next."""


def urgency_status(code: str | None) -> Status:
    """Shape of an urgency: a triangle for what is owed at once, a diamond for what waits."""
    if code in ("emergency", "high"):
        return Status.URGENT
    return Status.WAITING if code == "medium" else Status.QUIET


class FactWords:
    """Turns fields and values into Vietnamese words; a code this desk does not know shows as itself."""

    def __init__(
        self, catalogue: Catalogue, places: Places, questions: Mapping[str, FieldDefinition] | None = None
    ) -> None:
        self._catalogue, self._places = catalogue, places
        self.questions = questions or {}

    def label(self, kind: str, field: str) -> str:
        """What a field is called on the screen."""
        names = {
            "case.urgency": tr("Mức khẩn cấp"),
            "case.status": tr("Bước xử lý"),
            "case.code": tr("Mã ca"),
            "case.assigned_to": tr("Người phụ trách"),
            "case.risk": tr("Nguy cơ"),
            "case.closure_reason": tr("Lý do kết thúc"),
            "case.closure_result": tr("Kết quả"),
            "case.incident": tr("Vụ việc"),
            "contact.summary": tr("Nội dung"),
            "contact.caller_kind": tr("Người báo là"),
            "contact.child_safe_now": tr("An toàn lúc này"),
            "contact.child_whereabouts": tr("Trẻ đang ở đâu"),
            "contact.happened_when": tr("Xảy ra khi nào"),
            "contact.language": tr("Ngôn ngữ"),
            "contact.needs_interpreter": tr("Cần phiên dịch"),
            "contact.province": tr("Tỉnh"),
            "contact.commune": tr("Xã"),
            "contact.urgency": tr("Mức khẩn cấp của hồ sơ"),
            "contact.in_depth": tr("Tư vấn chuyên sâu"),
            "contact.may_call_back": tr("Được gọi lại"),
            "contact.safe_time": tr("Gọi lại lúc nào thì an toàn"),
            "contact.centre": tr("Trung tâm phụ trách"),
            "case.centre": tr("Trung tâm phụ trách"),
            "contact.code": tr("Mã hồ sơ"),
            "person.full_name": tr("Tên"),
            "person.age_years": tr("Tuổi"),
            "person.age_group": tr("Nhóm tuổi"),
            "person.age_said_at": tr("Ngày ghi tuổi"),
            "person.sex": tr("Giới tính"),
            "person.ethnic_group": tr("Dân tộc"),
            "person.birth_year": tr("Năm sinh"),
            "party.relationship": tr("Quan hệ với trẻ"),
            "person.birth_date": tr("Ngày sinh"),
            "person.age_estimated": tr("Tuổi ước chừng"),
            "answer.value": tr("Câu trả lời riêng của vùng"),
            "clock.stopped_at": tr("Đồng hồ dừng lúc"),
            "clock.due_at": tr("Hạn"),
            "clock.rule": tr("Đồng hồ"),
            "clock.start_at": tr("Đồng hồ chạy từ"),
            "clock.warnings": tr("Các lần nhắc"),
            "clock.reason": tr("Lý do dừng đồng hồ"),
            "case.opened_at": tr("Mở ca lúc"),
            "case.opened_by": tr("Người mở ca"),
            "case.closed_at": tr("Kết thúc lúc"),
            "case.restricted": tr("Hạn chế người xem"),
            "contact.received_at": tr("Tiếp nhận lúc"),
            "contact.receiver": tr("Người tiếp nhận"),
            "contact.seat": tr("Ghế"),
            "contact.line": tr("Đường dây"),
            "contact.primary_channel": tr("Kênh"),
            "party.role": tr("Vai trò"),
            "phone.number": tr("Số máy"),
            "note.text": tr("Ghi chép"),
            "note.author": tr("Người ghi"),
            "note.written_at": tr("Ghi lúc"),
            "stay.place": tr("Nơi trẻ ở"),
            "stay.since": tr("Ở từ"),
            "referral.to_kind": tr("Chuyển đến"),
            "referral.to_name": tr("Tên nơi nhận"),
            "referral.method": tr("Chuyển bằng cách nào"),
            "referral.made_at": tr("Chuyển lúc"),
            "referral.made_by": tr("Người chuyển"),
            "referral.reply_due": tr("Hạn phản hồi"),
            "attempt.result": tr("Kết quả liên hệ"),
            "attempt.at": tr("Liên hệ lúc"),
            "attempt.by": tr("Người liên hệ"),
            "attempt.remark": tr("Ghi thêm"),
            "referral.status": tr("Tình trạng chuyển gửi"),
            "call.outcome": tr("Kết quả cuộc gọi"),
            "call.number": tr("Số máy"),
            "call.receiver": tr("Người nhận cuộc gọi"),
            "call.seat": tr("Ghế"),
            "call.centre": tr("Trung tâm phụ trách"),
            "call.ring_at": tr("Đổ chuông lúc"),
            "call.answer_at": tr("Nhấc máy lúc"),
            "call.end_at": tr("Gác máy lúc"),
            "subject_request.asker": tr("Người yêu cầu"),
            "subject_request.relation": tr("Yêu cầu cho ai"),
            "subject_request.reach": tr("Liên hệ lại"),
            "subject_request.code": tr("Mã hồ sơ được nhắc tới"),
            "subject_request.words": tr("Nội dung yêu cầu"),
            "subject_request.known_by": tr("Xác minh bằng cách nào"),
            "subject_request.answer": tr("Quyết định"),
            "subject_request.answer_words": tr("Lý do quyết định"),
            "subject_request.answered_how": tr("Trả lời bằng cách nào"),
        }
        return names.get(f"{kind}.{field}", tr("Thông tin khác"))

    def value(self, kind: str, field: str, value: Any, now_ms: int = 0) -> str:
        """A value in words."""
        if value is None or value == ():
            return tr("(để trống)")
        if is_sealed(value):
            return tr("(chưa mở được)")
        if isinstance(value, bool):
            return tr("có") if value else tr("không")
        if isinstance(value, int) and (field.endswith("_at") or value > _LEAST_TIME):
            return when_text(value, now_ms)
        if field == "rule":
            return clock_name(str(value))
        if field == "province":
            names = (self._places.province_name(map_, str(value), vn_date(now_ms)) for map_ in ("34", "63"))
            return next((name for name in names if name), str(value))
        spoken = self._spoken(kind, field, value)
        if spoken:
            return spoken
        listed = _LISTS.get(f"{kind}.{field}")
        if isinstance(value, (tuple, list)):
            return ", ".join(self.value(kind, field, one, now_ms) for one in value)
        if listed is not None:
            return self._catalogue[listed].label(str(value))
        return str(value)

    def _spoken(self, kind: str, field: str, value: Any) -> str:
        """Words of a value that stands in no one list; nothing of any other."""
        if field == "child_safe_now":
            return safe_word(str(value))
        if kind == "referral" and field == "status":
            return referral_state(str(value))[1]
        if kind == "referral" and field == "method":
            return {"phone": tr("Qua điện thoại")}.get(str(value), str(value))
        if kind == "call" and field == "outcome":
            known = self._catalogue["contact_outcome"]
            listed = known if value in known else self._catalogue["attempt_result"]
            return tr("Chưa phân loại") if value == UNCLASSIFIED else listed.label(str(value))
        return ""

    def code(self, list_name: str, code: str | None) -> str:
        """The label of a code, or nothing."""
        if list_name not in self._catalogue:
            return code or ""
        return self._catalogue[list_name].label(code)

    def desk(self, place: str) -> str:
        """Where somebody wrote: a seat as it is called, a centre by the place it lies in; nothing where that is not
        known."""
        centre = self._catalogue["centres"].get(place)
        return centre.extra["name_vi"] if centre is not None else place

    def answer(self, question: str, value: str) -> str:
        """An answer to a region's own question in words; one that this desk does not know shows as it stands."""
        field = self.questions.get(question)
        if field is None:
            return value
        if field.kind == "tick":
            return tr("có") if value == "yes" else tr("không")
        listed = self.code(field.list_name, value) if field.list_name else value
        return dict(field.options).get(value, listed)

    def place(self, view: CaseView | ContactView) -> str:
        """Commune and province of the contact, by their names on the day it was received."""
        contact = view.contact
        day = vn_date(contact.received_at or 0)
        parts = []
        if contact.commune:
            parts.append(
                self._places.commune_name(contact.commune_set or "", contact.commune, day) or contact.commune
            )
        if contact.province:
            name = self._places.province_name(contact.province_set or "", contact.province, day)
            parts.append(name or contact.province)
        return ", ".join(parts)

    def facts(self, view: CaseView | ContactView, now_ms: int) -> list[tuple[str, str]]:
        """Label and words of everything known, in the order a counsellor asks for it; nothing empty."""
        contact = view.contact
        child = next((row for row in view.persons if "child" in row.roles), None)
        caller = next((row for row in view.persons if "caller" in row.roles), None)
        found: list[tuple[str, str]] = []
        if child is not None:
            person = child.person
            age = tr("{age} tuổi").format(age=person.age_years) if person.age_years is not None else ""
            sex = self.code("gender", person.sex) if person.sex else ""
            folk = self.code("ethnic_groups", person.ethnic_group) if person.ethnic_group else ""
            name = (person.full_name or "") if view.shown else masks.name(person.full_name)
            about = ", ".join(part for part in (name, age, sex, folk) if part)
            found.append((tr("Trẻ"), about or tr("chưa rõ")))
        found.append((tr("Nơi ở"), self.place(view)))
        found.append((tr("Đang ở đâu"), contact.child_whereabouts or ""))
        if contact.child_safe_now:
            found.append((tr("An toàn lúc này"), safe_word(contact.child_safe_now)))
        if isinstance(view, CaseView):
            found.append((tr("Xâm hại"), ", ".join(self.code("abuse_type", one) for one in view.case.abuse_types)))
        found.append((tr("Chủ đề"), ", ".join(self.code("counselling_topic", one) for one in contact.topics)))
        found.append((tr("Xảy ra"), contact.happened_when or ""))
        kind = self.code("caller_kind", contact.caller_kind) if contact.caller_kind else ""
        name = caller.person.full_name if caller is not None and caller.person.full_name else ""
        number = caller.phones[0].number or "" if caller is not None and caller.phones else ""
        phone = (display(number) if view.shown else masked(number)).replace(" ", _UNBROKEN) if number else ""
        name = name if view.shown else masks.name(name)
        found.append((tr("Người báo"), ", ".join(part for part in (kind, name, phone) if part)))
        language = self.code("languages", contact.language) if contact.language else ""
        if contact.needs_interpreter:
            language = tr("{language} · cần phiên dịch").format(language=language or tr("Ngôn ngữ khác"))
        found.append((tr("Ngôn ngữ"), language))
        found.append((tr("Gọi lại lúc nào thì an toàn"), contact.safe_time or ""))
        found += [
            (field.label, self.answer(name, str(view.form[name])))
            for name, field in self.questions.items()
            if name in view.form
        ]
        found.append((tr("Tiếp nhận"), when_text(contact.received_at, now_ms) if contact.received_at else ""))
        found.append((tr("Mã hồ sơ"), contact.code or ""))
        found.append((tr("Mã thứ hai"), contact.second_code or ""))
        return [(label, words) for label, words in found if words]


def safe_word(code: str) -> str:
    """Words of the answer to "safe now?"."""
    words = {"no": tr("Không an toàn"), "unknown": tr("Chưa rõ"), "yes": tr("An toàn")}
    return words.get(code, code)


def clock_name(rule: str) -> str:
    """What a clock is called; one that this desk does not know shows its rule."""
    names = {
        "forward_to_commune": tr("Chuyển tin đến xã"),
        "emergency_measures": tr("Biện pháp khẩn cấp (12 giờ)"),
        "plan_draft": tr("Kế hoạch hỗ trợ"),
        "plan_approval": tr("Duyệt kế hoạch"),
        "referral_reply": tr("Chờ phản hồi chuyển gửi"),
        "referral_chase": tr("Nhắc phản hồi"),
        "data_subject_request": tr("Yêu cầu về dữ liệu"),
    }
    return names.get(rule, rule)


def clock_words(clock: ClockRecord, now_ms: int) -> tuple[Status, str, str]:
    """Shape, name and remaining time of a clock."""
    name = clock_name(clock.rule or "")
    if clock.stopped_at is not None:
        return Status.GOOD, name, tr("đã xong {when}").format(when=when_text(clock.stopped_at, now_ms))
    if clock.due_at is None:
        return Status.QUIET, name, ""
    words = remaining_text(clock.due_at, now_ms)
    if clock.due_at < now_ms:
        return Status.URGENT, name, words
    warned = any(at <= now_ms for at in clock.warnings)
    return Status.WAITING if warned else Status.MOVING, name, words


def referral_state(code: str | None) -> tuple[Status, str]:
    """Shape and words of where a referral stands; nothing said yet is a draft."""
    states = {
        "draft": (Status.WAITING, tr("Chưa liên hệ được")),
        "sent": (Status.MOVING, tr("Đã gửi, chờ nhận")),
        "received": (Status.GOOD, tr("Nơi nhận đã nhận tin")),
        "accepted": (Status.GOOD, tr("Nơi nhận đã tiếp nhận")),
        "rejected": (Status.URGENT, tr("Nơi nhận từ chối")),
        "done": (Status.GOOD, tr("Đã xong")),
        "revoked": (Status.QUIET, tr("Đã rút lại")),
    }
    return states.get(code or "draft", (Status.QUIET, code or ""))
