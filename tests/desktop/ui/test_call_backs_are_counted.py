"""Promised call-backs that are near or overdue are a number beside the queue on every page, until somebody works on
them; a key opens them by their time."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from desktop.app import Desk
from desktop.ui.main_window import MainWindow
from desktop.ui.theme.tokens import Status
from domain.clock import MINUTE
from tests.desktop.ui.conftest import HandClock, press, type_text
from tests.desktop.ui.test_a_call_back_is_agreed import HALF_PAST_FIVE, SAFELY, promise, strip_gone

CTRL = Qt.KeyboardModifier.ControlModifier


def read_anew(window: MainWindow, qtbot: QtBot) -> None:
    with qtbot.waitSignal(window.queue_model.changed, timeout=20_000):
        window.queue_model.refresh()  # as its own timer does


def test_the_number_lasts_on_every_page_until_somebody_calls_and_says_nothing_of_anybody(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    navigation = window.navigation
    badge, made = navigation.badges["queue"], navigation.buttons["queue"]
    promise(window, clock, qtbot)
    type_text("17h30")
    press(window, Qt.Key.Key_Tab)
    type_text(SAFELY)
    press(window, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: strip_gone(window), timeout=20_000)
    read_anew(window, qtbot)
    assert not badge.isVisible()
    for at, status, said in (
        (HALF_PAST_FIVE - 10 * MINUTE, Status.WAITING, "0 lời hẹn gọi lại quá giờ, 1 sắp đến giờ"),
        (HALF_PAST_FIVE + MINUTE, Status.URGENT, "1 lời hẹn gọi lại quá giờ, 0 sắp đến giờ"),
    ):
        clock.ms = at
        read_anew(window, qtbot)
        window.status.news.say(Status.QUIET, "tin khác")  # the line at the foot is for the newest
        for name in ("road", "case", "calls"):
            window.go(name)
            read_anew(window, qtbot)
            assert badge.isVisible()
            assert (badge.text(), badge.status) == ("1", status)
        assert said in made.accessibleName()
        assert said in made.toolTip()
    shown = [label.text() for label in navigation.findChildren(QLabel)]
    told = " ".join([*shown, *(part.accessibleName() + part.toolTip() for part in navigation.findChildren(QWidget))])
    assert not [words for words in ("0900081502", "1502", "An,", "cô giáo", "17:30") if words in told]
    press(window, Qt.Key.Key_9, CTRL)
    page = window.queue_page
    assert window.page_name == "queue"
    assert page.rows.only_promises
    assert page.table.hasFocus()
    with qtbot.waitSignal(window.queue_model.taken, timeout=20_000):
        press(window, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not badge.isVisible(), timeout=20_000)
    assert made.accessibleName() == "Hàng đợi"
    page.back_to_all.click()
    qtbot.waitUntil(badge.isVisible, timeout=20_000)
    assert badge.text() == "1"


def test_name_number_and_key_stand_beside_each_other_also_where_there_is_little_room(
    window: MainWindow, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    navigation = window.navigation
    for narrow in (False, True):
        navigation.reflow(narrow)
        navigation.show_badge("queue", Status.URGENT, "99+", "")
        qtbot.waitUntil(navigation.badges["queue"].isVisible, timeout=20_000)
        QApplication.processEvents()  # what was shown or went is laid out
        badge, made = navigation.badges["queue"], navigation.buttons["queue"]
        words = made.fontMetrics().horizontalAdvance(made.text())
        assert badge.geometry().left() >= (made.sizeHint().width() - words) // 2 + words
        assert badge.geometry().right() <= made.width()
        assert badge.words.width() >= badge.words.sizeHint().width()
