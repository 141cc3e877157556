"""Asking for a file of another centre from the search page, with keys alone; the banner counts down; it leaves."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from desktop.app import Desk
from desktop.store.unit_of_work import UnitOfWork
from desktop.ui.main_window import MainWindow
from desktop.ui.search.emergency import EmergencyModel
from domain.clock import MINUTE
from domain.records.case import Case
from domain.records.contact import Contact
from domain.records.emergency import EmergencyRead
from domain.records.road import Grant
from domain.rules.emergency import READ_MS
from sync.door import EmergencyGiven
from sync.replica import scopes
from sync.troubles import NotGiven
from tests.desktop.ui.conftest import STAFF, HandClock, focused, named, press, type_text
from tests.desktop.ui.test_cases_search_and_road import Kept

CODE, CONTACT = "DN01-261120-0015", "01932c00-0000-7000-8000-0000000000d1"
CTRL = Qt.KeyboardModifier.ControlModifier
WORDS = "me chau dang o dau day, noi chau bi nhot"


class Centre:
    """What the centre would say, and what it was asked."""

    def __init__(self, clock: HandClock) -> None:
        self.asked: list[tuple[str, str, str, str]] = []
        self.refuses = False
        self._clock = clock

    def __call__(self, code: str, staff: str, why: str, words: str) -> EmergencyGiven:
        self.asked.append((code, staff, why, words))
        if self.refuses:
            raise NotGiven
        now = self._clock.now_ms()
        return EmergencyGiven(scope=scopes.dossier(CONTACT), contact=CONTACT, until=now + READ_MS, time=now)


@pytest.fixture
def centre(window: MainWindow, desk: Desk, clock: HandClock) -> Centre:
    made = Centre(clock)
    card = window.search_page.emergency
    card.model._ask = made
    return made


def arrives(desk: Desk, clock: HandClock) -> Callable[[UnitOfWork], None]:
    """What the road brings after a grant."""

    def work(uow: UnitOfWork) -> None:
        device, until = desk.seat.device, clock.now_ms() + READ_MS
        scope = scopes.dossier(CONTACT)
        act = uow.act()
        act.create(scope, Contact(id=CONTACT, code=CODE, centre="da_nang", receiver="dn-1", summary="Trẻ kể"))
        act.create(scope, Case(id="case-d1", contact_id=CONTACT, centre="da_nang", urgency="high"))
        act.create(scope, EmergencyRead(id="g1", staff=STAFF, device=device, why="on_the_line", until=until))
        grant = Grant(id="g1", device=device, granted_scope=scope, reason="emergency", until=until)
        act.create(scopes.device_scope(device), grant)
        uow.write(act)

    return work


def opened(window: MainWindow) -> None:
    """The form, from the search box with Tab and Enter's like."""
    window.go("search")
    type_text(CODE)
    window.search_page.elsewhere.setFocus()
    press(window, Qt.Key.Key_Space)


def test_code_reason_and_words_go_to_the_centre_by_keys_alone(
    window: MainWindow, centre: Centre, qtbot: QtBot
) -> None:
    opened(window)
    assert named(window, "field.emergency.code").text() == CODE
    press(window, Qt.Key.Key_2)
    named(window, "field.emergency.words").setFocus()
    type_text("vi gap")
    press(window, Qt.Key.Key_Return, CTRL)
    assert centre.asked == []
    assert "14" in window.search_page.emergency.state.words.text()
    type_text(WORDS[6:])
    with qtbot.waitSignal(window.search_page.emergency.model.given):
        press(window, Qt.Key.Key_Return, CTRL)
    assert centre.asked == [(CODE, STAFF, "on_the_line", "vi gap" + WORDS[6:])]
    assert focused() is window.search_page.box


def test_a_refusal_says_what_to_do_and_keeps_what_was_written(
    window: MainWindow, centre: Centre, qtbot: QtBot
) -> None:
    centre.refuses = True
    opened(window)
    card = window.search_page.emergency
    card.why.put("child_in_danger")
    card.words.setText(WORDS)
    card.ask()
    qtbot.waitUntil(lambda: not card.model.busy)
    assert "không tìm thấy" in card.model.words
    assert (card.code.text(), card.words.text()) == (CODE, WORDS)
    press(window, Qt.Key.Key_Escape)
    assert not card.isVisible()
    window.search_page.elsewhere.click()
    assert card.words.text() == WORDS


def test_a_desk_without_a_road_says_whom_to_call(window: MainWindow) -> None:
    card = window.search_page.emergency
    card.model.ask(CODE, "on_the_line", WORDS)
    assert isinstance(card.model, EmergencyModel)
    assert not card.model.busy
    assert "gọi điện" in card.model.words


def test_the_file_shows_when_it_comes_and_its_page_says_how_long_it_stays(
    window: MainWindow, centre: Centre, desk: Desk, clock: HandClock, qtbot: QtBot
) -> None:
    window.go("search")
    card = window.search_page.emergency
    card.model.ask(CODE, "on_the_line", WORDS)
    qtbot.waitUntil(lambda: window.search_model.asked == CODE)
    assert window.search_model.hits == []
    qtbot.waitUntil(lambda: "đang về máy" in window.search_page.state.words.text())
    desk.lane.submit(arrives(desk, clock))
    qtbot.waitUntil(lambda: bool(window.search_model.hits))
    with qtbot.waitSignal(window.case_model.opened):
        window.search_page.box.setFocus()
        press(window, Qt.Key.Key_Return)
    banner = named(window, "banner.emergency")
    assert "còn 60 phút (đến 15:05:00)" in banner.words.text()
    clock.pass_ms(45 * MINUTE)
    window.case_page.show_view()
    assert "còn 15 phút" in banner.words.text()


def test_a_file_of_the_own_centre_has_no_banner(window: MainWindow, desk: Desk, qtbot: QtBot) -> None:
    done = Kept()

    def own(uow: UnitOfWork) -> bool:
        act = uow.act()
        act.create(scopes.dossier("own"), Contact(id="own", code="AG03-261120-0015", centre="an_giang"))
        uow.write(act)
        return True

    desk.lane.submit(own, done.put)
    qtbot.waitUntil(done.there)
    with qtbot.waitSignal(window.case_model.opened):
        window.case_model.open_contact("own")
    assert not window.case_page.emergency.isVisibleTo(window.case_page)
