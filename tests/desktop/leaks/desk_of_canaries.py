"""A real desk process for the canary sweep: canaries go in by every input; a leaky one leaks at every place."""

from __future__ import annotations

import base64
import faulthandler
import json
import logging
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Thread
from typing import Any, Final

import requests
from PySide6.QtCore import QEventLoop, QObject, QSettings, QTimer, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QLabel, QSystemTrayIcon, QWidget

from desktop import app, running
from desktop.operations.calls import LINE, PbxCallEvent
from desktop.operations.intake import FORM_FILE, FORM_REPORT
from desktop.store.copies import make_copy
from desktop.store.keys import Cost
from desktop.store.reads import CaseView
from desktop.ui.forms.form import FormView
from desktop.ui.main_window import MainWindow
from tests.desktop.leaks.by_gallery import Walker
from tests.desktop.leaks.scanner import Canaries

FILES: Final = 14
REPORTS: Final = 9
DRAFTS: Final = 6
PATIENCE_S: Final = 60.0
HUNG_S: Final = 200.0
ELSEWHERE: Final = "nơi khác"
"""What another desk's canaries say."""
TEXTS: Final = {
    FORM_FILE: ("caller_name", "summary", "child_name"),
    FORM_REPORT: ("child_whereabouts", "child_name", "caller_name", "summary", "happened_when"),
}


def say(**told: Any) -> None:
    """One line to whoever scans."""
    print(json.dumps(told), flush=True)


class Ended(Exception):
    """What was waited for did not come."""


def until(fact: Callable[[], bool]) -> None:
    """Let the window live until this is so."""
    ends = time.monotonic() + PATIENCE_S
    while not fact():
        if time.monotonic() > ends:
            raise Ended
        loop = QEventLoop()
        QTimer.singleShot(5, loop.quit)
        loop.exec()


class Titles(QObject):
    """Every title that any window ever had, and every notification."""

    def __init__(self) -> None:
        super().__init__()
        self.titles: set[str] = set()
        self.notes: list[str] = []
        QSystemTrayIcon.showMessage = self.told  # type: ignore[method-assign,assignment]  # heard, and not shown

    def told(self, *said: Any) -> None:
        """A notification."""
        self.notes += [str(one) for one in said]

    @Slot(str)
    def titled(self, title: str) -> None:
        """The window is called so from now on."""
        self.titles.add(title)

    def look(self) -> None:
        """Titles of all windows there are now, dialogs included."""
        self.titles |= {window.windowTitle() for window in QApplication.topLevelWidgets()}


class Heard(QObject):
    """Keeps that a signal came."""

    def __init__(self, owner: QObject, heard: list[None]) -> None:
        super().__init__(owner)
        self._heard = heard

    @Slot()
    def told(self) -> None:
        """It came."""
        self._heard.append(None)


class Desk(running.Session):
    """A desk whose person types canaries only."""

    told = Signal(str)

    def ask(self) -> None:
        """Come in and write, with the diary at its most talkative."""
        logging.getLogger().setLevel(logging.DEBUG)
        self.heard = Titles()
        self.missed: list[str] = []
        self.stood: set[str] = set()
        given = json.loads(sys.stdin.readline())
        self.canaries = Canaries(given["mark"])
        self.screens = frozenset(given["screens"])
        self.exports, self.leaky = Path(given["exports"]), bool(given["leaky"])
        self._unlocked(app.unlock(self._home, given["staff"], given["passphrase"], key_cost=Cost(64, 1, 1)))
        self.told.connect(self._told)
        self.shown.windowTitleChanged.connect(self.heard.titled)
        QTimer.singleShot(0, self._write)

    @property
    def shown(self) -> MainWindow:
        """The window."""
        assert self.window is not None
        return self.window

    @Slot()
    def _write(self) -> None:
        Thread(target=self._listen, daemon=True).start()
        if self.leaky:
            self._do(self._drafts, self._copy, self._leak)
        else:
            self._do(
                self._files, self._cases, self._attachments, self._drafts, self._looking, self._faults, self._copy
            )

    def _do(self, *steps: Callable[[], None]) -> None:
        """Do it and say so, or say where it failed."""
        try:
            for step in steps:
                step()
        except Exception as fault:  # noqa: BLE001  # whoever scans is told where, at once
            say(failed=logging.Formatter().formatException((type(fault), fault, fault.__traceback__)))
        else:
            self.heard.look()
            said = {"titles": sorted(self.heard.titles), "notes": self.heard.notes, "missed": self.missed}
            said |= {"stood": sorted(self.stood)}
            say(made=self.canaries.made, **said)

    def _listen(self) -> None:
        for line in sys.stdin:
            self.told.emit(line.strip())

    @Slot(str)
    def _told(self, word: str) -> None:
        deeds = {
            "gallery": (self._gallery, self._drafts, self._copy), "edit": (self._edit_last,),
            "conflict": (self._conflict,), "abort": (os.abort,),
        }  # fmt: skip
        self._do(*deeds[word])

    def _leak(self) -> None:
        leak(self)

    def _conflict(self) -> None:
        """What another desk wrote at the same time stands on the page of the open case."""
        self.shown.go("case")
        until(lambda: bool(self.shown.case_model.disputes()) and self._says(ELSEWHERE))

    def _says(self, words: str) -> bool:
        """Whether a canary with these words is in sight."""
        labels = (one for one in self.shown.findChildren(QLabel) if one.isVisible())
        return any(self.canaries.mark in one.text() and words in one.text() for one in labels)

    # Every input -------------------------------------------------------------------------------------------------

    def _fill(self, form: str) -> Any:
        window = self.shown
        now = window.desk.lane.clock.now_ms()
        number = self.canaries.number()
        window.calls.answered(PbxCallEvent("111", f"can.{self.canaries.made}", number, LINE, now, now))
        current = window.calls.current
        assert current is not None
        sheet = window.file_page.open(form, current.id)
        for name in TEXTS[form]:
            sheet.form.set_value(name, self.canaries.word(name))
        sheet.form.set_value("number", self.canaries.number())
        return sheet

    def _files(self) -> None:
        window = self.shown
        until(lambda: window.places_warm)
        for form, count in ((FORM_FILE, FILES), (FORM_REPORT, REPORTS)):
            for _ in range(count):
                sheet = self._fill(form)
                window.go("file")
                sheet.save_now()
                until(lambda sheet=sheet: sheet.model.gone and sheet not in window.file_page.sheets)  # type: ignore[misc]  # binds the loop's value

    def _cases(self) -> None:
        window = self.shown
        model, page = window.case_model, window.case_page
        model.refresh_list()
        until(lambda: len(model.cases) == REPORTS)
        window.go("case")
        for case in list(model.cases):
            model.open_case(case.id)
            until(lambda case=case: _open(model.view) == case.id)  # type: ignore[misc]  # binds the loop's value
            page.timeline.note.replace(self.canaries.word("ghi chép"))
            page.timeline.save_now()
            until(lambda: not page.timeline.note.whole_text())
            page.referrals.referral.form.set_value("to_kind", _first(self, "referral_agency_kind"))
            page.referrals.referral.form.set_value("to_name", self.canaries.word("nơi nhận"))
            page.referrals._refer()
            page.referrals.referral.save_now()
            until(lambda: bool(_referrals(model.view)))
            page.referrals.start_try(_referrals(model.view)[0].referral.id)
            page.referrals.attempt.form.set_value("result", _first(self, "attempt_result"))
            page.referrals.attempt.form.set_value("remark", self.canaries.word("lần gọi"))
            page.referrals.attempt.save_now()
            until(lambda: any(row.attempts for row in _referrals(model.view)))
            self._edit()

    def _edit(self) -> None:
        page, saved = self.shown.case_page, list[None]()
        done = Heard(self, saved)
        page.model.edit_saved.connect(done.told)
        page.begin_edit()
        page.form.set_value("summary", self.canaries.word("sửa cùng lúc"))
        page.save_edit()
        until(lambda: bool(saved))
        page.model.edit_saved.disconnect(done.told)

    def _edit_last(self) -> None:
        """The case that was open last, once nobody is at the ear: until then it is put aside."""
        window = self.shown
        while ended := self._at_the_ear():
            window.calls.press("information")
            until(lambda ended=ended: self._at_the_ear() != ended)  # type: ignore[misc]  # binds the loop's value
        window.go("case")
        until(lambda: _open(window.case_model.view) != "")
        self._edit()

    def _at_the_ear(self) -> str:
        current = self.shown.calls.current
        return "" if current is None else current.id

    def _attachments(self) -> None:
        window = self.shown
        card = window.case_page.attachments
        for number in range(4):
            named = self.exports / self.canaries.word("thư mục") / f"{self.canaries.word('tệp')}.txt"
            named.parent.mkdir()
            named.write_text(self.canaries.word("trong tệp") * 50, encoding="utf-8")
            card.choose()
            assert card._dialog is not None
            self.heard.look()
            card._dialog.setDirectory(str(named.parent))
            card._dialog.selectFile(str(named))
            card._dialog.accept()
            until(lambda number=number: len(card.table_model.rows) > number)  # type: ignore[misc]  # binds the loop's value
        card._open(0)
        until(window.case_page.viewer.isVisible)
        window.act("back")
        card._to_export = card.table_model.rows[0]
        target = self.exports / "xuất ra.txt"
        card.export_to(str(target))
        until(target.exists)
        target.unlink()  # exported, then deleted

    def _drafts(self) -> None:
        window = self.shown
        for place in range(DRAFTS):
            self._fill((FORM_FILE, FORM_REPORT)[place % 2])
        window.case_page.timeline.note.replace(self.canaries.word("nháp ghi chép"))
        window.case_page.timeline._typed()
        window.keep_drafts()
        until(lambda: not any(sheet.model.dirty for sheet in window.file_page.sheets))

    def _looking(self) -> None:
        window = self.shown
        for name, box in (
            ("search", window.search_page.box), ("directory", window.directory_page.box),
        ):  # fmt: skip
            window.go(name)
            for text in (self.canaries.word("tìm"), self.canaries.number(), f"tên:{self.canaries.word()}"):
                box.setText(text)
                box.typed.emit()
        window.act("palette")
        found = window.findChild(QWidget, "field.palette")
        assert found is not None
        found.setText(self.canaries.word("lệnh"))  # type: ignore[attr-defined]  # a line of text
        found.typed.emit()  # type: ignore[attr-defined]  # a line of text
        window.act("back")
        window.act("people")
        for line in (window.people_sheet.staff, window.people_sheet.old, window.people_sheet.new):
            line.setText(self.canaries.word("mật khẩu"))
        window.people_sheet.change()
        window.covering.uncover()
        QGuiApplication.clipboard().setText(self.canaries.word("chép"))

    def _gallery(self) -> None:
        """Each of these screens of the gallery, with a canary in each box a person can type in."""
        walker = Walker(self.shown, self.canaries.word, self.canaries.number)
        walker.deeds = {"queue-entry": self._enter, "request": self._request, "calls-promise": self._agree}
        walker.deeds |= {"case": walker.steps, "file": walker.own}
        walker.walk(self.screens, self._shown)
        self.missed = walker.missed()

    def _shown(self, name: str) -> None:
        self.heard.look()
        self.stood |= {name} if self._says(ELSEWHERE) else set()

    def _enter(self) -> None:
        keys = self.shown.sheets.entry
        _choose(keys.sheet.form, channel=_first(self, "contact_channel"))
        keys.save()
        until(lambda: not keys.sheet.isVisible())

    def _agree(self) -> None:
        asking = self.shown.call_deeds.promising
        asking.strip.time.setText("30 phút nữa")
        asking.strip.typed.emit()
        asking.save()
        until(lambda: asking.promise is None)

    def _request(self) -> None:
        keys = self.shown.sheets.requests
        _choose(keys.sheet.form, wish=_first(self, "data_request"))
        keys.save()
        until(lambda: not keys.sheet.form.values())

    def _faults(self) -> None:
        """A slot that fails while a person types: with their words in its message and in its locals."""
        typed = self.canaries.word("lỗi")

        def fails() -> None:
            held = typed
            raise ValueError(f"cannot keep {held}")

        fault = QTimer(self)
        fault.setSingleShot(True)
        fault.timeout.connect(fails)
        fault.start()
        until(lambda: not fault.isActive())
        thread = Thread(target=fails, name="fails")
        thread.start()
        thread.join()

    def _copy(self) -> None:
        desk = self.desk
        assert desk is not None
        copy = Thread(
            target=make_copy, args=(desk.store, desk.home.slots, desk.home.backups, desk.clock.now_ms())
        )
        copy.start()
        until(lambda: not copy.is_alive())


def _choose(form: FormView, **codes: str) -> None:
    """Make a form fit to be saved: words that are no code of their list go, these codes come."""
    for name in form.unresolved():
        form.set_value(name, None)
    for name, code in codes.items():
        form.set_value(name, code)


def _open(view: object) -> str:
    """The case that stands on the page: another one's view may still be there after a new one was asked for."""
    return view.case.id if isinstance(view, CaseView) else ""


def _referrals(view: object) -> Sequence[Any]:
    return view.referrals if isinstance(view, CaseView) else ()


def _first(desk: Desk, name: str) -> str:
    assert desk.desk is not None
    return next(iter(desk.desk.catalogue[name].codes)).code


def leak(desk: Desk) -> None:
    """What a careless change would do, once at each place, each time in another encoding."""
    home, word, number = desk._home, desk.canaries.word, desk.canaries.number
    assert desk.window is not None
    assert desk.desk is not None
    (home.root / "store.db-journal").write_text(word())
    (home.root / "store.db-shm-copy").write_bytes(word().encode("utf-16-le"))
    (home.backups / "store-old.sql").write_bytes(word().encode("utf-32-le"))
    (home.root / "drafts.json").write_text(json.dumps({"summary": base64.b64encode(word().encode()).decode()}))
    kept = QSettings(QSettings.Format.IniFormat, QSettings.Scope.UserScope, "tram111")
    kept.setValue("recent", word().encode().hex())
    kept.sync()
    logging.getLogger("leaky").debug("saved %s", word())
    shutil.copyfile(home.logs / "desk.log", home.logs / "crash-1.log")
    held = tempfile.NamedTemporaryFile(delete=False, suffix=".txt")  # noqa: SIM115  # left behind on purpose
    held.write(word().encode("unicode_escape"))
    held.close()
    spool = Path(tempfile.gettempdir()) / "spool"
    spool.mkdir()
    (spool / "d00001-001").write_bytes(b"%PDF" + word().encode("utf-16-be"))
    desk.window.setWindowTitle(f"Trạm 111: {word()}")
    QApplication.processEvents()
    QSystemTrayIcon().showMessage("Trạm 111", f"{number()} đang gọi")
    url = desk.desk.driver.server() if desk.desk.driver is not None else ""
    requests.get(f"{url}/v1/health", params={"name": word()}, timeout=PATIENCE_S)
    print(word(), file=sys.stderr, flush=True)


def main(folder: Path) -> int:
    """Run the production desk with this person at it."""
    faulthandler.dump_traceback_later(HUNG_S, exit=True)
    running.Session = Desk  # type: ignore[misc]  # what run() makes
    return running.run(folder)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
