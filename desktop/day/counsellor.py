"""Makes the entries of a day in a desk's real window, and waits each time until it is shown as saved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QScrollArea

from desktop.app import Desk
from desktop.background.change_bus import ChangeBus
from desktop.day.hands import CannotEnterError, button_of, fill, press, push, type_words
from desktop.day.waiting import until
from desktop.operations.calls import HOTLINE_PBX, LINE, PbxCallEvent
from desktop.store.reads import CaseView
from desktop.ui import shots
from desktop.ui.intake.sheet import Sheet, advice_of
from desktop.ui.main_window import MainWindow
from domain.clock import SECOND
from domain.ids import call_id as id_of_call
from domain.rules.outcomes import Leaves, leaves

_CASE_KEYS: Final = {"urgency": "urgency", "child_age": "child_age", "summary": "summary", "status": "status"}
"""What the form "Sửa thông tin ca" changes."""


class Asked(QObject):
    """One read on the reader lane, waited for on the GUI thread by its signal."""

    came = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[Any] = []
        self.fault: Exception | None = None

    def done(self, answer: Any) -> None:
        """The reader's answer."""
        self.answers.append(answer)
        self.came.emit()

    def failed(self, fault: Exception) -> None:
        """The reader could not."""
        self.fault = fault
        self.came.emit()


class Counsellor(QObject):
    """One pair of hands at one window. `clock_to` sets the desk's clock (UTC ms)."""

    trouble = Signal()

    def __init__(
        self, desk: Desk, window: MainWindow, clock_to: Callable[[int], None], shots_to: Path | None
    ) -> None:
        super().__init__()
        self._desk, self._window, self._clock_to, self._shots = desk, window, clock_to, shots_to
        self._keys = {a.outcome: a.key for a in window.registry if a.outcome}
        self._labelled: set[str] = set()
        self._faults: list[object] = []
        self._now = 0
        self._pictured: set[str] = set()
        self.before_press: Callable[[], None] | None = None
        self._opened = self._notes = self._steps = self._edits = self._finds = 0
        window.calls.labelled.connect(self._was_labelled)
        model = window.case_model
        model.opened.connect(self._was_opened)
        window.search_model.found.connect(self._found)
        model.note_saved.connect(self._note_saved)
        model.step_saved.connect(self._step_saved)
        model.edit_saved.connect(self._edit_saved)
        bus: ChangeBus = desk.bus
        for told in (window.calls.trouble, model.trouble, window.file_page.trouble, bus.failed):
            told.connect(self._met)

    # ---------------------------------------------------------------- what the window says

    @Slot(object)
    def _was_labelled(self, offer: Any) -> None:
        self._labelled.add(offer.labelled.call_id)

    @Slot()
    def _was_opened(self) -> None:
        self._opened += 1

    @Slot()
    def _found(self) -> None:
        self._finds += 1

    @Slot()
    def _note_saved(self) -> None:
        self._notes += 1

    @Slot()
    def _step_saved(self) -> None:
        self._steps += 1

    @Slot()
    def _edit_saved(self) -> None:
        self._edits += 1

    @Slot(object)
    def _met(self, fault: object) -> None:
        self._faults.append(fault)
        self.trouble.emit()

    def _until(self, what: str, fact: Callable[[], bool], *signals: Any) -> None:
        """Wait for a fact; a trouble that the window shows ends the wait with its own sentence."""
        self._faults.clear()
        until(what, partial(self._either, fact), self.trouble, *signals)
        if not fact():
            raise CannotEnterError(advice_of(self._faults[0]))

    def _either(self, fact: Callable[[], bool]) -> bool:
        return bool(self._faults) or fact()

    def _read(self, read: Callable[[Any], Any]) -> Any:
        asked = Asked()
        self._desk.lane.query(read, asked.done, asked.failed)
        until("đọc kho", partial(_answered, asked), asked.came)
        if asked.fault is not None:
            raise asked.fault
        return asked.answers[0]

    # ---------------------------------------------------------------- entries

    def make(self, entry: Mapping[str, Any]) -> list[str]:
        """Make one entry; answers sentences about what of it could not be made. Raises StuckError."""
        self._at(int(entry["at"]))
        self._desk.lane.sit_at(str(entry["seat"]))
        wrong: list[str] = []
        try:
            match entry["kind"]:
                case "call":
                    self._call(entry, wrong)
                case "contact":
                    press(self._window, "F8")
                    self._form(None, dict(entry["data"]["contact"]), {}, in_depth=False, wrong=wrong)
                case "edit":
                    self._edit(entry, wrong)
                case "note":
                    self._open_case(entry)
                    self._note(str(entry["data"]["text"]))
        except CannotEnterError as fault:
            wrong.append(str(fault))
        return [f"việc ở dòng {entry['line']}: {words}" for words in wrong]

    def _at(self, now: int) -> None:
        self._now = now
        self._clock_to(now)

    def _later(self) -> None:
        """Each further step of one entry takes a second, so that what was written first stands first."""
        self._at(self._now + SECOND)

    def answer(self, entry: Mapping[str, Any]) -> str:
        """The exchange hands the call to this desk: its row is saved before any key; answers its id."""
        calls = self._window.calls
        calls.answered(
            PbxCallEvent(
                HOTLINE_PBX, str(entry["uniqueid"]), str(entry["number"]), LINE,
                int(entry["ring_at"]), int(entry["answer_at"]),
            )
        )  # fmt: skip
        call_id = id_of_call(HOTLINE_PBX, str(entry["uniqueid"]))
        self._until("dòng cuộc gọi được lưu", partial(_row_is_saved, calls, call_id), calls.current_changed)
        return call_id

    def _call(self, entry: Mapping[str, Any], wrong: list[str]) -> None:
        call_id = self.answer(entry)
        outcome, file = str(entry["data"]["outcome"]), entry["data"].get("contact")
        known = outcome in self._desk.catalogue["contact_outcome"]
        if not known:
            wrong.append(f"kết quả «{outcome}» không có trong danh mục, hãy sửa mã rồi ghi lại kết quả cuộc gọi")
        if file is None:
            if outcome in self._keys:
                self._outcome(call_id, outcome)
            elif known:
                wrong.append(f"kết quả «{outcome}» chưa có phím hoặc cần hồ sơ mà dòng này không có")
            return
        case = entry["data"].get("case") or {}
        report = bool(case) or leaves(outcome) is Leaves.REPORT
        press(self._window, "F9" if report else "F8")
        self._form(call_id, dict(file), dict(case), in_depth=outcome == "in_depth_counselling", wrong=wrong)
        if outcome in self._keys:
            press(self._window, "Ctrl+1")
            self._window.calls.select(call_id)
            self._outcome(call_id, outcome)

    def _outcome(self, call_id: str, outcome: str) -> None:
        self._labelled.discard(call_id)
        if self.before_press is not None:
            self.before_press()
        press(self._window, self._keys[outcome])
        self._until("kết quả được lưu", partial(self._labelled.__contains__, call_id), self._window.calls.labelled)

    def _form(
        self, call_id: str | None, file: dict[str, Any], case: dict[str, Any], *, in_depth: bool, wrong: list[str]
    ) -> None:
        page = self._window.file_page
        sheet: Sheet | None = page.current
        if sheet is None or sheet.model.call_id != call_id or self._window.page_name != "file":
            raise CannotEnterError("biểu mẫu không mở ra")
        values = {**file, "topics": [file["topic"]] if file.get("topic") else []}
        values.pop("topic", None)
        if case:
            values |= {"urgency": case.get("urgency"), "abuse_types": [case["type"]] if case.get("type") else []}
        if in_depth:
            values["in_depth"] = True
        wrong += fill(sheet.form, values)
        self._picture("report" if sheet.model.form == "report" else "file")
        press(self._window, "Ctrl+Return")
        self._until("hồ sơ được lưu", partial(_is_gone, sheet), sheet.model.saved, page.saved)
        if case:
            self._until("ca mở ra", self._shows_case_of(sheet.model.contact_id or ""), self._window.case_model.opened)
            self._steps_of(case, wrong)

    # ---------------------------------------------------------------- cases

    def _shows_case_of(self, contact_id: str) -> Callable[[], bool]:
        return partial(_shows_case, self._window, contact_id)

    def _steps_of(self, case: dict[str, Any], wrong: list[str]) -> None:
        for text in case.get("notes", []):
            self._later()
            self._note(str(text))
        referral = case.get("referral")
        if not referral:
            return
        card, model = self._window.case_page.referrals, self._window.case_model
        self._later()
        push(button_of(card, "add_referral"))
        wrong += fill(card.referral.form, {"to_kind": referral["to"]})
        self._saved_step("chuyển gửi được lưu")
        for place, result in enumerate(referral.get("attempts", [])):
            self._until("chuyển gửi hiện ra", partial(_attempts_shown, self._window, place), model.view_changed)
            self._later()
            push(button_of(card, "log_attempt"))
            wrong += fill(card.attempt.form, {"result": result})
            self._saved_step("lần liên hệ được lưu")

    def _saved_step(self, what: str) -> None:
        before = self._steps
        press(self._window, "Ctrl+Return")
        self._until(what, partial(self._more, "_steps", before), self._window.case_model.step_saved)

    def _more(self, name: str, before: int) -> bool:
        return int(getattr(self, name)) > before

    def _note(self, text: str) -> None:
        before = self._notes
        type_words(self._window.case_page.timeline.note, text)
        press(self._window, "Ctrl+Return")
        self._until("ghi chép được lưu", partial(self._more, "_notes", before), self._window.case_model.note_saved)

    def _open_case(self, entry: Mapping[str, Any]) -> None:
        """Open the dossier of a call as a counsellor does: in the list of open cases, else by its code."""
        found = self._read(partial(_dossier_of, call_id=id_of_call(HOTLINE_PBX, str(entry["uniqueid"]))))
        if found is None:
            raise CannotEnterError("bàn này không giữ hồ sơ của cuộc gọi đó")
        contact_id, code, case_id = found
        window, before = self._window, self._opened
        rows = [row.id for row in window.case_page.rows.rows]
        if case_id in rows:
            press(window, "Ctrl+3")
            table = window.case_page.list
            table.setFocus()
            table.setCurrentIndex(window.case_page.rows.index(rows.index(case_id), 0))
            press(window, "Return")
        else:
            self.search(code)
            press(window, "Return")
        self._until("hồ sơ mở ra", partial(self._more, "_opened", before), window.case_model.opened)
        view = window.case_model.view
        if view is None or view.contact.id != contact_id:
            raise CannotEnterError("hồ sơ mở ra không phải hồ sơ cần sửa")

    def _edit(self, entry: Mapping[str, Any], wrong: list[str]) -> None:
        self._open_case(entry)
        page, changes = self._window.case_page, dict(entry["data"]["set"])
        values = {_CASE_KEYS[name]: value for name, value in changes.items() if name in _CASE_KEYS}
        wrong += [f"ô «{name}» không sửa được ở trang ca" for name in changes if name not in _CASE_KEYS]
        if not values:
            return
        push(button_of(page, "edit_case"))
        wrong += fill(page.form, values)
        before = self._edits
        press(self._window, "Ctrl+Return")
        self._until("phần sửa được lưu", partial(self._more, "_edits", before), self._window.case_model.edit_saved)

    def show_a_case(self) -> None:
        """Open the first case in the list that waits for a decision, else the first one."""
        press(self._window, "Ctrl+3")
        page, before = self._window.case_page, self._opened
        rows = page.rows.rows
        if not rows:
            return
        place = next((i for i, row in enumerate(rows) if row.siblings), 0)
        page.list.setFocus()
        page.list.setCurrentIndex(page.rows.index(place, 0))
        press(self._window, "Return")
        self._until("ca mở ra", partial(self._more, "_opened", before), self._window.case_model.opened)
        for area in page.findChildren(QScrollArea):
            area.verticalScrollBar().setValue(0)

    def search(self, words: str) -> None:
        """Type into the search box and wait for the answer."""
        press(self._window, "Ctrl+F")
        before = self._finds
        type_words(self._window.search_page.box, words)
        self._until("kết quả tìm", partial(self._more, "_finds", before), self._window.search_model.found)

    # ---------------------------------------------------------------- pictures

    def _picture(self, page: str) -> None:
        if self._shots is not None and page not in self._pictured:
            self._pictured.add(page)
            self.picture(self._shots / f"{page}-{self._desk.seat.seat_code}.png")

    def picture(self, path: Path) -> None:
        """Save what the window shows now."""
        path.parent.mkdir(parents=True, exist_ok=True)
        shots.picture(self._window, path)


def _answered(asked: Asked) -> bool:
    return bool(asked.answers) or asked.fault is not None


def _row_is_saved(calls: Any, call_id: str) -> bool:
    return calls.current is not None and calls.current.id == call_id and calls.current.saved


def _is_gone(sheet: Sheet) -> bool:
    return sheet.model.gone


def _shows_case(window: MainWindow, contact_id: str) -> bool:
    view = window.case_model.view
    return isinstance(view, CaseView) and view.contact.id == contact_id and window.page_name == "case"


def _attempts_shown(window: MainWindow, count: int) -> bool:
    view = window.case_model.view
    return isinstance(view, CaseView) and bool(view.referrals) and len(view.referrals[-1].attempts) == count


def _dossier_of(connection: Any, call_id: str) -> tuple[str, str, str | None] | None:
    """Contact, contact code and case of a call's file, as this desk holds them."""
    row = connection.exec_driver_sql(
        "SELECT c.id, c.code, k.id FROM r_contact c LEFT JOIN r_case k ON k.contact_id = c.id WHERE c.call_id = ?",
        (call_id,),
    ).first()
    return None if row is None else (str(row[0]), str(row[1]), row[2])


