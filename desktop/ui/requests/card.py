"""One request: what was said, what has been done, and the next step with its few words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from desktop.operations import requests as operations
from desktop.store.drafts import Draft
from desktop.store.reads_requests import RequestView
from desktop.store.unit_of_work import Operation
from desktop.ui.drafts import Keeper
from desktop.ui.forms.boxes import LineBox
from desktop.ui.requests.table_model import answer_words, due_status, stage_words
from desktop.ui.theme.tokens import Status
from desktop.ui.widgets.said import Card, Mark, Said, empty, line
from desktop.ui.words import remaining_text, tr, when_text
from domain.codes.catalogue import Catalogue
from domain.rules.subject_requests import GRANTED, LIST, PARTLY, REFUSED, Stage, due_of

if TYPE_CHECKING:
    from desktop.background.lanes import StoreLane

FORM = "request_step"


class StepButton(QPushButton):
    """One next step."""

    wanted = Signal(str)

    def __init__(self, step: str, words: str, main: bool) -> None:
        super().__init__(words)
        self._step = step
        self.setObjectName(f"action.{step}")
        self.setAccessibleName(words)
        self.setAutoDefault(False)
        if main:
            self.setProperty("role", "main")
        self.clicked.connect(self._clicked)

    @Slot()
    def _clicked(self) -> None:
        self.wanted.emit(self._step)


class RequestCard(Card):
    """Shows a request; `asked` carries the operation of the step that was chosen."""

    asked = Signal(str, object)
    trouble = Signal(object)

    def __init__(self, lane: StoreLane, catalogue: Catalogue) -> None:
        super().__init__("note", margins=12, space=6)
        self._lane, self._catalogue = lane, catalogue
        self.view: RequestView | None = None
        self._keeper: Keeper | None = None
        self.box: LineBox | None = None
        self.hide()

    def put_away(self) -> None:
        """Nothing of it stays; what was typed for the step is a draft."""
        self.keep_now()
        self.view, self.box, self._keeper = None, None, None
        empty(self.inside)
        self.hide()

    def keep_now(self) -> None:
        """The window closes or locks."""
        if self._keeper is not None:
            self._keeper.keep_now()

    def show_view(self, view: RequestView) -> None:
        """Its lines and the next step; the keys go to the step's box."""
        self.put_away()
        self.view = view
        now, one = self._lane.clock.now_ms(), view.request
        due = due_of(one)
        words = stage_words(view.stage) if due is None else f"{stage_words(view.stage)} · {remaining_text(due, now)}"
        self.inside.addWidget(Mark(due_status(due, now), words, "strong", wraps=True))
        for label, said in self._lines(view, now):
            self.inside.addWidget(Said(f"{label}: {said}", wraps=True))
        steps = steps_of(view)
        if not steps:
            if view.stage is not Stage.OVER:
                who = tr("Bước tiếp theo do phụ trách vùng hoặc người phụ trách bảo vệ dữ liệu làm.")
                self.inside.addWidget(Mark(Status.QUIET, who, wraps=True))
            self.show()
            return
        self.inside.addWidget(line())
        self._ask_words(view)
        row = QHBoxLayout()
        for place, (step, label) in enumerate(steps):
            made = StepButton(step, label, place == 0)
            made.wanted.connect(self._step)
            row.addWidget(made)
        row.addStretch(1)
        buttons = QWidget()
        buttons.setLayout(row)
        row.setContentsMargins(0, 0, 0, 0)
        self.inside.addWidget(buttons)
        self.show()
        if self.box is not None:
            self.box.setFocus()

    def _ask_words(self, view: RequestView) -> None:
        asks = {
            Stage.RECEIVED: tr("Xác minh bằng cách nào, hoặc vì sao từ chối"),
            Stage.KNOWN: tr("Lý do quyết định"),
            Stage.DECIDED: tr("Trả lời bằng cách nào"),
            Stage.ANSWERED: tr("Lý do, nếu gia hạn"),
        }[view.stage]
        self.inside.addWidget(Said(asks, "muted"))
        self.box = LineBox()
        self.box.setObjectName("field.request_step")
        self.box.setAccessibleName(asks)
        self.box.typed.connect(self._typed)
        self.inside.addWidget(self.box)
        self._keeper = Keeper(self._lane, self._lane.staff, FORM, view.request.id)
        self._keeper.found.connect(self._found)
        self._keeper.trouble.connect(self.trouble)
        self._keeper.look()

    @Slot(object)
    def _found(self, draft: Draft) -> None:
        mine = self.view is not None and draft.about == self.view.request.id
        if mine and self.box is not None and not self.box.text():
            self.box.setText(str(draft.data.get("words", "")))

    @Slot()
    def _typed(self) -> None:
        if self.box is not None and self._keeper is not None:
            self._keeper.changed({"words": self.box.whole_text()})

    def stepped(self) -> None:
        """The step was saved: its words are in the record."""
        if self._keeper is not None:
            self._keeper.drop()

    @Slot(str)
    def _step(self, step: str) -> None:
        if self.view is None:
            return
        said = self.box.whole_text() if self.box is not None else ""
        self.asked.emit(self.view.request.id, operation_of(step, self.view.request.id, said))

    def _lines(self, view: RequestView, now: int) -> Iterator[tuple[str, str]]:
        one = view.request
        said = (
            (tr("Yêu cầu"), self._catalogue[LIST].label(one.wish or "")),
            (tr("Lời người yêu cầu"), one.words),
            (tr("Mã hồ sơ, mã ca"), one.code),
            (tr("Người yêu cầu"), one.asker),
            (tr("Yêu cầu cho ai"), one.relation),
            (tr("Trả lời về đâu"), one.reach),
            (tr("Đã nhận"), told(one.received_by, one.received_at, now)),
            (tr("Đã xác minh"), told(one.known_staff, one.known_at, now, one.known_by)),
            (answer_words(one.answer), told(one.decided_by, one.decided_at, now, one.answer_words)),
            (tr("Đã gia hạn"), told(one.extended_by, None, now, one.extended_why)),
            (tr("Đã trả lời"), told(one.answered_by, one.answered_at, now, one.answered_how)),
            (tr("Đã thực hiện"), told(one.done_by, one.done_at, now)),
        )
        yield from ((label, words) for label, words in said if label and words)
        if one.carry_due_at is not None and view.stage is not Stage.OVER:
            yield tr("Hạn thực hiện"), when_text(one.carry_due_at - 1, now)


def told(who: str | None, at_ms: int | None, now_ms: int, words: str | None = None) -> str:
    """Words, who said them and when, as far as they are there."""
    when = when_text(at_ms, now_ms) if at_ms is not None else ""
    return " · ".join(part for part in (words or "", who or "", when) if part)


def steps_of(view: RequestView) -> list[tuple[str, str]]:
    """The steps that the person may do now, the usual one first."""
    known = [("request_known", tr("Đã xác minh"))]
    refuse = [("request_refuse", tr("Từ chối"))]
    grant = [("request_grant", tr("Đồng ý")), ("request_partly", tr("Đồng ý một phần"))]
    if view.stage is Stage.RECEIVED:
        return known + (refuse if view.may_answer else [])
    if not view.may_answer:
        return []
    longer = [] if view.request.extended_by is not None else [("request_extend", tr("Gia hạn 15 ngày"))]
    return {
        Stage.KNOWN: grant + refuse,
        Stage.DECIDED: [("request_answered", tr("Đã gửi trả lời"))],
        Stage.ANSWERED: [("request_done", tr("Đã thực hiện xong")), *longer],
        Stage.OVER: [],
    }[view.stage]


def operation_of(step: str, request_id: str, said: str) -> Operation[None]:
    """What a step writes."""
    if step == "request_done":
        return operations.carried_out(request_id)
    made: dict[str, Callable[[str, str], Operation[None]]] = {
        "request_known": operations.make_sure,
        "request_grant": partial(_decide, GRANTED),
        "request_partly": partial(_decide, PARTLY),
        "request_refuse": partial(_decide, REFUSED),
        "request_answered": operations.answered,
        "request_extend": operations.extend,
    }
    return made[step](request_id, said)


def _decide(answer: str, request_id: str, why: str) -> Operation[None]:
    return operations.decide(request_id, answer, why)
