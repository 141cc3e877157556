"""What a person does with their shift: begins it, hands it over once nothing is left lying."""

from __future__ import annotations

from collections.abc import Collection

from desktop.operations.queue_claims import pass_on
from desktop.store import drafts
from desktop.store.reads_shift import grave_cases, late_promises, open_shift, shift_view
from desktop.store.unit_of_work import Operation, UnitOfWork
from domain.records.shift import Handover, Shift
from sync.act import Act
from sync.replica import scopes
from sync.troubles import Trouble


class NotYet(Trouble):
    """A handover that would leave something lying; the text says what."""

    advice = "Chưa bàn giao được."


def start() -> Operation[str]:
    """Begin a shift of this person at this seat; one that runs already goes on. Answers its id."""

    def operation(uow: UnitOfWork) -> str:
        running = open_shift(uow.connection, uow.staff, uow.seat.seat_code)
        if running is not None:
            return running.id
        seat = uow.seat
        shift = Shift(
            id=uow.new_id(), staff=uow.staff, centre=seat.centre, seat=seat.seat_code, started_at=uow.now_ms
        )
        act = uow.act()
        act.create(scopes.centre(seat.centre), shift)
        uow.write(act)
        return shift.id

    return operation


def hand_over(taken_by: str, signed: Collection[str]) -> Operation[str]:
    """End the shift: no call of this person unclassified, every parked form given to the colleague who accepts it
    (and closed to them) with the item of the queue it is written of; signed as read every red and orange case of the
    centre and every overdue call-back that no colleague has taken. One transaction; answers the handover's id.

    `taken_by` may be empty while no form is open. Raises NotYet with what is left to do; then nothing is changed.
    """

    def operation(uow: UnitOfWork) -> str:
        view = shift_view(uow.connection, uow.staff, uow.seat.seat_code, uow.seat.centre, uow.now_ms)
        if view.shift is None:
            raise NotYet("Chị/anh chưa vào ca nên chưa có gì để bàn giao.")
        if view.unclassified:
            raise NotYet(f"Còn {view.unclassified} cuộc chưa phân loại: bấm Ctrl+U, chọn rồi bấm một phím kết quả.")
        grave = grave_cases(uow.connection, uow.seat.centre)
        unread = [case for case in grave if case not in signed]
        if unread:
            raise NotYet(f"Còn {len(unread)} ca đỏ và cam chưa ký: chọn từng ca rồi bấm Enter.")
        late = [one.id for one in late_promises(uow.connection, uow.seat.centre, uow.staff, uow.now_ms)]
        owed = [one for one in late if one not in signed]
        if owed:
            raise NotYet(f"Còn {len(owed)} lời hẹn gọi lại quá giờ: gọi lại, đổi giờ, hoặc chọn rồi bấm Enter để ký.")
        if view.forms and not taken_by:
            raise NotYet(f"Còn {len(view.forms)} biểu mẫu đang gác: chọn người nhận, hoặc lưu rồi bàn giao.")
        act = uow.act()
        for form in view.forms:
            _pass_item_on(uow, act, form.id, taken_by)
            if not drafts.hand_over(uow.connection, form.id, taken_by):
                raise NotYet("Người nhận chưa mở được máy này nên chưa nhận được biểu mẫu. Chị/anh chọn người khác.")
        seat = uow.seat
        handover = Handover(
            id=uow.new_id(),
            shift_id=view.shift.id,
            centre=seat.centre,
            seat=seat.seat_code,
            given_by=uow.staff,
            taken_by=taken_by or None,
            at=uow.now_ms,
            calls=sum(view.outcomes.values()),
            unclassified=0,
            forms=tuple(form.id for form in view.forms),
            cases=(*grave, *late),
        )
        act.create(scopes.centre(seat.centre), handover)
        ended = uow.read("shift", view.shift.id)
        if ended is not None:
            act.change("shift", ended.id, ended.scope, ended.state, {"ended_at": uow.now_ms})
        uow.write(act)
        return handover.id

    return operation


def _pass_item_on(uow: UnitOfWork, act: Act, form_id: str, taken_by: str) -> None:
    draft = drafts.one(uow.connection, form_id)
    item_id = draft.bases.get("item_id") if draft is not None else None
    if item_id:
        pass_on(uow, act, str(item_id), taken_by)
