"""Clocks and referrals of a case: what is due in words, to whom it was passed on, each try to reach them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop.store.reads import CaseView
from desktop.ui.case.facts import FactWords, clock_words, referral_state
from desktop.ui.case.viewmodel import CaseModel
from desktop.ui.forms.definition import FormDefinition
from desktop.ui.forms.form import FormView
from desktop.ui.theme.look import Look
from desktop.ui.widgets.said import Card, Mark, Said, button, empty, has_caret, line
from desktop.ui.words import tr, when_text
from domain.codes.catalogue import Catalogue
from domain.codes.places import Places


class ClocksCard(Card):
    """Each running deadline: shape, name, time that remains; rewritten every half minute."""

    def __init__(self) -> None:
        super().__init__(margins=16, space=4)
        self.inside.addWidget(Said(tr("Thời hạn"), "section"))
        self._rows: list[tuple[Mark, Said]] = []

    def show_clocks(self, view: CaseView, now_ms: int) -> None:
        """Write the clocks of this case."""
        for place, clock in enumerate(view.clocks):
            if place == len(self._rows):
                row = QHBoxLayout()
                made = (Mark(wraps=True), Said("", "strong"))
                row.addWidget(made[0], 1)
                row.addWidget(made[1])
                self.inside.addLayout(row)
                self._rows.append(made)
            status, name, words = clock_words(clock, now_ms)
            mark, left = self._rows[place]
            mark.say(status, name)
            left.setText(words)
            mark.show()
            left.show()
        for mark, left in self._rows[len(view.clocks) :]:
            mark.hide()
            left.hide()
        self.setVisible(bool(view.clocks))


class StepForm(QWidget):
    """A small form that opens in place: save with Ctrl+Enter, close with Esc; its words stay until saved."""

    wanted = Signal(object)

    def __init__(
        self,
        definition: FormDefinition,
        catalogue: Catalogue,
        places: Places,
        today: Callable[[], date],
        look: Look,
        save_words: str,
    ) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 4)
        column.setSpacing(8)
        self.form = FormView(definition, catalogue, places, today, look, narrow=True)
        column.addWidget(self.form)
        row = QHBoxLayout()
        self.save = button(f"save_{definition.id}", save_words, "main")
        self.save.clicked.connect(self.save_now)
        row.addStretch(1)
        row.addWidget(self.save)
        column.addLayout(row)
        self.hide()

    def open(self) -> None:
        """Show it and put the caret in."""
        self.show()
        self.form.focus_first()

    @Slot()
    def save_now(self) -> None:
        """Hand the values over."""
        values = self.form.values()
        if values:
            self.wanted.emit(values)

    def done(self) -> None:
        """It was saved: empty and away."""
        self.form.put({})
        self.hide()


class ReferralsCard(Card):
    """Referrals with their tries, and two small forms."""

    def __init__(
        self,
        model: CaseModel,
        words: FactWords,
        definitions: dict[str, FormDefinition],
        catalogue: Catalogue,
        places: Places,
        today: Callable[[], date],
        look: Look,
    ) -> None:
        super().__init__(margins=16, space=8)
        self._model, self._words = model, words
        self._target: str | None = None
        self._open_form: StepForm | None = None
        head = QHBoxLayout()
        head.addWidget(Said(tr("Chuyển gửi"), "section"), 1)
        self.refer = button("add_referral", tr("Chuyển đến…"))
        self.refer.clicked.connect(self._refer)
        head.addWidget(self.refer)
        self.inside.addLayout(head)
        self._list = QVBoxLayout()
        self._list.setSpacing(4)
        self.inside.addLayout(self._list)
        self.referral = StepForm(definitions["referral"], catalogue, places, today, look, tr("Lưu chuyển gửi"))
        self.attempt = StepForm(definitions["attempt"], catalogue, places, today, look, tr("Lưu lần liên hệ"))
        self.referral.wanted.connect(self._save_referral)
        self.attempt.wanted.connect(self._save_attempt)
        self.inside.addWidget(self.referral)
        self.inside.addWidget(self.attempt)
        model.step_saved.connect(self._saved)

    def show_referrals(self, view: CaseView, now_ms: int) -> None:
        """Write the referrals of this case, newest last, each with its tries and a button for the next."""
        empty(self._list)
        for place, row in enumerate(view.referrals):
            referral = row.referral
            if place:
                self._list.addWidget(line())
            kind = self._words.code("referral_agency_kind", referral.to_kind)
            self._list.addWidget(Said(", ".join(part for part in (kind, referral.to_name) if part), wraps=True))
            self._list.addWidget(Mark(*referral_state(referral.status)))
            for attempt in row.attempts:
                tried = self._words.code("attempt_result", attempt.result)
                at = when_text(attempt.at, now_ms) if attempt.at else ""
                self._list.addWidget(Said(f"{at} · {tried}", "caption"))
            made = button("log_attempt", tr("Ghi lần liên hệ…"))
            made.clicked.connect(Try(self, referral.id, made).start)
            self._list.addWidget(made)
        if not view.referrals:
            self._list.addWidget(Said(tr("Chưa chuyển đến đâu."), "muted"))

    @Slot()
    def _refer(self) -> None:
        self.attempt.hide()
        self._open_form = self.referral
        self.referral.open()

    def start_try(self, referral_id: str) -> None:
        """Log a try to reach this referral's receiver."""
        self._target = referral_id
        self.referral.hide()
        self._open_form = self.attempt
        self.attempt.open()

    @Slot(object)
    def _save_referral(self, values: dict[str, object]) -> None:
        if values.get("to_kind"):
            self._model.add_referral(str(values["to_kind"]), str(values.get("to_name", "")))

    @Slot(object)
    def _save_attempt(self, values: dict[str, object]) -> None:
        if self._target is not None and values.get("result"):
            self._model.log_attempt(self._target, str(values["result"]), str(values.get("remark", "")))

    @Slot()
    def _saved(self) -> None:
        if self._open_form is not None:
            self._open_form.done()
            self._open_form = None
            self.refer.setFocus()

    def save_open(self) -> bool:
        """Ctrl+Enter while one of the small forms has the caret."""
        for form in (self.referral, self.attempt):
            if form.isVisible() and has_caret(form):
                form.save_now()
                return True
        return False

    def back(self) -> bool:
        """Esc: close the small form; its words stay in it."""
        for form in (self.referral, self.attempt):
            if form.isVisible():
                form.hide()
                self.refer.setFocus()
                return True
        return False


class Try(QWidget):
    """The button's own bound method for one referral."""

    def __init__(self, card: ReferralsCard, referral_id: str, owner: QWidget) -> None:
        super().__init__(owner)
        self._card, self._referral = card, referral_id
        self.hide()

    def start(self) -> None:
        """Open the form for this referral."""
        self._card.start_try(self._referral)
