"""The timeline of a dossier and the box for the next note; what is written is never changed, only added to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from desktop.store.drafts import Draft
from desktop.store.reads import TimelineEntry
from desktop.ui.case.facts import FactWords
from desktop.ui.case.viewmodel import CaseModel
from desktop.ui.drafts import Keeper
from desktop.ui.forms.boxes import TextBox
from desktop.ui.theme.tokens import Status
from desktop.ui.widgets.said import Card, Mark, Said, button, empty, line
from desktop.ui.words import clock_text, tr, when_text
from domain.text import is_blank, odd_line

if TYPE_CHECKING:
    from desktop.background.lanes import StoreLane


class Timeline(Card):
    """Newest at the end, as one reads; the note box under it."""

    def __init__(self, model: CaseModel, lane: StoreLane, staff: str, words: FactWords) -> None:
        super().__init__(margins=16, space=8)
        self._model, self._lane, self._staff, self._words = model, lane, staff, words
        self._shown: tuple[TimelineEntry, ...] = ()
        self._about = self._was = ""
        self._keeper: Keeper | None = None
        self._sent: tuple[Keeper, str] | None = None
        self._down = QTimer(self)
        self._down.setSingleShot(True)
        self._down.setInterval(0)
        self._down.timeout.connect(self._to_end)
        self.inside.addWidget(Said(tr("Dòng thời gian"), "section"))
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setFocusPolicy(self._scroll.focusPolicy().NoFocus)
        inner = QWidget()
        self._entries = QVBoxLayout(inner)
        self._entries.setContentsMargins(0, 0, 8, 0)
        self._entries.setSpacing(8)
        self._scroll.setWidget(inner)
        self.inside.addWidget(self._scroll, 1)
        self.note = TextBox(3)
        self.note.setObjectName("field.note")
        self.note.setAccessibleName(tr("Ghi chép mới"))
        self.note.setPlaceholderText(tr("Ghi chép mới (Ctrl+Enter lưu)"))
        self.note.typed.connect(self._typed)
        self.inside.addWidget(self.note)
        row = QHBoxLayout()
        self.kept = Mark(Status.QUIET, "", wraps=True)
        self.save = button("save_note", tr("Lưu ghi chép  Ctrl+Enter"), "main")
        self.save.clicked.connect(self.save_now)
        row.addWidget(self.kept, 1)
        row.addWidget(self.save)
        self.inside.addLayout(row)
        model.note_saved.connect(self._saved)
        model.note_failed.connect(self._failed)

    def turn_to(self, about: str, was: str = "") -> None:
        """Another dossier is open: its own unfinished note comes back, the former one's is kept. `was`: the file of a
        case. In front already, it became the case: its unfinished note stays under the caret and goes on as the
        case's."""
        if about == self._about:
            return
        before, self._was = self._about, was
        if was and before == was and self._keeper is not None:
            self._about = about
            self._keeper.follow(about, {"text": self.note.whole_text()} if self.begun else None)
            return
        if self._keeper is not None:
            self._keeper.leave()
        self._about = about
        self.note.blockSignals(True)
        self.note.clear()
        self.note.blockSignals(False)
        self.kept.say(Status.QUIET, "")
        self._look_for_words()

    @property
    def begun(self) -> bool:
        """Whether something is written and not saved."""
        return bool(self.note.whole_text())

    def _look_for_words(self) -> None:
        self._keeper = Keeper(self._lane, self._staff, "note", self._about, self._was)
        self._keeper.kept.connect(self._was_kept)
        self._keeper.found.connect(self._found)
        self._keeper.trouble.connect(self._model.trouble)
        self._keeper.look()

    def _found(self, draft: Draft) -> None:
        if draft.about in (self._about, self._was) and not self.begun and self._keeper is not None:
            self._keeper.take_over(draft)
            self.note.replace(str(draft.data.get("text", "")))
            self.kept.say(
                Status.WAITING,
                tr("Khôi phục bản nháp {time}").format(time=clock_text(draft.saved_at)),
            )

    @Slot()
    def _typed(self) -> None:
        if self.note.left_out:
            words = tr("Đoạn vừa dán quá dài nên chưa được đưa vào. Chị/anh đính kèm nó thành tệp.")
            self.kept.say(Status.WAITING, words)
            return
        if self._keeper is not None:
            self._keeper.changed({"text": self.note.whole_text()})

    def _was_kept(self, at_ms: int) -> None:
        if self._sent is None:
            said = tr("Đã lưu nháp trên máy này {time}").format(time=clock_text(at_ms))
            if line := odd_line(self.note.toPlainText()):
                said += " · " + tr("dòng {line} có ký tự lạ hoặc không nhìn thấy").format(line=line)
            self.kept.say(Status.WAITING, said)

    @Slot()
    def save_now(self) -> None:
        """Ctrl+Enter in the note box."""
        QGuiApplication.inputMethod().commit()
        text = self.note.whole_text()
        if is_blank(text) or self._sent is not None or not self._about or self._keeper is None:
            return
        self._sent = (self._keeper, text)
        self.kept.say(Status.MOVING, tr("Đang lưu…"))
        self._model.add_note(text, self._keeper.draft_id)

    @Slot()
    def _saved(self) -> None:
        if self._sent is None:
            return
        (keeper, text), self._sent = self._sent, None
        if keeper is not self._keeper:  # another dossier is in front meanwhile
            keeper.drop()
            return
        rest = self.note.whole_text()
        if rest == text:
            self.note.clear()  # it tells of a change: an empty draft, if the former one went before
        keeper.drop()
        if rest not in ("", text):
            # Typed between the key and the end of the saving: the next note, kept as its draft.
            if rest.startswith(text) and not self.note.is_composing:
                self.note.replace(rest.removeprefix(text).lstrip())
            keeper.changed({"text": self.note.whole_text()})
        elif self._was:  # both the case and the file before it may have had words begun: now come the others
            self._look_for_words()
        at = clock_text(self._model.clock.now_ms())
        self.kept.say(Status.GOOD, tr("Đã lưu {time}").format(time=at))

    @Slot()
    def _failed(self) -> None:
        if self._sent is not None:
            self._sent = None
            self.kept.say(Status.URGENT, tr("Chưa lưu, chữ vẫn còn đây"))

    def keep_now(self) -> None:
        """The window closes."""
        if self._keeper is not None:
            self._keeper.keep_now()

    def show_entries(self, entries: tuple[TimelineEntry, ...]) -> None:
        """Write the timeline; nothing moves when nothing changed."""
        if entries == self._shown:
            return
        self._shown = entries
        empty(self._entries)
        now = self._model.clock.now_ms()
        for place, entry in enumerate(entries):
            if place:
                self._entries.addWidget(line())
            self._entries.addWidget(Said(self._head(entry, now), "caption"))
            words = self._body(entry)
            if words:
                self._entries.addWidget(Said(words, "reading" if entry.kind == "note" else "", wraps=True))
        if not entries:
            self._entries.addWidget(Said(tr("Chưa có ghi chép nào."), "muted"))
        self._entries.addStretch(1)
        self._down.start()

    def _to_end(self) -> None:
        bar = self._scroll.verticalScrollBar()
        bar.setValue(bar.maximum())

    def _head(self, entry: TimelineEntry, now: int) -> str:
        kinds = {
            "opened": tr("Mở ca"),
            "note": tr("Ghi chép"),
            "referral": tr("Chuyển gửi"),
            "attempt": tr("Liên hệ"),
            "call": tr("Cuộc gọi"),
            "verified": tr("Xác minh người gọi"),
        }
        kind = tr("Đính chính") if entry.corrects else kinds.get(entry.kind, entry.kind)
        return " · ".join(part for part in (when_text(entry.at_ms, now), kind, entry.author) if part)

    def _body(self, entry: TimelineEntry) -> str:
        lists = {
            "opened": "case_status",
            "referral": "referral_agency_kind",
            "attempt": "attempt_result",
            "call": "contact_outcome",
            "verified": "verification_method",
        }
        coded = self._words.code(lists[entry.kind], entry.code) if entry.kind in lists and entry.code else ""
        return ": ".join(part for part in (coded, entry.text) if part)
