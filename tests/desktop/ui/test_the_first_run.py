"""A new desk comes into service by keys alone: no question where it was provisioned, few where it was not, and it
goes on where it stood after a wrong answer, a lost line, a restart; against a real centre."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget
from pytestqt.qtbot import QtBot

from desktop.app import unlock
from desktop.enrolling import greet, register
from desktop.home import Home
from desktop.reference import Reference
from desktop.running import Session
from desktop.store import first_run
from desktop.store.first_run import Begun
from desktop.ui.signin.first_steps import CODE, PERSON, WHERE, WORDS
from desktop.ui.signin.window import FIRST, SIGN_IN, SignInWindow
from desktop.ui.theme.look import Look
from domain.spoken import said_of
from server.operations.enrolment import make_code
from sync.door import Enrolled
from sync.transport import enrol as over_http
from sync.troubles import Offline
from sync.trust import NAME
from tests.desktop.ui.conftest import CHEAP, PASSPHRASE, focused, press, type_text
from tests.server.ground import Running, running

WAIT_MS = 30_000
WHO = "an.nguyen"


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path / "centre") as one:
        yield one


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "desk")


def test_f1_helps_before_anybody_is_signed_in_and_what_was_typed_stays(start: Callable[[], SignInWindow]) -> None:
    window = start()
    typed = focused()
    type_text("http")
    press(window, Qt.Key.Key_F1)
    manual = window.manual
    assert manual is not None
    assert manual.isVisible()
    assert (manual.chapter_id, focused()) == ("firstrun", manual.box)
    assert "provisioning.toml" in manual.text.toPlainText()
    type_text("mat khau")
    assert 0 < manual.contents.count() < 32, "the contents are filtered"
    press(window, Qt.Key.Key_Escape)
    assert not manual.isVisible()
    assert (focused(), window.pages.currentIndex()) == (typed, FIRST)
    press(window, Qt.Key.Key_F1)
    press(window, Qt.Key.Key_F1)
    assert not manual.isVisible()
    window.pages.setCurrentIndex(SIGN_IN)
    press(window, Qt.Key.Key_F1)
    assert manual.chapter_id == "signin"


class Line:
    """The road to the centre, which can be lost before or after the centre heard."""

    def __init__(self) -> None:
        self.lost = ""

    def __call__(self, url: str, code: str, key: bytes, name: str) -> Enrolled:
        if self.lost == "before":
            raise Offline
        given = over_http(url, code, key, name)
        if self.lost == "after":
            raise Offline
        return given


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture
def start(
    home: Home, line: Line, look: Look, reference: Reference, qtbot: QtBot
) -> Iterator[Callable[[], SignInWindow]]:
    """The program is started: its sign-in window, with the real ways to a desk behind it."""
    made: list[SignInWindow] = []

    def start_one() -> SignInWindow:
        window = SignInWindow(
            home,
            partial(unlock, home, reference=reference, key_cost=CHEAP),
            partial(register, home, enroller=line, key_cost=CHEAP),
            look,
            greet=partial(greet, home),
        )
        made.append(window)
        window.show()
        window.activateWindow()
        qtbot.waitUntil(window.isActiveWindow)
        return window

    yield start_one
    for window in made:
        window.close()
        window.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def enter(window: SignInWindow, *typed: str) -> None:
    """Type into the box that has the keys, Tab to the next, and Enter at the end."""
    for place, text in enumerate(typed):
        if place:
            press(window, Qt.Key.Key_Tab)
        type_text(text)
    press(window, Qt.Key.Key_Return)


def rested(window: SignInWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(window.first.go.isEnabled, timeout=WAIT_MS)


def opened(window: SignInWindow, qtbot: QtBot, act: Callable[[], None]) -> Any:
    with qtbot.waitSignal(window.unlocked, timeout=WAIT_MS) as signal:
        act()
    signal.args[0].store.close()
    return signal.args[0]


def code_of(centre: Running, seat: str, *, approval: bool = False) -> str:
    return make_code(centre.centre, "an_giang", seat, approval=approval)


def provisioned(folder: Path, *lines: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / NAME).write_text("\n".join(lines) + "\n", "utf-8")


@pytest.fixture
def twice(look: Look) -> Iterator[Look]:
    """Everything at 200 %."""
    look.zoom = 2.0
    look.put_on()
    yield look
    look.step_zoom(0)


def wholly_seen(target: QWidget) -> bool:
    return target.visibleRegion().boundingRect() == target.rect()


def test_at_twice_the_size_every_button_of_a_step_is_reached_on_a_low_screen(
    twice: Look, start: Callable[[], SignInWindow], qtbot: QtBot
) -> None:
    window = start()
    assert window.look is twice
    window.resize(window.minimumSizeHint().width(), 480)
    for step in (WHERE, CODE, PERSON, WORDS):
        window.first.show_step(step)
        for target in (window.first.back, window.first.file, window.first.go):
            if target.isVisible():
                target.setFocus()
                qtbot.waitUntil(partial(wholly_seen, target))
    assert window.height() == 480


def test_without_a_file_three_answers_by_keys_alone_each_checked_with_one_sentence(
    centre: Running, start: Callable[[], SignInWindow], home: Home, qtbot: QtBot
) -> None:
    window = start()
    first, said = window.first, window.first.state.text
    assert (window.pages.currentIndex(), first.step, first.place.text()) == (FIRST, WHERE, "Bước 1 trong 3")
    assert focused() is first.steps.address
    press(window, Qt.Key.Key_Return)
    assert "chọn tệp cấu hình" in said()
    enter(window, "không phải địa chỉ")
    assert "chưa đúng dạng" in said()
    first.steps.address.clear()
    enter(window, "http://127.0.0.1:9")
    rested(window, qtbot)
    assert "Chưa tới được máy chủ" in said()
    assert (first.step, first.steps.address.text()) == (WHERE, "http://127.0.0.1:9"), "what was typed stays"
    first.steps.address.setText(centre.url)
    press(window, Qt.Key.Key_Return)
    rested(window, qtbot)
    assert (first.step, said()) == (CODE, "Trung tâm trả lời.")
    enter(window, "AB12")
    assert "12 chữ và số" in said()
    first.steps.code.clear()
    enter(window, "AAAA-BBBB-CCCC")
    assert (first.step, first.place.text()) == (PERSON, "Bước 3 trong 3")
    assert "chỉ đồng nghiệp" in first.steps.keepers.text()
    enter(window, WHO, PASSPHRASE, "khác hẳn")
    assert "chưa giống nhau" in said()
    press(window, Qt.Key.Key_Escape)
    press(window, Qt.Key.Key_Escape)
    assert (first.step, first.steps.staff.text(), first.steps.passphrase.text()) == (WHERE, WHO, PASSPHRASE)
    press(window, Qt.Key.Key_Return)
    rested(window, qtbot)
    press(window, Qt.Key.Key_Return)
    first.steps.again.setText(PASSPHRASE)
    press(window, Qt.Key.Key_Return)
    rested(window, qtbot)
    assert "xin trưởng ca một mã mới" in said()
    assert (first.step, first.steps.code.selectedText()) == (CODE, "AAAA-BBBB-CCCC")
    enter(window, code_of(centre, "AG01").lower())
    assert first.step == PERSON
    ready = opened(window, qtbot, lambda: press(window, Qt.Key.Key_Return))
    assert (ready.staff, ready.enrolment.seat.seat_code, ready.enrolment.server_url) == (WHO, "AG01", centre.url)
    assert not home.begun.exists()
    assert first.steps.passphrase.text() == first.steps.again.text() == first.steps.code.text() == ""
    assert start().pages.currentIndex() == SIGN_IN


def test_a_provisioned_desk_asks_only_for_a_passphrase_and_is_at_work(
    centre: Running, home: Home, qapp: QApplication, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = tmp_path / "beside"
    provisioned(machine, f'servers = ["{centre.url}"]', f'code = "{code_of(centre, "AG02")}"', f'staff = "{WHO}"')
    monkeypatch.setattr("desktop.home.beside_the_program", lambda: machine)
    monkeypatch.setattr("desktop.running.door_name", partial(str, tmp_path / "door"))
    session = Session(qapp, home)
    session.ask()
    window = session._signin
    assert window is not None
    try:
        window.activateWindow()
        qtbot.waitUntil(window.isActiveWindow)
        steps = window.first.steps
        assert (window.first.step, window.first.asked(), window.first.place.text()) == (PERSON, [PERSON], "")
        assert window.first.back.isHidden()
        assert focused() is steps.passphrase, "the name stands there already"
        enter(window, PASSPHRASE, PASSPHRASE)
        qtbot.waitUntil(lambda: session.window is not None, timeout=WAIT_MS)
        assert session.desk is not None
        qtbot.waitUntil(partial(heard_of_the_centre, session), timeout=WAIT_MS)
        assert (session.desk.staff, session.desk.seat.seat_code) == (WHO, "AG02")
    finally:
        session.close()
        window.close()


def heard_of_the_centre(session: Session) -> bool:
    assert session.window is not None
    status = session.window.road_model.status
    return status is not None and status.last_contact_ms is not None


def test_a_desk_that_waits_says_its_eight_words_and_who_to_call(
    centre: Running, home: Home, start: Callable[[], SignInWindow], qtbot: QtBot
) -> None:
    keys = ", ".join(f'"x25519/{base64.b64encode(bytes([n]) * 32).decode()}"' for n in (1, 2, 3))
    code = code_of(centre, "AG03", approval=True)
    provisioned(home.root, f'servers = ["{centre.url}"]', f'code = "{code}"', f"custodians = [{keys}]")
    window = start()
    assert focused() is window.first.steps.staff
    assert "hai trong ba người giữ khóa" in window.first.steps.keepers.text()
    enter(window, WHO, PASSPHRASE, PASSPHRASE)
    qtbot.waitUntil(lambda: window.first.step == WORDS, timeout=WAIT_MS)
    words = window.first.steps.words.text()
    assert len(words.split(" · ")) == 8
    assert window.first.steps.seat.text() == "Máy đã đăng ký ở ghế AG03"
    press(window, Qt.Key.Key_Escape)
    assert window.first.step == WORDS, "there is nothing to go back to"
    ready = opened(window, qtbot, lambda: press(window, Qt.Key.Key_Return))
    assert words == said_of(ready.key.public_key().public_bytes_raw())


def test_leaving_at_the_words_shuts_the_store_and_the_next_start_signs_in(
    centre: Running, home: Home, start: Callable[[], SignInWindow], qtbot: QtBot
) -> None:
    code = code_of(centre, "AG04", approval=True)
    provisioned(home.root, f'servers = ["{centre.url}"]', f'code = "{code}"', f'staff = "{WHO}"')
    window = start()
    enter(window, PASSPHRASE, PASSPHRASE)
    qtbot.waitUntil(lambda: window.first.step == WORDS, timeout=WAIT_MS)
    window.close()
    assert window.first._ready is None
    assert start().pages.currentIndex() == SIGN_IN


@pytest.mark.parametrize("lost", ["before", "after"])
def test_a_lost_line_keeps_what_was_typed_and_a_restart_goes_on_without_a_new_code(
    lost: str, centre: Running, home: Home, line: Line, start: Callable[[], SignInWindow], qtbot: QtBot
) -> None:
    seat, line.lost = {"before": "AG05", "after": "AG06"}[lost], lost
    code = code_of(centre, seat)
    window = start()
    enter(window, centre.url)
    rested(window, qtbot)
    enter(window, code)
    enter(window, WHO, PASSPHRASE, PASSPHRASE)
    rested(window, qtbot)
    assert "Những gì đã nhập còn nguyên" in window.first.state.text()
    assert (window.first.step, window.first.steps.passphrase.text()) == (PERSON, PASSPHRASE)
    assert first_run.read(home.begun) == Begun(centre.url, WHO)
    assert code[:4] not in home.begun.read_text()
    window.close()
    line.lost = ""
    again = start()
    first = again.first
    assert (again.pages.currentIndex(), first.step, first.steps.staff.text()) == (FIRST, PERSON, WHO)
    assert first.steps.again.isHidden()
    assert focused() is first.steps.passphrase
    enter(again, "sai rồi")
    rested(again, qtbot)
    assert "chưa đúng" in first.state.text()
    first.steps.passphrase.clear()
    type_text(PASSPHRASE)
    ready = opened(again, qtbot, lambda: press(again, Qt.Key.Key_Return))
    assert ready.enrolment.seat.seat_code == seat


def test_a_start_between_steps_stands_where_it_stood(
    centre: Running, home: Home, start: Callable[[], SignInWindow], qtbot: QtBot
) -> None:
    window = start()
    enter(window, centre.url)
    rested(window, qtbot)
    window.close()
    again = start()
    assert (again.first.step, again.first.steps.address.text()) == (CODE, centre.url)
    press(again, Qt.Key.Key_Escape)
    assert again.first.step == WHERE
    home.begun.write_bytes(b"{half")
    assert start().first.step == WHERE, "a file that cannot be read is asked for anew"


def test_an_answer_that_came_while_the_machine_went_off_opens_the_desk(
    centre: Running, home: Home, start: Callable[[], SignInWindow], qtbot: QtBot
) -> None:
    register(home, centre.url, code_of(centre, "AG07"), WHO, PASSPHRASE, key_cost=CHEAP)
    first_run.keep(home.begun, Begun(centre.url, WHO))
    window = start()
    assert window.first.step == PERSON
    type_text(PASSPHRASE)
    ready = opened(window, qtbot, lambda: press(window, Qt.Key.Key_Return))
    assert ready.enrolment.seat.seat_code == "AG07"


def test_a_desk_left_half_enrolled_by_an_older_program_finds_its_way_from_sign_in(
    centre: Running, home: Home, line: Line, start: Callable[[], SignInWindow], qtbot: QtBot
) -> None:
    line.lost = "before"
    with pytest.raises(Offline):
        register(home, centre.url, code_of(centre, "AG08"), WHO, PASSPHRASE, enroller=line, key_cost=CHEAP)
    home.begun.unlink()
    line.lost = ""
    window = start()
    assert window.pages.currentIndex() == SIGN_IN
    window.staff.setText(WHO)
    window.passphrase.setFocus()
    enter(window, PASSPHRASE)
    qtbot.waitUntil(lambda: window.pages.currentIndex() == FIRST, timeout=WAIT_MS)
    assert (window.first.step, window.first.steps.staff.text()) == (WHERE, WHO)
    enter(window, centre.url)
    rested(window, qtbot)
    press(window, Qt.Key.Key_Return)  # the code lies in the store
    type_text(PASSPHRASE)
    ready = opened(window, qtbot, lambda: press(window, Qt.Key.Key_Return))
    assert ready.enrolment.seat.seat_code == "AG08"


def test_a_file_is_chosen_checked_and_then_nothing_is_asked_that_it_says(
    centre: Running, home: Home, start: Callable[[], SignInWindow], tmp_path: Path
) -> None:
    window = start()
    window.first.file.setFocus()
    press(window, Qt.Key.Key_Space)
    dialog = window.first.findChild(QFileDialog, "dialog.provisioning")
    assert isinstance(dialog, QFileDialog)
    assert dialog.isVisible()
    dialog.reject()
    stick = tmp_path / "stick"
    for wrong in ("servers = 3", f'servers = ["{centre.url}"]\ncode = "AB12"', f'code = "{code_of(centre, "AG09")}"'):
        provisioned(stick, wrong)
        window.first.take_file(str(stick / NAME))
        assert "provisioning.toml" in window.first.state.text()
        assert not (home.root / NAME).exists()
    window.first.take_file(str(stick / "gone.toml"))
    assert "Không đọc được" in window.first.state.text()
    provisioned(stick, "test_machine = true")
    window.first.take_file(str(stick / NAME))
    assert (window.first.step, focused()) == (WHERE, window.first.steps.address)
    provisioned(stick, f'servers = ["{centre.url}"]', f'code = "{code_of(centre, "AG09")}"')
    window.first.take_file(str(stick / NAME))
    assert (window.first.step, window.first.asked()) == (PERSON, [PERSON])
    assert (home.root / NAME).read_bytes() == (stick / NAME).read_bytes()
    assert (home.root / NAME).stat().st_mode & 0o077 == 0


def test_a_broken_file_beside_the_program_is_said_and_another_can_be_chosen(
    home: Home, start: Callable[[], SignInWindow]
) -> None:
    provisioned(home.root, "pin = []")
    window = start()
    assert window.first.step == WHERE
    assert "không dùng được" in window.first.state.text()
