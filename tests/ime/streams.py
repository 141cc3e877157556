"""The two ways in which Vietnamese comes to a window: composed by an input method, or typed over by Backspaces."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QInputMethodEvent, QKeyEvent
from PySide6.QtWidgets import QApplication, QWidget

RECORDED = Path(__file__).parents[1] / "data" / "ime" / "ibus_unikey.json"


@dataclass(frozen=True)
class Stream:
    """A text, and the steps by which one engine brings it: a step is what one pressed key sends to the window."""

    way: str
    text: str
    steps: tuple[tuple[tuple[str, str], ...], ...]

    def play(self, field: QWidget) -> None:
        """Send every step to this field, turning the event loop between keys as between any two."""
        for step in self.steps:
            for what, text in step:
                _send(field, what, text)
            QApplication.processEvents()

    def hand_over(self, field: QWidget) -> None:
        """What the engine does when the field is left: the word being composed is committed."""
        if self.way == COMPOSED:
            left = self._composed()
            if left:
                _send(field, "commit", left)

    def _composed(self) -> str:
        sent = [one for step in self.steps for one in step if one[0] in ("preedit", "commit")]
        return sent[-1][1] if sent and sent[-1][0] == "preedit" else ""


COMPOSED = "ibus-unikey, recorded"
TYPED_OVER = "UniKey by Backspace, modelled on the recorded words"


def streams() -> list[Stream]:
    """Every recorded text in both ways. The last key of each, Enter, is left out: it acts, it does not type."""
    recorded = json.loads(RECORDED.read_text(encoding="utf-8"))["streams"]
    found = []
    for one in recorded:
        keys = one["keys"][:-1]
        found.append(Stream(COMPOSED, one["text"], tuple(tuple(_recorded(key)) for key in keys)))
        found.append(Stream(TYPED_OVER, one["text"], tuple(_typed_over(keys))))
    return found


def _recorded(key: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for what, *told in key["told"]:
        if what not in ("preedit", "commit"):
            raise ValueError(f"a recorded event of another kind: {what}")
        yield what, str(told[0])
    if not key["taken"]:
        yield "key", str(key["key"])


def _typed_over(keys: list[dict[str, Any]]) -> Iterator[tuple[tuple[str, str], ...]]:
    """UniKey for Windows keeps no composed text: it lets plain letters through, and where the word changes otherwise
    it sends Backspaces and types the end of the word again."""
    word = ""
    for key in keys:
        shown, committed = word, ""
        for what, *told in key["told"]:
            if what == "commit":
                committed, shown = committed + str(told[0]), ""
            else:
                shown = str(told[0])
        wanted = committed + shown
        if not key["taken"]:
            wanted = word + ("" if key["key"] == "\b" else str(key["key"]))
        same = len([1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(word, wanted, strict=False))])
        step = [("key", "\b")] * (len(word) - same) + [("key", letter) for letter in wanted[same:]]
        if not key["taken"] and key["key"] == "\b":
            step = [("key", "\b")]
        yield tuple(step)
        word = "" if committed or not key["taken"] else shown


def _send(field: QWidget, what: str, text: str) -> None:
    if what == "key":
        code = Qt.Key.Key_Backspace if text == "\b" else Qt.Key(0)
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            QApplication.sendEvent(field, QKeyEvent(kind, code, Qt.KeyboardModifier.NoModifier, text))
        return
    cursor = QInputMethodEvent.Attribute(QInputMethodEvent.AttributeType.Cursor, len(text), 1, None)
    event = QInputMethodEvent(text if what == "preedit" else "", [cursor] if what == "preedit" and text else [])
    if what == "commit":
        event.setCommitString(text)
    QApplication.sendEvent(field, event)
