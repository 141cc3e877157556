"""Several people share a desk: tiles, a colleague let in by a code while no server answers, waiting said in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from desktop.app import Desk, unlock
from desktop.background.change_bus import Changes, Origin
from desktop.home import Home
from desktop.operations.calls import LINE, PbxCallEvent
from desktop.store.keys import KeySlots
from desktop.store.throttle import FREE
from desktop.store.troubles import WrongPassphrase
from desktop.store.unit_of_work import UnitOfWork
from desktop.ui.main_window import MainWindow
from desktop.ui.signin.passphrase import SHORTEST
from desktop.ui.signin.window import OWN_WORDS, SignInWindow
from desktop.ui.theme.look import Look
from domain.clock import DAY
from domain.records.staff import Staff, record_of
from sync.door import Approved
from sync.replica import read
from sync.troubles import NoNewcomer, Offline
from tests.desktop.ui.conftest import CHEAP, PASSPHRASE, STAFF, HandClock, focused, press, stored, type_text

OTHER, INITIALS, CODE = "khanh.le", "L.V.K", "k7mp-2qrs-9tvw"
FAR = 4_000_000_000_000
"""UTC ms of the year 2096: the code of these tests does not end."""


@pytest.fixture
def shared(home: Home) -> Home:
    """The desk with a second person, who was let in with a code while no server answered."""
    slots = KeySlots(home.slots, CHEAP, calibrate=False)
    slots.invite(slots.open(STAFF, PASSPHRASE), OTHER, CODE, FAR, INITIALS)
    return home


@pytest.fixture
def sign_in(shared: Home, look: Look, reference: Any, qtbot: QtBot) -> SignInWindow:
    def opened(staff: str, words: str) -> Any:
        return unlock(shared, staff, words, reference=reference, key_cost=CHEAP)

    def refuse(*_given: str) -> None:
        raise AssertionError("this desk is enrolled already")

    window = SignInWindow(shared, opened, refuse, look)
    qtbot.addWidget(window)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    return window


def try_with(window: SignInWindow, staff: str, words: str, qtbot: QtBot, page: Callable[[], bool]) -> None:
    window.tiles.buttons[staff].click()
    assert focused() is window.passphrase, "one press, then only the passphrase is typed"
    type_text(words)
    press(window, Qt.Key.Key_Return)
    qtbot.waitUntil(page, timeout=20_000)


def test_a_tile_and_a_one_time_code_lead_to_a_passphrase_of_ones_own(
    sign_in: SignInWindow, shared: Home, qtbot: QtBot
) -> None:
    assert set(sign_in.tiles.buttons) == {STAFF, OTHER}
    assert sign_in.tiles.isVisible()
    assert sign_in.tiles.buttons[OTHER].text() == f"{INITIALS} · mã mới"

    def asked() -> bool:
        return sign_in.pages.currentIndex() == OWN_WORDS

    try_with(sign_in, OTHER, CODE, qtbot, asked)
    assert focused() is sign_in.own
    for words, again, fault in (("ngắn", "ngắn", str(SHORTEST)), ("mưa rào tháng bảy", "mưa rào", "chưa giống nhau")):
        sign_in.own.setText(words)
        sign_in.own_again.setText(again)
        press(sign_in, Qt.Key.Key_Return)
        assert fault in sign_in.own_state.text()
    sign_in.own_again.setText("mưa rào tháng bảy")
    with qtbot.waitSignal(sign_in.unlocked, timeout=20_000) as signal:
        press(sign_in, Qt.Key.Key_Return)
    ready = signal.args[0]
    ready.store.close()
    assert (ready.staff, ready.once) == (OTHER, False)
    assert not sign_in.own.text()
    assert not sign_in.own_again.text()
    slots = KeySlots(shared.slots, CHEAP, calibrate=False)
    assert slots.open(OTHER, "mưa rào tháng bảy") == slots.open(STAFF, PASSPHRASE)
    with pytest.raises(WrongPassphrase):
        slots.open(OTHER, CODE)


def test_leaving_without_a_passphrase_of_ones_own_shuts_the_store_and_the_code_still_opens(
    sign_in: SignInWindow, shared: Home, qtbot: QtBot
) -> None:
    try_with(sign_in, OTHER, CODE, qtbot, lambda: sign_in.pages.currentIndex() == OWN_WORDS)
    sign_in.close()
    assert KeySlots(shared.slots, CHEAP, calibrate=False).enter(OTHER, CODE, FAR - DAY).once


def test_who_mistypes_too_often_reads_how_long_to_wait_and_nobody_else_waits(
    sign_in: SignInWindow, qtbot: QtBot
) -> None:
    for _ in range(FREE + 1):
        try_with(sign_in, OTHER, "sai rồi", qtbot, sign_in.enter.isEnabled)
        assert "chưa đúng" in sign_in.state.text()
    try_with(sign_in, OTHER, CODE, qtbot, sign_in.enter.isEnabled)
    assert "đợi 30 giây rồi nhập lại; người khác vẫn vào ca bình thường" in sign_in.state.text()
    with qtbot.waitSignal(sign_in.unlocked, timeout=20_000) as signal:
        sign_in.tiles.buttons[STAFF].click()
        type_text(PASSPHRASE)
        press(sign_in, Qt.Key.Key_Return)
    signal.args[0].store.close()


def give(window: MainWindow, staff: str, words: str, qtbot: QtBot) -> None:
    sheet = window.people_sheet
    sheet.staff.setText(staff)
    sheet.proof.setText(words)
    sheet.give.click()
    qtbot.waitUntil(sheet.give.isEnabled, timeout=20_000)


def test_a_colleague_is_let_in_from_the_open_desk_while_no_server_answers(
    window: MainWindow, home: Home, qtbot: QtBot
) -> None:
    press(window, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    sheet = window.people_sheet
    assert sheet.isVisible()
    give(window, OTHER, "sai rồi", qtbot)
    assert "chưa đúng" in sheet.code_state.text()
    give(window, STAFF, PASSPHRASE, qtbot)
    assert "ô bên cạnh" in sheet.code_state.text()
    assert sheet.code.isHidden(), "nobody gets a code for who is signed in, or without a passphrase"
    sheet.initials.setText(INITIALS)
    give(window, OTHER, PASSPHRASE, qtbot)
    code = sheet.code.text()
    press(window, Qt.Key.Key_Escape)
    assert sheet.isHidden()
    assert not sheet.code.text()
    slots = KeySlots(home.slots, CHEAP, calibrate=False)
    assert slots.enter(OTHER, code).once
    assert slots.people()[1].initials == INITIALS


def test_a_passphrase_is_changed_by_whoever_knows_the_old_one(window: MainWindow, home: Home, qtbot: QtBot) -> None:
    window.act("people")
    sheet = window.people_sheet
    for old, fault in (("", "đang dùng"), ("sai rồi", "chưa đúng"), (PASSPHRASE, "Đã đổi")):
        sheet.old.setText(old)
        sheet.new.setText("mưa rào tháng bảy")
        sheet.again.setText("mưa rào tháng bảy")
        sheet.put.click()
        qtbot.waitUntil(sheet.put.isEnabled, timeout=20_000)
        assert fault in sheet.own_state.text()
    slots = KeySlots(home.slots, CHEAP, calibrate=False)
    assert slots.open(STAFF, "mưa rào tháng bảy")
    with pytest.raises(WrongPassphrase):
        slots.open(STAFF, PASSPHRASE)


def take_off(window: MainWindow, staff: str, words: str, qtbot: QtBot) -> str:
    card = window.people_sheet.leaver
    card.staff.setText(staff)
    card.proof.setText(words)
    card.go.click()
    qtbot.waitUntil(card.go.isEnabled, timeout=20_000)
    return card.state.text()


def two_at(home: Home) -> KeySlots:
    """The desk's slots, with a second person in them."""
    slots = KeySlots(home.slots, CHEAP, calibrate=False)
    slots.add(OTHER, "mưa rào tháng bảy", slots.open(STAFF, PASSPHRASE), INITIALS)
    return slots


def listed(desk: Desk, qtbot: QtBot, *records: Staff) -> None:
    """These staff records stand at this desk."""

    def operation(uow: UnitOfWork) -> None:
        act = uow.act()
        for one in records:
            act.create("ref", one)
        uow.write(act)

    desk.lane.submit(operation)
    ids = [one.id for one in records]
    qtbot.waitUntil(
        lambda: all(stored(desk, lambda c: [read.one(c, "staff", one) for one in ids])), timeout=20_000
    )


def works(staff: str, role: str, ended_at: int | None = None) -> Staff:
    return Staff(id=record_of(staff), staff=staff, roles=(role,), centre="an_giang", ended_at=ended_at)


def operations(desk: Desk) -> Any:
    """The whole log of this desk, in order."""
    said = "SELECT seq, device, n, body FROM log ORDER BY seq"
    return stored(desk, lambda c: [tuple(row) for row in c.exec_driver_sql(said)])


def entries(desk: Desk) -> list[tuple[str, str, str]]:
    """Who took OTHER off this desk, by the audit."""
    found = stored(desk, lambda c: read.where(c, "audit_entry", "object_id", OTHER))
    return [(one.record.actor, one.record.action, one.record.object_kind) for one in found]


def test_a_colleague_is_taken_off_the_desk_and_what_they_wrote_stays(
    window: MainWindow, desk: Desk, home: Home, qtbot: QtBot
) -> None:
    slots = two_at(home)
    before = operations(desk)
    window.act("people")
    assert "chưa đúng" in take_off(window, OTHER, "sai rồi", qtbot)
    for nobody in ("ai.đó", STAFF):
        assert "Không có ai mang tên này" in take_off(window, nobody, PASSPHRASE, qtbot)
    assert {tile.staff for tile in slots.people()} == {STAFF, OTHER}
    assert entries(desk) == []
    assert OTHER in take_off(window, OTHER, PASSPHRASE, qtbot)
    assert {tile.staff for tile in slots.people()} == {STAFF}
    assert slots.must_rotate(), "the store's key is another one from the next sign-in on"
    with pytest.raises(WrongPassphrase):
        slots.open(OTHER, "mưa rào tháng bảy")
    assert entries(desk) == [(STAFF, "let_go", "staff")]
    assert operations(desk)[: len(before)] == before, "nothing of what was written went, sent or not"
    assert OTHER not in window.people_sheet.tiles.buttons


def test_a_counsellor_takes_nobody_off_where_somebody_may(
    window: MainWindow, desk: Desk, home: Home, qtbot: QtBot
) -> None:
    slots = two_at(home)
    listed(desk, qtbot, works(STAFF, "counsellor"), works(OTHER, "shift_lead"))
    window.act("people")
    assert "trưởng ca" in take_off(window, OTHER, PASSPHRASE, qtbot)
    assert {tile.staff for tile in slots.people()} == {STAFF, OTHER}
    assert entries(desk) == []


def test_whoever_left_is_taken_off_when_the_desk_hears_of_it_and_never_who_sits_there(
    window: MainWindow, desk: Desk, home: Home, qtbot: QtBot
) -> None:
    slots = two_at(home)
    listed(desk, qtbot, works(OTHER, "counsellor", ended_at=1), works(STAFF, "counsellor", ended_at=1))
    assert {tile.staff for tile in slots.people()} == {STAFF, OTHER}
    window.desk.bus.changed.emit(Changes(Origin.CENTRE, {"staff": frozenset({record_of(OTHER)})}))
    qtbot.waitUntil(lambda: {tile.staff for tile in slots.people()} == {STAFF}, timeout=20_000)
    qtbot.waitUntil(lambda: entries(desk) == [(STAFF, "let_go", "staff")], timeout=20_000)


def test_a_call_puts_the_sheet_away(window: MainWindow, clock: HandClock) -> None:
    window.act("people")
    window.calls.answered(PbxCallEvent("", "u1", "0912345678", LINE, clock.now_ms(), clock.now_ms()))
    assert window.people_sheet.isHidden()
    assert window.actions_by_id["privacy"].isEnabled(), "its keys mean what they meant"


class Centre:
    """What the centre would say, and what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str]] = []

    def __call__(self, staff: str, seat: str, words: str) -> Approved:
        self.asked.append((staff, seat, words))
        if "mia" in words:
            raise NoNewcomer
        return Approved(device="d", seat=seat, time=1)


def test_a_shift_leader_lets_a_new_desk_in_by_the_words_heard_with_keys_alone(
    window: MainWindow, qtbot: QtBot
) -> None:
    window.act("people")
    card, centre = window.people_sheet.newcomer, Centre()
    card.ask()
    assert "mã ghế và tám từ" in card.state.text()
    card.seat.setText("ag05")
    card.words.setText("mia bo cam")
    card.ask()
    assert card.state.text() == Offline.advice, "without a road it says so, and what was typed stays"
    card._approve = centre
    card.words.setFocus()
    press(window, Qt.Key.Key_Return)
    qtbot.waitUntil(card.let_in.isEnabled, timeout=20_000)
    assert card.state.text() == NoNewcomer.advice
    assert (card.words.text(), focused()) == ("mia bo cam", card.words)
    card.words.setText("dừa bo cam")
    press(window, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "Đã duyệt máy ở ghế AG05" in card.state.text(), timeout=20_000)
    assert centre.asked == [(STAFF, "AG05", "mia bo cam"), (STAFF, "AG05", "dừa bo cam")]
    press(window, Qt.Key.Key_Escape)
    window.act("people")
    assert not card.seat.text()
