"""The calls list: the newest call is in sight, unless a person scrolled down to read; the mark stays on its row."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from desktop.store.reads import CallRow
from desktop.ui.calls.table_model import CallsTable
from desktop.ui.main_window import MainWindow
from tests.desktop.ui.conftest import HandClock

CUT = 60


def row(n: int, outcome: str | None = "silent") -> CallRow:
    return CallRow(
        id=f"call-{n}",
        ring_at=n * 1_000,
        answer_at=n * 1_000,
        end_at=None,
        outcome_by=None,
        outcome_at=None,
        disposition=None,
        number="+84900081502",
        outcome=outcome,
        seat="AG03",
        direction="inbound",
        saved_at_centre=True,
        contact_id=None,
        siblings=0,
        by_hand=False,
    )


def newest(upto: int) -> list[CallRow]:
    """The newest rows of a day that has had so many calls, cut as the view-model cuts them."""
    return [row(n) for n in range(upto, max(0, upto - CUT), -1)]


def come(window: MainWindow, upto: int) -> None:
    window.calls.rows = newest(upto)
    window.calls.rows_changed.emit()


def first_seen(window: MainWindow) -> str:
    table = window.calls_page.table
    found = window.calls_page.rows.row_at(table.rowAt(0))
    assert found is not None
    return found.id


def test_the_newest_call_stays_in_sight_though_a_row_below_has_the_mark(window: MainWindow, qtbot: QtBot) -> None:
    come(window, CUT)
    window.calls_page.table.setFocus()
    window.calls_page.table.setCurrentIndex(window.calls_page.rows.index(2, 0))
    for upto in range(CUT + 1, CUT + 40):
        come(window, upto)
    assert first_seen(window) == f"call-{CUT + 39}"
    kept = window.calls_page.rows.row_at(window.calls_page.table.currentIndex().row())
    assert kept is not None
    assert kept.id == f"call-{CUT - 2}"


def test_a_person_who_scrolled_down_is_not_pulled_back_up(window: MainWindow, qtbot: QtBot) -> None:
    come(window, CUT)
    window.calls_page.table.scrollToBottom()
    before = window.calls_page.table.verticalScrollBar().value()
    assert before > 0
    come(window, CUT + 1)
    assert window.calls_page.table.verticalScrollBar().value() >= before


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ([], [3, 2, 1]),
        ([3, 2, 1], [5, 4, 3, 2, 1]),
        ([3, 2, 1], [4, 3, 2]),
        ([3, 2, 1], [3, 1]),
        ([3, 2, 1], [6, 5, 4]),
        ([3, 2, 1], []),
        ([3, 1], [3, 2, 1]),
    ],
)
def test_the_table_holds_what_it_was_given(old: list[int], new: list[int]) -> None:
    table = CallsTable({}, {})  # type: ignore[arg-type]  # the words of outcomes are not read here
    table.show([row(n, None) for n in old])
    table.show([row(n, None) for n in new])
    assert [table.row_at(place).id for place in range(table.rowCount())] == [f"call-{n}" for n in new]  # type: ignore[union-attr]  # every place below rowCount has a row


def test_a_call_that_pushes_the_oldest_out_does_not_reset_the_table(clock: HandClock, qtbot: QtBot) -> None:
    table = CallsTable({}, {})  # type: ignore[arg-type]  # the words of outcomes are not read here
    table.show([row(n) for n in (3, 2, 1)])
    with qtbot.assertNotEmitted(table.modelReset):
        table.show([row(n) for n in (4, 3, 2)])
