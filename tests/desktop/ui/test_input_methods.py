"""Vietnamese typed into every text field of the desk: nothing lost, nothing doubled, however the letters come."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import cast

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit, QTextEdit, QWidget

from desktop.ui.main_window import MainWindow
from domain.text import nfc
from tests.conftest import SOAK
from tests.desktop.ui.conftest import press
from tests.desktop.ui.test_every_screen_is_legible import full, screens  # noqa: F401 - a fixture
from tests.desktop.ui.walking import settled
from tests.ime import telex
from tests.ime.said import CORRECTIONS, SAID
from tests.ime.streams import COMPOSED, TYPED_OVER, Stream, streams

ALL = streams()


def shown(window: MainWindow) -> Iterator[str]:
    """The screens one after the other, each in front while its fields are typed into."""
    yield from screens(window)
    press(window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    yield settled("palette")


def fields(window: MainWindow) -> Iterator[tuple[str, QWidget]]:
    """Each field that takes text, once, when its screen is shown."""
    seen: set[int] = set()
    for screen in shown(window):
        for kind in (QLineEdit, QPlainTextEdit, QTextEdit):
            for field in cast("list[QLineEdit]", window.findChildren(kind)):  # the three share what is asked here
                if field.isVisible() and field.isEnabled() and not field.isReadOnly() and id(field) not in seen:
                    seen.add(id(field))
                    yield f"{screen}: {field.objectName() or field.accessibleName()}", field


def text_of(field: QWidget) -> str:
    if isinstance(field, QLineEdit):
        return field.text()
    assert isinstance(field, QPlainTextEdit | QTextEdit)
    return field.toPlainText()


def typed(field: QWidget, stream: Stream) -> str:
    """The field's text after the stream came into it, empty before."""
    assert isinstance(field, QLineEdit | QPlainTextEdit | QTextEdit)
    field.setFocus()
    field.selectAll()
    press(field, Qt.Key.Key_Delete)
    QApplication.processEvents()
    assert text_of(field) == ""
    stream.play(field)
    assert QApplication.focusWidget() is field, "the keys were taken away while typing"
    stream.hand_over(field)
    QApplication.processEvents()
    return text_of(field)


def test_the_recorded_engine_makes_the_text_that_was_meant() -> None:
    wanted = [*SAID, *(text for _, text in CORRECTIONS)]
    assert [one.text for one in ALL] == [text for text in wanted for _ in (COMPOSED, TYPED_OVER)]
    for stream in ALL:
        made, composed = "", ""
        for what, text in (one for step in stream.steps for one in step):
            if what == "preedit":
                composed = text
            elif text == "\b":
                made = made[:-1]
            else:
                made += text
                composed = "" if what == "commit" else composed
        assert made + composed == stream.text, stream.way


def test_telex_puts_marks_after_their_letters() -> None:
    assert telex.keys("Đặng Thị Hường") == "DDawngj Thij Huwowngf"
    with pytest.raises(ValueError, match="no Telex keys"):
        telex.keys("straße")


@pytest.mark.soak("typing")
def test_no_field_loses_or_doubles_a_letter(full: MainWindow) -> None:  # noqa: F811 - the fixture
    each = len(ALL) if SOAK else 2  # in the suite each field meets one stream of each way
    found: list[str] = []
    played, letters, start = 0, 0, time.monotonic()
    for where, field in fields(full):
        for turn in range(each):
            stream = ALL[(len(found) * each + turn) % len(ALL)]
            assert nfc(typed(field, stream)) == stream.text, f"{where}, {stream.way}"
            played, letters = played + 1, letters + len(stream.steps)
        found.append(where)
    took = time.monotonic() - start
    print(f"{len(found)} fields, {played} streams, {letters} keys, {letters / took:.0f} keys a second, 0 lost")
    assert len(found) >= 38, found
