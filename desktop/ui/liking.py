"""What a person likes of the screen (colours, size, language): chosen by keys, kept for the next time."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from PySide6.QtCore import QObject

from desktop.home import Home
from desktop.settings import LANGUAGE, TEXT_PERCENT, THEME, Setting, Settings, choose
from desktop.ui.theme.look import Look
from desktop.ui.theme.tokens import THEMES, ZOOMS, Status
from desktop.ui.widgets.choice_sheet import Offer
from desktop.ui.words import ENGLISH, VIETNAMESE, tr

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow

_log = logging.getLogger(__name__)
T = TypeVar("T", str, int, bool)

ASKED: Final = "language"


def wear(look: Look, settings: Settings) -> None:
    """Put on what this person chose before; without a choice of colours the present ones stay."""
    if settings[THEME] in THEMES:
        look.tokens = THEMES[settings[THEME]]
    percent = settings[TEXT_PERCENT]
    look.zoom = min(ZOOMS, key=lambda zoom: abs(round(zoom * 100) - percent))
    look.put_on()


class Liking(QObject):
    """Changes the look at once and keeps the choice in the store; a language is spoken from the next sign-in on."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window, self._look, self._lane = window, window.look, window.desk.lane

    def deeds(self) -> dict[str, Callable[[], None]]:
        """What each action of the registry does here."""
        return {
            "zoom_in": partial(self._step, 1),
            "zoom_out": partial(self._step, -1),
            "zoom_reset": partial(self._step, 0),
            "theme": self._theme,
            "language": self._ask,
        }

    def _step(self, step: int) -> None:
        self._look.step_zoom(step)
        self._keep(TEXT_PERCENT, round(self._look.zoom * 100))

    def _theme(self) -> None:
        self._look.next_theme()
        self._keep(THEME, self._look.tokens.name)

    def _ask(self) -> None:
        self._window.call_deeds.answers[ASKED] = self._language
        # Each language is named in itself: whoever looks for it may read no other.
        offers = [Offer(VIETNAMESE, "Tiếng Việt"), Offer(ENGLISH, "English")]
        self._window.call_deeds.ask(ASKED, tr("Ngôn ngữ của màn hình"), offers)

    def _language(self, code: str) -> None:
        self._keep(LANGUAGE, code)
        home = self._window.desk.home
        self._window.desk.aside.submit(partial(remember, home, code), self._remembered, self._failed)

    def _remembered(self, _nothing: None) -> None:
        words = tr("Ngôn ngữ mới dùng từ lần vào ca sau. Ctrl+Shift+L: vào lại ngay, bản nháp giữ nguyên.")
        self._window.status.news.say(Status.GOOD, words)

    def _failed(self, fault: Exception) -> None:
        _log.error("the language of sign-in was not kept: %s", type(fault).__name__)
        self._remembered(None)  # the person's own choice is in the store; only sign-in speaks as before

    def _keep(self, setting: Setting[T], value: T) -> None:
        self._lane.submit(choose(setting, value), initiator="liking")


def remember(home: Home, code: str) -> None:
    """Keep the language that sign-in speaks, before anybody is known. Raises OSError."""
    home.language.write_text(code, "ascii")


def remembered(home: Home) -> str:
    """The language that sign-in speaks: the one chosen last on this desk, Vietnamese on a new one."""
    try:
        code = home.language.read_text("ascii")
    except (OSError, UnicodeDecodeError):
        return VIETNAMESE
    return code if code in LANGUAGE.allowed else VIETNAMESE
