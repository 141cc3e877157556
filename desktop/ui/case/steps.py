"""Clocks and referrals of a case: what is due in words, to whom it was passed on, each try to reach them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop.store.drafts import Draft
from desktop.store.reads import CaseView
from desktop.ui.case.facts import FactWords, clock_words, referral_state
from desktop.ui.case.viewmodel import CaseModel
from desktop.ui.drafts import Keeper
from desktop.ui.forms.definition import FormDefinition
from desktop.ui.forms.form import FormValues, FormView
from desktop.ui.theme.look import Look
from desktop.ui.theme.tokens import Status
from desktop.ui.widgets.said import Card, Mark, Said, button, empty, has_caret, line
from desktop.ui.words import clock_text, tr, when_text
from domain.codes.catalogue import Catalogue
from domain.codes.places import Places

if TYPE_CHECKING:
    from desktop.background.lanes import StoreLane


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
    """A small form that opens in place: save with Ctrl+Enter, close with Esc. What is written in it belongs to one
    record (`turn_to`) and is kept as its draft until it is saved; in front of another record it never stands."""

    wanted = Signal(object)
    trouble = Signal(object)

    def __init__(
        self,
        lane: StoreLane,
        staff: str,
        definition: FormDefinition,
        catalogue: Catalogue,
        places: Places,
        today: Callable[[], date],
        look: Look,
        save_words: str,
        must: str,
    ) -> None:
        super().__init__()
        self._lane, self._staff, self._name, self._must = lane, staff, definition.id, must
        self.about = ""
        self._keeper: Keeper | None = None
        self._sent: tuple[Keeper, FormValues] | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 4)
        column.setSpacing(8)
        self.form = FormView(definition, catalogue, places, today, look, narrow=True)
        self.form.changed.connect(self._changed)
        column.addWidget(self.form)
        row = QHBoxLayout()
        self.state = Mark(Status.QUIET, "", wraps=True)
        self.save = button(f"save_{definition.id}", save_words, "main")
        self.save.clicked.connect(self.save_now)
        row.addWidget(self.state, 1)
        row.addWidget(self.save)
        column.addLayout(row)
        self.hide()

    def turn_to(self, about: str) -> None:
        """From now on it is about this record: what was begun about the former one stays its draft, its own comes
        back."""
        if about == self.about:
            return
        if self._keeper is not None:
            self._keeper.leave()
        self.about, self._keeper = about, None
        self.form.put({})
        self.state.say(Status.QUIET, "")
        if about:
            self._keeper = Keeper(self._lane, self._staff, self._name, about)
            self._keeper.kept.connect(self._was_kept)
            self._keeper.found.connect(self._found)
            self._keeper.trouble.connect(self.trouble)
            self._keeper.look()

    def _found(self, draft: Draft) -> None:
        if draft.about == self.about and not self.form.values():
            self.form.put(draft.data)
            self.state.say(
                Status.WAITING, tr("Khôi phục bản nháp {time}").format(time=clock_text(draft.saved_at))
            )

    @Slot()
    def _changed(self) -> None:
        self.form.point_at(self.form.owed())
        if self._keeper is not None:
            self._keeper.changed(self.form.values())

    def _was_kept(self, at_ms: int) -> None:
        self.state.say(Status.WAITING, tr("Đã lưu nháp {time}").format(time=clock_text(at_ms)))

    def open(self) -> None:
        """Show it and put the caret in."""
        self.show()
        self.form.focus_first()

    @Slot()
    def save_now(self) -> None:
        """Hand the values over; without its one necessary value it says which."""
        QGuiApplication.inputMethod().commit()
        values = self.form.values()
        if self._keeper is None or self._sent is not None:
            return
        if not values.get(self._must):
            words = tr("Cần có «{label}» mới lưu được.").format(label=self.form.label_of(self._must))
            self.state.say(Status.URGENT, words)
            self.form.point_at({self._must: words})
            self.form.focus_on(self._must)
            return
        self._sent = (self._keeper, values)
        self.wanted.emit(values)

    def saved(self) -> bool:
        """It was saved: its draft goes, and what is written in it unless more was typed meanwhile. Answers whether
        it is done with."""
        sent, self._sent = self._sent, None
        if sent is None:
            return False
        sent[0].drop()
        if sent[0] is not self._keeper:
            return False
        if self.form.values() != sent[1]:
            self._changed()
            self.state.say(Status.WAITING, tr("Đã lưu. Chữ gõ sau đó chưa lưu: Ctrl+Enter lần nữa."))
            return False
        self.form.put({})
        self.state.say(Status.QUIET, "")
        self.hide()
        return True

    def not_saved(self) -> None:
        """What was handed over came to nothing; every word stands in its box."""
        self._sent = None

    def keep_now(self) -> None:
        """The window closes or locks, or another record comes in front."""
        if self._keeper is not None:
            self._keeper.keep_now()


class ReferralsCard(Card):
    """Referrals with their tries, and two small forms."""

    def __init__(
        self,
        model: CaseModel,
        lane: StoreLane,
        staff: str,
        words: FactWords,
        definitions: dict[str, FormDefinition],
        catalogue: Catalogue,
        places: Places,
        today: Callable[[], date],
        look: Look,
    ) -> None:
        super().__init__(margins=16, space=8)
        self._model, self._words = model, words
        head = QHBoxLayout()
        head.addWidget(Said(tr("Chuyển gửi"), "section"), 1)
        self.refer = button("add_referral", tr("Chuyển đến…"))
        self.refer.clicked.connect(self._refer)
        head.addWidget(self.refer)
        self.inside.addLayout(head)
        self._list = QVBoxLayout()
        self._list.setSpacing(4)
        self.inside.addLayout(self._list)
        given = (catalogue, places, today, look)
        self.referral = StepForm(lane, staff, definitions["referral"], *given, tr("Lưu chuyển gửi"), "to_kind")
        self.attempt = StepForm(lane, staff, definitions["attempt"], *given, tr("Lưu lần liên hệ"), "result")
        self.referral.wanted.connect(self._save_referral)
        self.attempt.wanted.connect(self._save_attempt)
        for form in (self.referral, self.attempt):
            form.trouble.connect(model.trouble)
            self.inside.addWidget(form)
        model.step_saved.connect(self._saved)
        model.step_failed.connect(self._not_saved)

    def turn_to(self, case_id: str) -> None:
        """Another dossier is in front, or none: nothing begun about the former one may be saved into it."""
        for form in (self.referral, self.attempt):
            form.hide()
        self.referral.turn_to(case_id)
        self.attempt.turn_to("")

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
        self.referral.open()

    def start_try(self, referral_id: str) -> None:
        """Log a try to reach this referral's receiver."""
        self.referral.hide()
        self.attempt.turn_to(referral_id)
        self.attempt.open()

    @Slot(object)
    def _save_referral(self, values: dict[str, object]) -> None:
        self._model.add_referral(self.referral.about, str(values["to_kind"]), str(values.get("to_name", "")))

    @Slot(object)
    def _save_attempt(self, values: dict[str, object]) -> None:
        self._model.log_attempt(self.attempt.about, str(values["result"]), str(values.get("remark", "")))

    @Slot()
    def _saved(self) -> None:
        if self.referral.saved() or self.attempt.saved():
            self.refer.setFocus()

    @Slot()
    def _not_saved(self) -> None:
        for form in (self.referral, self.attempt):
            form.not_saved()

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

    def keep_now(self) -> None:
        """The window closes or locks."""
        for form in (self.referral, self.attempt):
            form.keep_now()


class Try(QWidget):
    """The button's own bound method for one referral."""

    def __init__(self, card: ReferralsCard, referral_id: str, owner: QWidget) -> None:
        super().__init__(owner)
        self._card, self._referral = card, referral_id
        self.hide()

    def start(self) -> None:
        """Open the form for this referral."""
        self._card.start_try(self._referral)
