"""The register of data subjects' requests: taken down by anybody, answered by few, every opening in the audit log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from desktop.operations import requests
from desktop.operations.requests import NeedsIdentity, NeedsWords, NotThisStep, NotYourRequest, NoWish
from desktop.store.reads_audit import audit_view
from desktop.store.reads_conflicts import what_waits
from desktop.store.reads_requests import RequestRow, RequestView, request_rows, request_view
from desktop.store.sight import Viewer, looking
from desktop.store.troubles import UnknownCode
from desktop.store.unit_of_work import Operation, UnitOfWork
from domain.clock import DAY, vn_to_ms
from domain.records.audit import OPEN
from domain.rules.subject_requests import EXTENSION_MS, GRANTED, PARTLY, REFUSED, Stage
from sync.replica import read, scopes
from tests.desktop.operations.test_figures import hire
from tests.desktop.store.kit import Bench, reference

LEAD, COUNSELLOR, OTHER = "lead", "nv07", "nv08"
SAID = {
    "wish": "restriction", "asker": "Trần Thị Mẹ", "relation": "cho con", "reach": "0900081502",
    "code": "AG03-261123-0422", "words": "Xin đừng lưu tên cháu nữa",
}  # fmt: skip


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    one = Bench(tmp_path / "desk")
    for staff, roles in ((LEAD, ("regional_lead",)), (COUNSELLOR, ("counsellor",)), (OTHER, ("counsellor",))):
        one.staff = staff
        hire(one, *roles)
    one.staff = COUNSELLOR
    yield one
    one.close()


def of(bench: Bench, staff: str, operation: Operation[object]) -> object:
    before, bench.staff = bench.staff, staff
    try:
        return bench.run(operation)
    finally:
        bench.staff = before


def seen(bench: Bench, staff: str) -> tuple[RequestRow, ...]:
    viewer = Viewer(staff, "an_giang", reference().policy)
    return bench.read(lambda connection: request_rows(looking(connection, viewer)))


def view(bench: Bench, staff: str, request_id: str = "r-1") -> RequestView | None:
    viewer = Viewer(staff, "an_giang", reference().policy)
    return bench.read(lambda connection: request_view(looking(connection, viewer), request_id))


def test_a_request_goes_from_being_taken_down_to_being_carried_out(bench: Bench) -> None:
    bench.clock.now = vn_to_ms("2026-11-16 09:00:00")
    bench.run(requests.receive("r-1", SAID))
    bench.run(requests.receive("r-1", SAID))
    (row,) = seen(bench, LEAD)
    assert (row.wish, row.stage, row.due_at) == ("restriction", Stage.RECEIVED, vn_to_ms("2026-11-19 00:00:00"))
    bench.run(requests.make_sure("r-1", "gọi lại số trong hồ sơ"))
    of(bench, LEAD, requests.decide("r-1", PARTLY, "giữ phần luật buộc giữ"))
    of(bench, LEAD, requests.extend("r-1", "ba nơi cùng giữ"))
    of(bench, LEAD, requests.answered("r-1", "đọc qua điện thoại"))
    (row,) = seen(bench, LEAD)
    assert (row.stage, row.due_at) == (Stage.ANSWERED, vn_to_ms("2026-12-02 00:00:00") + EXTENSION_MS)
    of(bench, LEAD, requests.carried_out("r-1"))
    found = view(bench, LEAD)
    assert found is not None
    one = found.request
    assert (found.stage, one.known_staff, one.decided_by, one.done_by) == (Stage.OVER, COUNSELLOR, LEAD, LEAD)
    assert (one.words, one.known_by, one.answer_words) == (
        SAID["words"], "gọi lại số trong hồ sơ", "giữ phần luật buộc giữ",
    )  # fmt: skip
    stored = bench.read(partial(read.one, kind="subject_request", record_id="r-1"))
    assert stored is not None
    assert stored.scope == scopes.REQUEST + "r-1"


def test_what_is_due_first_stands_first_and_what_is_over_last(bench: Bench) -> None:
    for name, day in (("late", 1), ("over", 0), ("soon", 0)):
        bench.clock.now = vn_to_ms("2026-11-16 09:00:00") + day * DAY
        bench.run(requests.receive(name, SAID))
    of(bench, LEAD, requests.decide("over", REFUSED, "không rõ ai hỏi"))
    of(bench, LEAD, requests.answered("over", "thư"))
    assert [row.id for row in seen(bench, LEAD)] == ["soon", "late", "over"]


def test_roles_decide_who_sees_a_request_and_who_may_answer_it(bench: Bench) -> None:
    bench.run(requests.receive("r-1", SAID))
    assert [len(seen(bench, who)) for who in (LEAD, COUNSELLOR, OTHER)] == [1, 1, 0]
    assert view(bench, OTHER) is None
    mine, theirs = view(bench, COUNSELLOR), view(bench, LEAD)
    assert mine is not None
    assert theirs is not None
    assert (mine.may_answer, theirs.may_answer) == (False, True)
    steps: list[Callable[[], Operation[object]]] = [
        lambda: requests.open_request("r-1"), lambda: requests.make_sure("r-1", "x"),
    ]  # fmt: skip
    for step in steps:
        with pytest.raises(NotYourRequest):
            of(bench, OTHER, step())
    bench.run(requests.make_sure("r-1", "giấy tờ"))
    with pytest.raises(NotYourRequest):
        bench.run(requests.decide("r-1", GRANTED, "đúng người"))
    bench.staff = "máy"
    hire(bench, "it_admin")
    with pytest.raises(NotYourRequest):
        bench.run(requests.receive("r-2", SAID))


def test_a_refusal_says_why_and_needs_no_identity_but_nothing_is_given_to_a_stranger(bench: Bench) -> None:
    bench.run(requests.receive("r-1", SAID))
    with pytest.raises(NeedsIdentity):
        of(bench, LEAD, requests.decide("r-1", GRANTED, "được"))
    with pytest.raises(NeedsWords):
        of(bench, LEAD, requests.decide("r-1", REFUSED, " \u200b\n"))
    with pytest.raises(NotThisStep):
        of(bench, LEAD, requests.answered("r-1", "thư"))
    of(bench, LEAD, requests.decide("r-1", REFUSED, "không xác minh được"))
    with pytest.raises(NotThisStep):
        of(bench, LEAD, requests.decide("r-1", GRANTED, "thôi thì được"))
    of(bench, LEAD, requests.answered("r-1", "thư"))
    with pytest.raises(NotThisStep):
        of(bench, LEAD, requests.carried_out("r-1"))
    assert [row.stage for row in seen(bench, LEAD)] == [Stage.OVER]


def test_the_extension_may_be_taken_once(bench: Bench) -> None:
    bench.run(requests.receive("r-1", SAID))
    of(bench, LEAD, requests.extend("r-1", "nhiều nơi giữ"))
    with pytest.raises(NotThisStep):
        of(bench, LEAD, requests.extend("r-1", "lại nữa"))


def test_every_opening_is_in_the_audit_log_without_a_word_of_it(bench: Bench) -> None:
    bench.run(requests.receive("r-1", SAID))
    of(bench, LEAD, requests.open_request("r-1"))
    (entry,) = [one for one in bench.read(audit_view).newest if one.action == OPEN]
    assert (entry.actor, entry.object_kind, entry.object_id, entry.level) == (LEAD, "subject_request", "r-1", "P3")
    assert entry.sealed in (None, "")


def test_without_a_known_wish_nothing_is_written(bench: Bench) -> None:
    with pytest.raises(NoWish):
        bench.run(requests.receive("r-1", {"asker": "Trần Thị Mẹ"}))
    with pytest.raises(UnknownCode):
        bench.run(requests.receive("r-1", {"wish": "free money"}))
    assert seen(bench, LEAD) == ()


def test_two_decisions_at_once_are_a_conflict_that_only_those_see_who_see_the_request(bench: Bench) -> None:
    bench.run(requests.receive("r-1", SAID))
    before = bench.read(partial(read.one, kind="subject_request", record_id="r-1"))
    assert before is not None

    def decides(answer: str) -> Operation[None]:
        def operation(uow: UnitOfWork) -> None:
            act = uow.act()  # as another desk that had heard nothing writes
            act.change("subject_request", "r-1", before.scope, before.state, {"answer": answer})
            uow.write(act)

        return operation

    for answer in (GRANTED, REFUSED):
        of(bench, LEAD, decides(answer))
    counts = []
    for who in (LEAD, OTHER):
        viewer = Viewer(who, "an_giang", reference().policy)
        counts.append(bench.read(lambda c, v=viewer: len(what_waits(looking(c, v)).conflicts)))  # type: ignore[misc]  # binds the loop's value
    assert counts == [1, 0]
