"""Values that differ between two places, side by side; a person chooses by digit, both stay in the history."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QWidget

from desktop.ui.case.facts import FactWords
from desktop.ui.case.viewmodel import CaseModel, Dispute
from desktop.ui.theme.tokens import Status
from desktop.ui.widgets.said import Card, Mark, Said, empty
from desktop.ui.words import tr


class DisputesCard(Card):
    """Shown only while something waits for a decision."""

    def __init__(self, model: CaseModel, words: FactWords) -> None:
        super().__init__("note", margins=12, space=4)
        self._model, self._words = model, words
        self._disputes: list[Dispute] = []

    def show_disputes(self) -> None:
        """Write the card anew from the open dossier."""
        found = self._model.disputes()
        if found == self._disputes:
            self.setVisible(bool(found))
            return
        self._disputes = found
        empty(self.inside)
        for place, dispute in enumerate(found):
            self.inside.addWidget(self._one(dispute, first=place == 0))
        self.setVisible(bool(found))

    def _one(self, dispute: Dispute, *, first: bool) -> QWidget:
        part = Card("plain", margins=0, space=4)
        count = len(dispute.values)
        head = tr("{field}: {count} giá trị khác nhau").format(
            field=self._words.label(dispute.kind, dispute.field), count=count
        )
        part.inside.addWidget(Mark(Status.CONFLICT, head, "strong"))
        if dispute.masked:
            how = tr("Giá trị đang được che: bấm Shift+F12 hiện ra rồi chọn.")
            part.inside.addWidget(Mark(Status.WAITING, how, wraps=True))
        elif first:
            part.inside.addWidget(
                Said(tr("Bấm số để chọn giá trị đúng; giá trị kia vẫn còn trong lịch sử."), "caption", wraps=True)
            )
        now = self._model.clock.now_ms()
        for place, value in enumerate(dispute.values):
            words = self._words.value(dispute.kind, dispute.field, value, now)
            made = DisputeButton(place, words, count)
            made.setAccessibleName(f"{head}: {words}")
            made.setEnabled(not dispute.masked)
            made.chosen.connect(Decision(self._model, dispute, made).take)
            part.inside.addWidget(made)
        return part


class Decision(QWidget):
    """One possible decision; lives as long as its button."""

    def __init__(self, model: CaseModel, dispute: Dispute, owner: QWidget) -> None:
        super().__init__(owner)
        self._model, self._dispute = model, dispute
        self.hide()

    def take(self, place: int) -> None:
        """Decide for the value at this place."""
        self._model.resolve(self._dispute, place)


class DisputeButton(QPushButton):
    """One value; its own digit, Enter or Space chooses, the other digits choose the others."""

    chosen = Signal(int)

    def __init__(self, place: int, words: str, count: int) -> None:
        super().__init__()
        self._place, self._count = place, count
        self.setObjectName(f"action.choose.{place + 1}")
        self.setProperty("role", "key")
        self.setAutoDefault(False)
        inside = QHBoxLayout(self)  # a whole value, wrapped: what is to be chosen is never cut
        inside.setContentsMargins(8, 2, 8, 4)
        inside.setSpacing(8)
        for label, stretch in ((Said(str(place + 1), "strong"), 0), (Said(words, wraps=True), 1)):
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            inside.addWidget(label, stretch, Qt.AlignmentFlag.AlignTop)
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.clicked.connect(self._clicked)

    def _clicked(self) -> None:
        self.chosen.emit(self._place)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Digits choose at once."""
        text = event.text()
        place = int(text) - 1 if text.isascii() and text.isdecimal() else -1
        if 0 <= place < self._count:
            self.chosen.emit(place)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            self.chosen.emit(self._place)
        else:
            super().keyPressEvent(event)
