"""Two real desks at a real centre: a colleague's key is announced, taken and sealed to: the case opens for them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from desktop import app
from desktop.app import Desk
from desktop.home import Home
from desktop.operations import intake, restricting
from desktop.store.case_keys import UNREAD
from desktop.store.reads import case_view
from domain.records.staff import record_of
from server.operations.enrolment import make_code
from server.operations.staff import write
from sync.engine import Pace
from sync.replica import read
from sync.transport import HttpTransport
from tests.desktop.store.kit import CHEAP, PASSPHRASE, SetClock, reference
from tests.server.ground import Running, running

WORDS = "Người nhà là cán bộ công an thị trấn Sóc Lu"
PACE = Pace(base=20, cap=50)
WAIT_MS = 60_000


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path / "centre") as one:
        yield one


@pytest.fixture
def open_desk(centre: Running, tmp_path: Path, qtbot: QtBot) -> Iterator[Callable[[str, str], Desk]]:
    """Enrols a desk at a seat for a person and opens it with its road; all are closed afterwards."""
    made: list[Desk] = []

    def open_it(seat: str, staff: str) -> Desk:
        home = Home(tmp_path / seat)
        code = make_code(centre.centre, "an_giang", seat)
        elsewhere(partial(app.enrol, home, centre.url, code, staff, PASSPHRASE, key_cost=CHEAP))
        desk = app.build(
            home, staff, PASSPHRASE, clock=SetClock(), transport_factory=HttpTransport, reference=reference(),
            key_cost=CHEAP, pace=PACE,
        )  # fmt: skip
        made.append(desk)
        return desk

    yield open_it
    for one in made:
        one.close()


def elsewhere(work: Callable[[], Any]) -> Any:
    """On another thread: the GUI thread never waits for the store."""
    got: list[Any] = []
    thread = threading.Thread(target=lambda: got.append(work()))
    thread.start()
    thread.join()
    return got[0]


def words(desk: Desk, case_id: str) -> str:
    """What the keys of whoever sits there make of a case's summary, whatever the table of roles says; empty where it
    has not come."""

    def look() -> str:
        with desk.store.read() as connection:
            view = case_view(connection, case_id)
        return "" if view is None else str(view.contact.summary)

    return str(elsewhere(look))


def test_a_leads_key_reaches_the_desk_of_who_restricted_the_case_and_the_case_opens_at_theirs(
    centre: Running, open_desk: Callable[[str, str], Desk], qtbot: QtBot
) -> None:
    write(centre.centre, "cg-1", roles=("counsellor",), centre="an_giang", desks=("AG01",))
    mine = open_desk("AG01", "cg-1")
    case_id = elsewhere(
        partial(mine.lane.call, intake.save_report({"summary": WORDS, "urgency": "high"}, None))
    ).case_id
    elsewhere(partial(mine.lane.call, restricting.restrict(case_id, "Người nhà làm việc tại cơ quan")))
    lead = open_desk("AG02", "truong-ca")
    write(centre.centre, "truong-ca", roles=("shift_lead",), centre="an_giang", desks=("AG02",))
    qtbot.waitUntil(lambda: words(lead, case_id) == WORDS, timeout=WAIT_MS)
    assert words(mine, case_id) == WORDS


def test_who_is_let_in_by_name_reads_it_at_their_own_desk_and_nobody_else_there_does(
    centre: Running, open_desk: Callable[[str, str], Desk], qtbot: QtBot
) -> None:
    for staff, seat in (("cg-1", "AG01"), ("cg-2", "AG02"), ("cg-3", "AG03")):
        write(centre.centre, staff, roles=("counsellor",), centre="an_giang", desks=(seat,))
    mine, theirs, third = open_desk("AG01", "cg-1"), open_desk("AG02", "cg-2"), open_desk("AG03", "cg-3")
    case_id = elsewhere(
        partial(mine.lane.call, intake.save_report({"summary": WORDS, "urgency": "high"}, None))
    ).case_id
    elsewhere(partial(mine.lane.call, restricting.restrict(case_id, "Người nhà làm việc tại cơ quan")))

    qtbot.waitUntil(lambda: has_key(mine, "cg-2"), timeout=WAIT_MS)
    elsewhere(partial(mine.lane.call, restricting.let_in(case_id, "cg-2")))
    qtbot.waitUntil(lambda: words(theirs, case_id) == WORDS, timeout=WAIT_MS)
    assert words(third, case_id) in ("", UNREAD)


def has_key(desk: Desk, staff: str) -> bool:
    """Whether the list of people, as it came to this desk, names a key of theirs."""
    stored = elsewhere(partial(desk.lane.read, partial(read.one, kind="staff", record_id=record_of(staff))))
    return stored is not None and bool(stored.record.public_keys)
