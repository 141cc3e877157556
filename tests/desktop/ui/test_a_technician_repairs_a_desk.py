"""A technician repairs a broken desk from end to end and reads nothing: neither what the commands say and carry away,
nor any screen of the repaired desk; the counsellor then finds every word (reference T14, S-25)."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot

from desktop import app
from desktop.__main__ import main
from desktop.app import Desk, build
from desktop.background.lanes import READERS
from desktop.home import Home
from desktop.operations import drafts, requests
from desktop.operations.audit import noted
from desktop.operations.calls import PbxCallEvent, answer
from desktop.operations.case import add_note
from desktop.operations.intake import save_report
from desktop.reference import Reference
from desktop.store import drafts as kept
from desktop.store.copies import make_copy
from desktop.store.keys import KeySlots
from desktop.store.reads_audit_entries import Asked, audit_entries
from desktop.store.reads_case import case_view
from desktop.store.reads_file import contact_view
from desktop.store.reads_requests import request_rows
from desktop.store.troubles import Damaged, WrongKey
from desktop.store.unit_of_work import Operation, UnitOfWork
from desktop.ui.frame import PAGES
from desktop.ui.main_window import MainWindow
from domain.records.audit import LOCK
from domain.records.staff import Staff, record_of
from domain.text import fold
from sync.replica import read, scopes
from tests.desktop.store.kit import CHEAP
from tests.desktop.ui.conftest import PASSPHRASE, STAFF, HandClock, press, stored
from tests.desktop.ui.spoken import heard_and_seen

TECHNICIAN, OWN_WORDS = "ky.thuat", "máy nào cũng sửa được"
CHILD, CALLER, NUMBER = "Lý Canari Mật Ong", "Trần Canari Báo Tin", "0900081502"
CANARIES = re.compile(r"canari mat|canari bao|081\D?502", re.IGNORECASE)
SHEETS = ("history", "conflicts", "same_child", "requests", "exports", "audit", "people", "list_missed")
PATIENT = 30_000


def do(desk: Desk, qtbot: QtBot, operation: Operation[Any]) -> Any:
    done: list[Any] = []
    desk.lane.submit(operation, done.append)
    qtbot.waitUntil(lambda: bool(done), timeout=PATIENT)
    return done[0]


def seen(desk: Desk, qtbot: QtBot, look: Callable[[Any], Any]) -> Any:
    """What the lane's readers give whoever is signed in."""
    found: list[Any] = []
    desk.lane.query(look, found.append)
    qtbot.waitUntil(lambda: bool(found), timeout=PATIENT)
    return found[0]


def rest(desk: Desk, qtbot: QtBot) -> None:
    """What the window asked before this was answered: the writer did its work, both readers took up others."""
    do(desk, qtbot, noted(LOCK))
    for _ in range(2 * READERS):
        seen(desk, qtbot, bool)


def hires(staff: str, role: str) -> Operation[None]:
    def operation(uow: UnitOfWork) -> None:
        act = uow.act()
        act.create(scopes.REFERENCE, Staff(id=record_of(staff), staff=staff, roles=(role,), centre=uow.seat.centre))
        uow.write(act)

    return operation


@pytest.fixture
def opened(home: Home, reference: Reference, clock: HandClock) -> Iterator[Callable[[str, str], Desk]]:
    desks: list[Desk] = []

    def one(staff: str, words: str) -> Desk:
        desks.append(build(home, staff, words, clock=clock, reference=reference, key_cost=CHEAP))
        return desks[-1]

    yield one
    for desk in desks:
        desk.close()


def told(window: MainWindow) -> list[str]:
    """Canaries that eye or ear finds anywhere in the window, each with where."""
    said = [f"{where}: {words}" for where, words in heard_and_seen(window) if CANARIES.search(fold(words))]
    for box in window.findChildren(QWidget):
        if isinstance(box, (QLineEdit, QPlainTextEdit)) and box.isVisibleTo(window):
            text = box.text() if isinstance(box, QLineEdit) else box.toPlainText()
            said += [box.objectName()] if CANARIES.search(fold(text)) else []
    return said


def walked(window: MainWindow, desk: Desk, qtbot: QtBot, case: str) -> list[str]:
    """The same of every page and sheet, of a search for the child, and of the case opened by its id."""
    found: list[str] = []
    for page in PAGES:
        window.go(page)
        rest(desk, qtbot)
        found += told(window)
    for sheet in SHEETS:
        window.act(sheet)
        rest(desk, qtbot)
        found += told(window)
        press(window, Qt.Key.Key_Escape)
    with qtbot.waitSignal(window.search_model.found, timeout=PATIENT):
        window.search_model.ask(CHILD)
    window.go("search")
    found += told(window)
    window.case_model.open_case(case)
    rest(desk, qtbot)
    rest(desk, qtbot)
    window.go("case")
    return found + told(window)


def lived(desk: Desk, home: Home, qtbot: QtBot, clock: HandClock) -> str:
    """A shift with a call, a report, a note, a request and a form begun, and a verified copy of it; the case's id."""
    do(desk, qtbot, hires(STAFF, "counsellor"))
    do(desk, qtbot, hires(TECHNICIAN, "it_admin"))
    key = KeySlots(home.slots, CHEAP).open(STAFF, PASSPHRASE)
    KeySlots(home.slots, CHEAP, calibrate=False).add(TECHNICIAN, OWN_WORDS, key)
    now = clock.now_ms()
    do(desk, qtbot, answer(PbxCallEvent("111", "9.1", NUMBER, "", now, now)))
    report = do(desk, qtbot, save_report(
        {"child_name": CHILD, "caller_name": CALLER, "number": NUMBER, "summary": f"{CALLER} nói {CHILD} đang khóc"},
        None,
    ))  # fmt: skip
    do(desk, qtbot, add_note(f"Gặp {CHILD} ở trường", case_id=report.case_id))
    do(desk, qtbot, requests.receive("r-1", {"wish": "deletion", "asker": CALLER, "words": f"xóa tên {CHILD}"}))
    do(desk, qtbot, drafts.keep("d-1", "file", "", {"summary": f"{CHILD} kể dở"}))
    made: list[Any] = []
    copy = partial(make_copy, desk.store, home.slots, home.backups, now)
    desk.aside.submit(copy, made.append, made.append)
    qtbot.waitUntil(lambda: bool(made), timeout=PATIENT)
    return str(report.case_id)


def test_a_technician_repairs_the_desk_and_reads_nothing_of_it(
    home: Home,
    opened: Callable[[str, str], Desk],
    show: Callable[[Desk], MainWindow],
    clock: HandClock,
    qtbot: QtBot,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    desk = opened(STAFF, PASSPHRASE)
    case = lived(desk, home, qtbot, clock)
    desk.close()
    home.db.write_bytes(bytes(8192) + home.db.read_bytes()[8192:])

    bundle = tmp_path / "mang-ve.zip"
    main(["doctor", "--home", str(home.root), "--bundle", str(bundle)])
    assert main(["restore", "--home", str(home.root), "--list"]) == 0
    said = "".join(capsys.readouterr())
    assert "store-" in said
    with zipfile.ZipFile(bundle) as carried:
        said += "".join(carried.read(one).decode("utf-8", "replace") for one in carried.namelist())
    assert not CANARIES.search(fold(said)), "what is said and carried away names nobody"

    with pytest.raises((Damaged, WrongKey)):
        opened(TECHNICIAN, OWN_WORDS)
    recovered = app.restore(home, TECHNICIAN, OWN_WORDS, key_cost=CHEAP)
    assert recovered.in_backup > 0
    assert not CANARIES.search(fold(repr(recovered)))

    repaired = opened(TECHNICIAN, OWN_WORDS)
    assert stored(repaired, partial(kept.one, draft_id="d-1")) is None, "a draft is its owner's, whoever repairs"
    window = show(repaired)
    assert walked(window, repaired, qtbot, case) == []
    held = stored(repaired, partial(read.one, kind="case", record_id=case))
    assert held is not None, "the case is there: it is the role that shows nothing"
    contact = str(held.record.contact_id)
    for look in (partial(case_view, case_id=case), partial(contact_view, contact_id=contact)):
        assert seen(repaired, qtbot, look) is None
    assert seen(repaired, qtbot, request_rows) == ()
    assert not seen(repaired, qtbot, partial(audit_entries, asked=Asked())).allowed
    window.close()
    repaired.close()

    again = opened(STAFF, PASSPHRASE)
    window = show(again)
    assert walked(window, again, qtbot, case), "the walk looks where the words are"
    draft = stored(again, partial(kept.one, draft_id="d-1"))
    assert draft is not None
    assert draft.data == {"summary": f"{CHILD} kể dở"}
