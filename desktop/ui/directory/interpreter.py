"""F11: an interpreter in at most three keys: F11, a digit for the language, a digit for the person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject

from desktop.ui.theme.tokens import Status
from desktop.ui.widgets.choice_sheet import Offer
from desktop.ui.words import tr
from domain.clock import vn_date
from domain.codes.directory import Entry
from domain.phones import display

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow

LANGUAGES: Final = "interpreter.language"
PEOPLE: Final = "interpreter.person"
WORKING: Final = "vietnamese"


class InterpreterKeys(QObject):
    """Asks by the window's choice sheet; the language and the need go into the open file or case."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._languages = window.desk.catalogue["languages"]
        self._people: tuple[Entry, ...] = ()
        window.call_deeds.answers[LANGUAGES] = self._language
        window.call_deeds.answers[PEOPLE] = self._person

    def begin(self) -> None:
        """Offer the languages; one known of the number at the ear comes first."""
        history = self._window.calls.history
        known = history.language if history else None
        codes = [code.code for code in self._languages if code.code != WORKING]
        if known in codes:
            codes.remove(known)
            codes.insert(0, known)
        offers = [Offer(code, self._languages.label(code)) for code in codes]
        self._window.call_deeds.ask(LANGUAGES, tr("Cần phiên dịch tiếng nào?"), offers)

    def _language(self, code: str) -> None:
        self._window.flow.interpreter(code)
        today = vn_date(self._window.desk.lane.clock.now_ms())
        self._people = self._window.desk.reference.directory.interpreters(code, today)
        label = self._languages.label(code)
        if not self._people:
            words = tr("Đã ghi: cần phiên dịch, {language}. Danh bạ của máy này chưa có phiên dịch viên tiếng đó.")
            self._window.status.news.say(Status.WAITING, words.format(language=label))
            return
        offers = [Offer(one.code, f"{one.name} · {display(one.number)} · {one.hours}") for one in self._people]
        title = tr("Phiên dịch viên: {language}").format(language=label)
        self._window.call_deeds.ask(PEOPLE, title, offers)

    def _person(self, code: str) -> None:
        one = next(entry for entry in self._people if entry.code == code)
        words = tr("Gọi phiên dịch: {name}, {number}").format(name=one.name, number=display(one.number))
        self._window.status.news.say(Status.WAITING, words)
