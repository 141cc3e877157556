"""The form in which a dossier is changed: based on what stood when it was opened, kept as a draft until saved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout

from desktop.operations.seen import Seen, seen_in
from desktop.store.drafts import Draft
from desktop.store.reads import CaseView, ContactView
from desktop.ui.case.viewmodel import CaseModel
from desktop.ui.drafts import Keeper, Words
from desktop.ui.forms.form import FormView
from desktop.ui.intake.viewmodel import settled
from desktop.ui.theme.tokens import Status
from desktop.ui.widgets.said import Card, Mark, button, has_caret
from desktop.ui.words import clock_text, tr

if TYPE_CHECKING:
    from desktop.background.lanes import StoreLane


class Editor(Card):
    """`shown` says whether it stands in the place of the facts, also when words that were begun are found. `begun`:
    something is written in it and not saved; `had_keys`: whether the caret stood in it before it went."""

    shown = Signal(bool)

    def __init__(
        self, model: CaseModel, lane: StoreLane, staff: str, form: FormView, today: Callable[[], date]
    ) -> None:
        super().__init__(margins=16, space=8)
        self._model, self._lane, self._staff, self._today = model, lane, staff, today
        self.form = form
        self.form.changed.connect(self._changed)
        self.inside.addWidget(self.form)
        bottom = QHBoxLayout()
        self.kept = Mark(Status.QUIET, "", wraps=True)
        self.save = button("save_case", tr("Lưu  Ctrl+Enter"), "main")
        self.save.clicked.connect(self.save_now)
        bottom.addWidget(self.kept, 1)
        bottom.addWidget(self.save)
        self.inside.addLayout(bottom)
        self.begun = False
        self.had_keys = False
        self._about = self._was = ""
        self._keeper: Keeper | None = None
        self._before: dict[str, Any] = {}
        self._seen: Seen | None = None
        self._sent: tuple[Keeper, dict[str, Any]] | None = None
        self.hide()
        model.edit_saved.connect(self._saved)
        model.edit_failed.connect(self._not_saved)

    # Which dossier -------------------------------------------------------------------------------------------

    def turn_to(self, about: str, was: str = "") -> None:
        """Another dossier is open, or none: words begun in the former one stay its draft, its own come back. `was`:
        the file of a case. In front already, it became the case, and what is begun goes on as a change of the case,
        based on what was seen of the file."""
        before, self._was = self._about, was
        if was and before == was and self._keeper is not None:
            self._about = about
            changed = self.begun and self.form.values() != self._before
            self._keeper.follow(about, *(self._written() if changed else (None,)))
            return
        if about and about == self._about:  # opened once more: what is written stays as it is
            self._leave()
            return
        if self._keeper is not None:
            self._keeper.leave()
            self._keeper = None
        self._about = about
        self.stop()
        if about:
            self._look_for_words()

    def _look_for_words(self) -> None:
        self._keeper = Keeper(self._lane, self._staff, "case", self._about, self._was)
        self._keeper.kept.connect(self._was_kept)
        self._keeper.found.connect(self._found)
        self._keeper.trouble.connect(self._model.trouble)
        self._keeper.look()

    def _found(self, draft: Draft) -> None:
        untouched = not self.begun or self.form.values() == self._before
        if draft.about in (self._about, self._was) and untouched and self._keeper is not None:
            self._keeper.take_over(draft)
            self._before = dict(draft.data.get("begun", {}))
            self._seen = draft.bases.get("seen")
            self.form.put(draft.data.get("now", {}))
            self.begun, self.had_keys = True, False
            self.shown.emit(self.isVisible())

    def show_view(self, view: CaseView | ContactView) -> None:
        """The dossier was read again. What was typed while the rest was saved is based on what stands since then."""
        if self.begun and self._seen is None and self._before == self._standing(view):
            self._seen = seen_in(view.opened)

    # Writing -------------------------------------------------------------------------------------------------

    def values_to_show(self, view: CaseView | ContactView) -> Mapping[str, Any]:
        """What stands in the form once it is opened."""
        return self.form.values() if self.begun else self._standing(view)

    def _standing(self, view: CaseView | ContactView) -> dict[str, Any]:
        drawn = self.form.drawn()
        return {name: value for name, value in view.form.items() if name in drawn}

    def begin(self, view: CaseView | ContactView) -> None:
        """Filled with what stands now, or as it was left."""
        if not self.begun:
            self._before = self._standing(view)
            self._seen = seen_in(view.opened)
            self.form.put(self._before)
            self.begun = True
        self.show()
        self.shown.emit(True)
        self.form.focus_first()

    @Slot()
    def _changed(self) -> None:
        if self._keeper is not None:
            self._keeper.changed(*self._written())

    def _written(self) -> Words:
        written = {"begun": self._before, "now": self.form.values()}
        return written, {"seen": self._seen} if self._seen is not None else {}

    def _was_kept(self, at_ms: int) -> None:
        if self.begun:
            self.kept.say(Status.WAITING, tr("Đã lưu nháp {time}").format(time=clock_text(at_ms)))

    # Ends ----------------------------------------------------------------------------------------------------

    @Slot()
    def save_now(self) -> None:
        """Save what was changed; what was emptied is told as empty. What others wrote meanwhile stands beside it."""
        QGuiApplication.inputMethod().commit()
        if self._sent is not None or self._keeper is None:
            return
        now = settled(self.form.values(), {"child_age": tr("Tuổi của trẻ")}, self._today())
        changed = {name: value for name, value in now.items() if self._before.get(name) != value}
        changed |= {name: None for name in self._before if name not in now}
        if changed:
            self._sent = (self._keeper, self.form.values())
            self._model.set_fields(changed, self._seen)
        else:
            self._done()

    @Slot()
    def _saved(self) -> None:
        sent, self._sent = self._sent, None
        if sent is None:
            return
        if sent[0] is not self._keeper:  # another dossier is in front meanwhile
            sent[0].drop()
            return
        if self.form.values() == sent[1]:
            self._done()
            return
        # Something was typed between the key and the end of the saving: it stays, as a change of what is saved now.
        self._before, self._seen = sent[1], None
        self._changed()
        self.kept.say(Status.WAITING, tr("Đã lưu. Chữ gõ sau đó chưa lưu: Ctrl+Enter lần nữa."))

    @Slot()
    def _not_saved(self) -> None:
        self._sent = None

    def _done(self) -> None:
        if self._keeper is not None:
            self._keeper.drop()
        self.stop()
        if self._was:  # both the case and the file before it may have had words begun: now come the others
            self._look_for_words()

    def put_away(self) -> None:
        """Esc: the facts again; what is written stays."""
        self._leave()

    def stop(self) -> None:
        """The form goes, empty; what was not saved in it is kept as a draft where one was begun."""
        self.begun, self._before, self._seen = False, {}, None
        self.kept.say(Status.QUIET, "")
        self._leave()
        self.form.put({})

    def _leave(self) -> None:
        self.had_keys = has_caret(self)
        self.hide()
        self.shown.emit(False)

    def keep_now(self) -> None:
        """The window closes or locks."""
        if self._keeper is not None:
            self._keeper.keep_now()
