"""A call-back between two whole desks on a real centre: one promises, the other sees it, calls and ends it; whoever
takes one item while the line is cut, one of them has it; nobody is called twice, and all three hold the same."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from desktop.app import Desk
from desktop.operations.calls import PbxCallEvent
from desktop.store.reads_queue import QueueCounts
from desktop.ui.main_window import MainWindow
from desktop.ui.theme.tokens import Status
from domain.clock import MINUTE
from domain.phones import normalise
from sync.replica import read, scopes, sums
from tests.desktop.ui.conftest import named, press, type_text
from tests.desktop.ui.test_forms_lose_nothing import fill_six, saved
from tests.desktop.ui.test_who_changed_it_elsewhere import HERE, THERE, Sitting, centre, sit
from tests.server.ground import Running

__all__ = ["centre", "sit"]  # fixtures: a served centre, and whole desks enrolled there
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
CENTRE = scopes.centre("an_giang")
NUMBER, SAFELY = "0900081502", "xin gặp An"
WAIT_MS = 30_000


class Two:
    """Two counsellors of An Giang, each in a window of their own."""

    def __init__(
        self, sit: Callable[[str], Sitting], show: Callable[[Desk], MainWindow], qtbot: QtBot, served: Running
    ) -> None:
        self.qtbot, self.served = qtbot, served
        self.here, self.there = sit(HERE), sit(THERE)
        self.windows = {one: show(one.desk) for one in (self.here, self.there)}

    def until(self, fact: Callable[[], Any]) -> None:
        self.qtbot.waitUntil(lambda: bool(fact()), timeout=WAIT_MS)

    def at(self, who: Sitting) -> MainWindow:
        """Their window, with the keys."""
        window = self.windows[who]
        window.activateWindow()
        self.until(window.isActiveWindow)
        window.pages[window.page_name].focus()
        return window

    def promised(self) -> str:
        """Here somebody calls, and is promised a call-back in half an hour; answers the item's id."""
        window, now = self.at(self.here), self.here.clock.now
        window.calls.answered(PbxCallEvent("111", "8.1", NUMBER, "", now, now))
        with self.qtbot.waitSignal(window.calls.labelled, timeout=WAIT_MS):
            press(window, Qt.Key.Key_F5, SHIFT)
        type_text("30 phút nữa")
        press(window, Qt.Key.Key_Tab)
        type_text(SAFELY)
        press(window, Qt.Key.Key_Return)
        self.until(lambda: not window.call_deeds.promising.strip.isVisible())
        model = self.windows[self.there].queue_model
        self.until(lambda: [row.due_at for row in model.rows] == [now + 30 * MINUTE])
        for one in self.windows:
            one.clock.now = now + 31 * MINUTE
            self.windows[one].queue_model.refresh()
        self.until(lambda: all(self.late(one) for one in self.windows))
        return model.rows[0].id

    def late(self, who: Sitting) -> bool:
        counts, badge = self.windows[who].queue_model.counts, self.windows[who].navigation.badges["queue"]
        return counts == QueueCounts(all=1, promises=1, free=1, late=1) and badge.status is Status.URGENT

    def holder(self, who: Sitting) -> str | None:
        model = self.windows[who].queue_model
        return model.rows[0].held_by if model.rows else None

    def take(self, who: Sitting) -> Any:
        """Ctrl+J; answers what was taken."""
        window = self.at(who)
        with self.qtbot.waitSignal(window.queue_model.taken, timeout=WAIT_MS) as taken:
            press(window, Qt.Key.Key_J, CTRL)
        return taken.args[0]

    def digests(self) -> set[str]:
        """Of the centre's scope at both desks and at the centre itself."""
        found = {one.read(lambda c: sums.of_scopes(c, [CENTRE]).text()) for one in self.windows}
        return found | {self.served.centre.read(lambda c: sums.of_scopes(c, [CENTRE]).text())}

    def nothing_waits(self, who: Sitting) -> bool:
        model = self.windows[who].queue_model
        return model.counts == QueueCounts() and model.rows == []

    def knows_both(self, who: Sitting, item_id: str) -> bool:
        """Both claims are here, and the one that was first has the item."""
        first = self.holder(who) == THERE and self.windows[who].queue_model.rows[0].disputed
        return first and len(self.claims(who, item_id)) == 2

    def claims(self, who: Sitting, item_id: str) -> list[Any]:
        return [one.record for one in who.read(partial(read.where, kind="claim", field="item_id", value=item_id))]


def test_a_promise_made_at_one_desk_is_kept_at_the_other_and_waits_at_neither(
    sit: Callable[[str], Sitting], show: Callable[[Desk], MainWindow], centre: Running, qtbot: QtBot
) -> None:
    two = Two(sit, show, qtbot, centre)
    item_id = two.promised()
    window = two.at(two.there)
    press(window, Qt.Key.Key_9, CTRL)
    with qtbot.waitSignal(window.queue_model.taken, timeout=WAIT_MS):
        press(window, Qt.Key.Key_Return)
    two.until(lambda: two.holder(two.here) == THERE)
    assert two.take(two.here) is None  # nobody is called by two
    assert not two.windows[two.here].navigation.badges["queue"].isVisible()
    window = two.at(two.there)
    press(window, Qt.Key.Key_Space)  # "Đọc" has the keys
    two.until(lambda: SAFELY in named(window, "label.queue.words").text())
    press(window, Qt.Key.Key_G, CTRL)
    call = window.calls.current
    assert call is not None
    assert call.outbound
    assert call.number == normalise(NUMBER)
    press(window, Qt.Key.Key_F8)
    fill_six(window)
    result = saved(window, qtbot)
    for one in two.windows:
        two.until(partial(two.nothing_waits, one))
        item = one.read(partial(read.one, kind="queue_item", record_id=item_id)).record
        assert (item.contact_id, item.done_by) == (result.contact_id, THERE)
        assert len(two.claims(one, item_id)) == 1
    two.until(lambda: len(two.digests()) == 1)
    two.until(lambda: two.here.settled() and two.there.settled())
    assert two.take(two.here) is None


def test_both_take_it_while_the_line_is_cut_and_the_first_has_it_at_both_when_it_is_back(
    sit: Callable[[str], Sitting], show: Callable[[Desk], MainWindow], centre: Running, qtbot: QtBot
) -> None:
    two = Two(sit, show, qtbot, centre)
    item_id = two.promised()
    two.until(lambda: two.here.settled() and two.there.settled())
    for one in two.windows:
        one.line.cut()
        two.until(one.down)
    first = two.take(two.there)
    two.here.clock.now += MINUTE  # the later hand, whatever comes first to the centre
    second = two.take(two.here)
    assert (first.id, second.id) == (item_id, item_id)
    two.there.clock.now += MINUTE
    lost: list[Any] = []
    two.windows[two.here].queue_model.lost.connect(lost.append)
    two.here.line.up = two.there.line.up = True
    for one in two.windows:
        two.until(partial(two.knows_both, one, item_id))
    two.until(lambda: lost)
    assert (lost[0].staff, lost[0].item_id) == (THERE, item_id)
    window = two.at(two.here)
    window.queue_page.read.click()  # reaches for what is not theirs
    two.until(lambda: window.queue_model.in_hand is None)
    assert window.queue_model.words is None
    assert two.take(two.here) is None
    assert len(two.claims(two.here, item_id)) == 2, "whoever lost it takes it no further time"
    two.until(lambda: len(two.digests()) == 1)
    for one in two.windows:
        one.clock.now += 11 * MINUTE  # both leases have run out, nobody has called
        two.windows[one].queue_model.refresh()
    assert two.take(two.here).id == item_id
    two.until(lambda: two.holder(two.there) == HERE)
    two.until(lambda: len(two.digests()) == 1)
