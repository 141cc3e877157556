"""What a person does with a data subject's request: takes it down, makes sure who asks, decides, answers, ends it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from desktop.operations import audit
from desktop.operations.values import clean
from desktop.store import drafts
from desktop.store.reads_requests import ANSWER, SEE
from desktop.store.sight import SHOWN, Sight, Viewer
from desktop.store.troubles import NotFound, UnknownCode
from desktop.store.unit_of_work import Operation, UnitOfWork
from domain.records.audit import OPEN
from domain.records.subject_request import SubjectRequest
from domain.rules import subject_requests as rules
from domain.rules.privacy import Thing
from domain.rules.subject_requests import ANSWERS, EXTENSION_MS, REFUSED, Stage, stage_of, thing_of
from sync.audit import Said
from sync.replica import scopes
from sync.replica.read import Stored
from sync.troubles import Trouble

KIND: Final = "subject_request"
TAKE: Final = "take_subject_request"
_TOLD: Final = ("asker", "relation", "reach", "code", "words")


class NotYourRequest(Trouble):
    """The roles of this person do not go as far with this request."""

    advice = "Vai trò của chị/anh không làm bước này. Chị/anh nhờ phụ trách vùng hoặc người phụ trách bảo vệ dữ liệu."


class NoWish(Trouble):
    """Nobody said what is asked for."""

    advice = "Chưa chọn yêu cầu gì: bấm số ở ô Yêu cầu rồi lưu lại. Mọi chữ đã ghi vẫn còn."


class NeedsWords(Trouble):
    """A step without the words that belong to it."""

    advice = "Bước này cần ghi vài chữ: đã làm bằng cách nào, hoặc vì sao. Chị/anh ghi rồi bấm lại."


class NeedsIdentity(Trouble):
    """Data go to nobody of whom nobody knows who they are."""

    advice = "Chưa xác minh ai hỏi nên chưa đồng ý được. Chị/anh ghi đã xác minh bằng cách nào trước, hoặc từ chối."


class NotThisStep(Trouble):
    """Another step comes first, or somebody has already done this one."""

    advice = "Yêu cầu này đang ở bước khác, có thể đồng nghiệp vừa làm. Chị/anh mở lại từ danh sách để xem."


def receive(request_id: str, values: Mapping[str, Any], draft_id: str | None = None) -> Operation[str]:
    """Take a request down, its clocks counted from now; `request_id` stays the same however often it is saved, and
    what was written on since the last time is added to it. The draft goes in the same transaction. Answers the id:
    another wish under the same id is a request of its own, with clocks of its own.

    `values`: wish, asker, relation, reach, code, words, shared of `SubjectRequest`. Raises NoWish, UnknownCode,
    NotYourRequest.
    """

    def operation(uow: UnitOfWork) -> str:
        said = clean(values)
        wish = said.get("wish")
        if not wish:
            raise NoWish
        if wish not in uow.reference.catalogue[rules.LIST]:
            raise UnknownCode("wish", "Yêu cầu")
        _check(uow, TAKE, Thing(uow.seat.centre))
        if draft_id is not None:
            drafts.drop(uow.connection, draft_id)
        known, told = uow.read(KIND, request_id), {name: said.get(name) for name in _TOLD}
        act = uow.act()
        if known is not None and known.record.wish == wish:
            act.change(KIND, known.id, known.scope, known.state, {k: v for k, v in told.items() if v is not None})
            uow.write(act)
            return request_id
        one = _taken_down(uow, request_id if known is None else uow.new_id(), wish, told, bool(said.get("shared")))
        act.create(scopes.REQUEST + one.id, one)
        uow.write(act)
        return one.id

    return operation


def _taken_down(
    uow: UnitOfWork, request_id: str, wish: str, told: Mapping[str, Any], shared: bool
) -> SubjectRequest:
    clocks = (uow.now_ms, uow.reference.clock_rules, uow.reference.calendar)
    return SubjectRequest(
        id=request_id,
        wish=wish,
        centre=uow.seat.centre,
        received_at=uow.now_ms,
        received_by=uow.staff,
        due_at=rules.reply_due(*clocks),
        carry_due_at=rules.carry_due(wish, shared, *clocks),
        shared=shared or None,
        **told,
    )


def open_request(request_id: str) -> Operation[str]:
    """The entry of who opened a request: its words are read after it is committed.

    Raises NotFound, NotYourRequest.
    """

    def operation(uow: UnitOfWork) -> str:
        _found(uow, request_id, SEE)
        act = uow.act()
        audit.note(uow, act, Said(uow.staff, OPEN, KIND, request_id, "P3", ""))
        uow.write(act)
        return request_id

    return operation


def make_sure(request_id: str, how: str) -> Operation[None]:
    """It was made sure who asks, and how. Raises NeedsWords, NotThisStep, NotFound, NotYourRequest."""

    def operation(uow: UnitOfWork) -> None:
        stored = _at(uow, request_id, SEE, Stage.RECEIVED)
        _change(uow, stored, known_by=_words(how), known_at=uow.now_ms, known_staff=uow.staff)

    return operation


def decide(request_id: str, answer: str, why: str) -> Operation[None]:
    """Granted, partly, or refused, with the reason. Only a refusal may come before it is known who asks.

    Raises NeedsWords, NeedsIdentity, NotThisStep, NotFound, NotYourRequest, ValueError for no such answer.
    """

    def operation(uow: UnitOfWork) -> None:
        if answer not in ANSWERS:
            raise ValueError(answer)
        stored = _at(uow, request_id, ANSWER, Stage.RECEIVED, Stage.KNOWN)
        if answer != REFUSED and stage_of(stored.record) is Stage.RECEIVED:
            raise NeedsIdentity
        _change(
            uow, stored, answer=answer, answer_words=_words(why), decided_by=uow.staff, decided_at=uow.now_ms
        )

    return operation


def answered(request_id: str, how: str) -> Operation[None]:
    """The answer has gone out, and how: the reply's clock stops. Raises as `make_sure`."""

    def operation(uow: UnitOfWork) -> None:
        stored = _at(uow, request_id, ANSWER, Stage.DECIDED)
        _change(uow, stored, answered_how=_words(how), answered_by=uow.staff, answered_at=uow.now_ms)

    return operation


def extend(request_id: str, why: str) -> Operation[None]:
    """The one extension of carrying it out, 15 days, with its reason. Raises as `make_sure`."""

    def operation(uow: UnitOfWork) -> None:
        stored = _at(uow, request_id, ANSWER, Stage.RECEIVED, Stage.KNOWN, Stage.DECIDED, Stage.ANSWERED)
        one = stored.record
        if one.extended_by is not None or one.carry_due_at is None:
            raise NotThisStep
        later = one.carry_due_at + EXTENSION_MS
        _change(uow, stored, extended_why=_words(why), extended_by=uow.staff, carry_due_at=later)

    return operation


def carried_out(request_id: str) -> Operation[None]:
    """What was granted is done: the last clock stops. Raises NotThisStep, NotFound, NotYourRequest."""

    def operation(uow: UnitOfWork) -> None:
        stored = _at(uow, request_id, ANSWER, Stage.ANSWERED)
        _change(uow, stored, done_by=uow.staff, done_at=uow.now_ms)

    return operation


def _words(said: str) -> str:
    words = clean({"said": said})["said"]
    if not words:
        raise NeedsWords
    return str(words)


def _check(uow: UnitOfWork, action: str, thing: Thing) -> None:
    viewer = Viewer(uow.staff, uow.seat.centre, uow.reference.policy)
    if Sight(uow.connection, viewer).may(action, thing) not in SHOWN:
        raise NotYourRequest


def _found(uow: UnitOfWork, request_id: str, action: str) -> Stored:
    stored = uow.read(KIND, request_id)
    if stored is None or stored.retracted is not None:
        raise NotFound
    one = stored.record
    _check(uow, action, thing_of(request_id, one.centre or "", one.received_by or ""))
    return stored


def _at(uow: UnitOfWork, request_id: str, action: str, *stages: Stage) -> Stored:
    stored = _found(uow, request_id, action)
    if stage_of(stored.record) not in stages:
        raise NotThisStep
    return stored


def _change(uow: UnitOfWork, stored: Stored, **values: Any) -> None:
    act = uow.act()
    act.change(KIND, stored.id, stored.scope, stored.state, values)
    uow.write(act)
