"""One form on the screen: the form itself, what is worth asking, what is kept, trouble in a sentence."""

from __future__ import annotations

from datetime import date

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop.operations.intake import FORM_REPORT
from desktop.ui.forms.definition import FormDefinition
from desktop.ui.forms.form import FormView
from desktop.ui.intake.viewmodel import IntakeModel, field_of
from desktop.ui.theme.look import Look
from desktop.ui.theme.measure import Measure
from desktop.ui.theme.tokens import Status
from desktop.ui.widgets.said import Card, Mark, Said, button, empty
from desktop.ui.widgets.scrolled import Scrolled
from desktop.ui.words import clock_text, minute_text, span_text, spoken, tr
from domain.clock import Clock, vn_date
from domain.codes.catalogue import Catalogue
from domain.codes.places import Places
from sync.troubles import Trouble


class Sheet(QWidget):
    """A form instance with its side panel. `finished` tells that its tab can close."""

    finished = Signal(object)
    put_away = Signal(object)
    titled = Signal()

    def __init__(
        self,
        model: IntakeModel,
        definitions: dict[str, FormDefinition],
        catalogue: Catalogue,
        places: Places,
        clock: Clock,
        look: Look,
    ) -> None:
        super().__init__()
        self.model = model
        self.parked = False
        self._look, self._narrow = look, False
        self._definitions, self._catalogue, self._places, self._clock = definitions, catalogue, places, clock
        self._sure = QTimer(self)
        self._sure.setSingleShot(True)
        self._sure.setInterval(5_000)
        self._sure.timeout.connect(self._unsure)
        self.form = self._new_form()
        self._wrap = QWidget()
        self._wrap.setObjectName("page")
        self._inner = QVBoxLayout(self._wrap)
        self._inner.setContentsMargins(0, 0, 16, 0)
        self._inner.addWidget(self.form)
        self._scroll = Scrolled(self._wrap)

        self.trouble = Card("warn", margins=12)
        self.trouble_words = Mark(Status.URGENT, "", wraps=True)
        self.trouble.inside.addWidget(self.trouble_words)
        self.trouble.hide()
        self.kept = Mark(Status.QUIET, tr("Chưa có gì để lưu"), wraps=True)
        self.save = button("save_form.main", tr("Lưu  Ctrl+Enter"), "main")
        self.save.clicked.connect(self.save_now)
        self.raise_report = button("open_report.here", tr("Thành báo tin  F9"))
        self.raise_report.clicked.connect(self.upgrade)
        self.away = button("put_away", tr("Bỏ biểu mẫu này"), "link")
        self.away.clicked.connect(self._away_pressed)
        side = Card(margins=16, space=8)
        self._side = side
        self._measure = Measure(side, look, width=272)
        self.title = Said("", "section", wraps=True)
        side.inside.addWidget(self.title)
        side.inside.addWidget(self.save)
        side.inside.addWidget(self.raise_report)
        side.inside.addWidget(self.kept)
        side.inside.addWidget(Said(tr("Nên hỏi thêm"), "strong"))
        side.inside.addWidget(Said(tr("Lưu lúc nào cũng được, thiếu cũng được."), "caption", wraps=True))
        self._findings = QVBoxLayout()
        self._findings.setSpacing(4)
        side.inside.addLayout(self._findings)
        side.inside.addStretch(1)
        side.inside.addWidget(self.away)

        middle = QVBoxLayout()
        middle.setSpacing(8)
        middle.addWidget(self.trouble)
        middle.addWidget(self._scroll, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        row.addLayout(middle, 1)
        row.addWidget(side)
        self._row = row
        model.draft_kept.connect(self._draft_kept)
        model.trouble.connect(self.show_trouble)
        model.saved.connect(self._saved)
        model.busy_changed.connect(self._busy)
        self._said: tuple[str, ...] = ()
        self._head()
        self._look_over()

    def reflow(self, narrow: bool) -> None:
        """Where there is little room the panel stands under the form, and labels above their boxes."""
        if narrow == self._narrow:
            return
        self._narrow = narrow
        (self._inner if narrow else self._row).addWidget(self._side)
        self._measure.let_go(narrow)
        self.form.reflow(narrow)

    def _new_form(self) -> FormView:
        narrow = self._narrow
        form = FormView(
            self._definitions[self.model.form], self._catalogue, self._places, self._today, self._look, narrow=narrow
        )
        form.changed.connect(self._changed)
        form.put(self.model.values)
        return form

    def _today(self) -> date:
        return vn_date(self._clock.now_ms())

    def _head(self) -> None:
        report = self.model.form == FORM_REPORT
        self.title.setText(tr("Báo tin (Mẫu 01)") if report else tr("Hồ sơ tư vấn"))
        self.raise_report.setVisible(not report)
        self.titled.emit()

    def tab_words(self) -> str:
        """What the tab says: kind, time begun, how long parked. Never a name."""
        kind = tr("Báo tin") if self.model.form == FORM_REPORT else tr("Hồ sơ")
        begun = minute_text(self.model.begun_at)
        if self.parked or self.model.restored:
            age = span_text(self._clock.now_ms() - self.model.begun_at)
            return tr("{kind} {time}, gác {age}").format(kind=kind, time=begun, age=age)
        return f"{kind} {begun}"

    @Slot()
    def _changed(self) -> None:
        self.model.changed(self.form.values())
        self.kept.say(Status.WAITING, tr("Đang ghi nháp…"))
        self._look_over()

    @Slot(object)
    def _draft_kept(self, at_ms: int) -> None:
        self.kept.say(Status.WAITING, tr("Đã lưu nháp trên máy này {time}").format(time=clock_text(at_ms)))

    def _look_over(self) -> None:
        found = self.model.findings() if self.model.values else ()
        sentences: dict[str, str] = {}
        for finding in found:
            sentences.setdefault(field_of(finding), spoken(finding.sentence))
        if self.model.values:
            for name, sentence in self.form.owed().items():
                sentences.setdefault(name, spoken(sentence))
        for name in self.form.unresolved():
            sentences[name] = tr("Chữ này chưa chọn từ danh sách: bấm Enter để chọn.")
        self.form.point_at(sentences)
        said = tuple(sentences.values())[:8]
        if said == self._said:
            return
        self._said = said
        empty(self._findings)
        for sentence in said:
            self._findings.addWidget(Mark(Status.WAITING, sentence, wraps=True))

    def commit_typing(self) -> None:
        """Let the input method hand over what is being composed, before anything else happens."""
        QGuiApplication.inputMethod().commit()

    @Slot()
    def save_now(self) -> None:
        """Ctrl+Enter."""
        self.commit_typing()
        self.trouble.hide()
        self.model.save(self.form.values())

    @Slot()
    def _busy(self) -> None:
        self.save.setEnabled(not self.model.saving)
        if self.model.saving:
            self.kept.say(Status.MOVING, tr("Đang lưu…"))

    @Slot(object)
    def _saved(self, result: object) -> None:
        self.finished.emit(result)

    @Slot(object)
    def show_trouble(self, fault: object) -> None:
        """One sentence that says what to do; every word stays in its box."""
        self.trouble_words.say(Status.URGENT, advice_of(fault))
        self.trouble.show()
        self.kept.say(Status.WAITING, tr("Chưa lưu. Mọi chữ vẫn còn trên màn hình."))
        self.form.focus_on(str(getattr(fault, "field", "")))

    def tell(self, status: Status, sentence: str) -> None:
        """One sentence above the form that stays until the form is saved; no word, caret or box is touched."""
        self.trouble_words.say(status, sentence)
        self.trouble.show()

    @Slot()
    def upgrade(self) -> None:
        """F8 becomes F9: the same values in the report's order."""
        if self.model.form == FORM_REPORT:
            return
        self.commit_typing()
        self.model.values = self.form.values()
        self.model.upgrade()
        old = self.form
        self.form = self._new_form()
        self._inner.replaceWidget(old, self.form)
        self.form.show()  # a layout shows a new child only at the next turn of the loop: too late for the caret
        old.hide()
        old.deleteLater()
        self._head()
        self._look_over()
        self.form.focus_first()

    @Slot()
    def _away_pressed(self) -> None:
        if not self._sure.isActive():
            self.away.setText(tr("Bấm lần nữa để bỏ hẳn"))
            self._sure.start()
            return
        self._sure.stop()
        self.model.discard()
        self.put_away.emit(self)

    def _unsure(self) -> None:
        self.away.setText(tr("Bỏ biểu mẫu này"))


def advice_of(fault: object) -> str:
    """The sentence of a trouble; an unexpected fault has a sentence of its own and no technical word."""
    if isinstance(fault, Trouble):
        return spoken(fault.advice)
    return tr("Phần mềm gặp lỗi nên chưa lưu được. Mọi chữ vẫn còn trên màn hình: hãy thử lưu lại và báo kỹ thuật.")
