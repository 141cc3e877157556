"""Forms become records in one act: nothing doubled, nothing lost, codes unique, clocks by rule."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from desktop.operations import calls, drafts, intake
from desktop.operations.calls import HOTLINE_PBX, PbxCallEvent
from desktop.store import drafts as kept
from desktop.store.reads import CaseView, ContactView, call_row, case_view, cases_open, contact_view
from desktop.store.troubles import NotFound, UnknownCode
from desktop.store.unit_of_work import UnitOfWork
from domain.clock import HOUR, MINUTE, vn_to_ms
from domain.numbering import parse_case_code, parse_contact_code
from domain.records.case import Case
from domain.records.road import NumberBlockRecord
from sync.operation import decode_body
from sync.replica import read, scopes
from tests.desktop.store.kit import HA_NOI, NOON, Bench, digest, own, take

FILE: dict[str, Any] = {
    "caller_kind": "family",
    "caller_name": "Trần Thị Bưởi",
    "child_name": "Đặng Văn Hòa",
    "child_age": 7,
    "child_sex": "male",
    "ethnic_group": "12",
    "province": "91",
    "topics": ["abuse_family_violence"],
    "summary": "Cháu sợ về nhà.",
    "language": "vietnamese",
}
REPORT: dict[str, Any] = FILE | {
    "abuse_types": ["violence_physical"],
    "urgency": "high",
    "child_safe_now": "no",
    "child_whereabouts": "nhà bà ngoại, ấp 3",
    "child_relationship": "mother",
}


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path / "desk")
    yield made
    made.close()


def ring(bench: Bench, uniqueid: str = "17.1") -> str:
    return bench.run(calls.answer(PbxCallEvent(HOTLINE_PBX, uniqueid, "0900081502", "", NOON - 5_000, NOON - 2_000)))


def lease(bench: Bench, first: int, last: int, incarnation: int = 1) -> None:
    """What the centre writes into the device's scope at enrolment."""

    def operation(uow: UnitOfWork) -> None:
        act = uow.act()
        block = NumberBlockRecord(
            id=uow.new_id(),
            device=bench.seat.device,
            incarnation=incarnation,
            series="CT",
            year=2026,
            centre_digit=3,
            first=first,
            last=last,
        )
        act.create(scopes.device_scope(bench.seat.device), block)
        uow.write(act)

    bench.run(operation)


def file_of(bench: Bench, contact_id: str) -> ContactView:
    view = bench.read(lambda c: contact_view(c, contact_id))
    assert view is not None
    return view


def case_of(bench: Bench, case_id: str) -> CaseView:
    view = bench.read(lambda c: case_view(c, case_id))
    assert view is not None
    return view


def test_a_file_is_one_group_with_people_parties_number_and_the_calls_outcome(bench: Bench) -> None:
    call = ring(bench)
    before = len(own(bench))
    saved = bench.run(intake.save_file(FILE, call))
    assert len({one.group for one in own(bench)[before:]}) == 1
    view = file_of(bench, saved.contact_id)
    assert view.contact.code == saved.code
    assert (parse_contact_code(saved.code).seat, parse_contact_code(saved.code).sequence) == ("AG03", 1)
    assert view.contact.received_at == NOON - 2_000
    assert (view.contact.primary_channel, view.contact.province_set) == ("phone_111", "34")
    child, caller = view.persons
    assert (child.roles, child.person.full_name, child.person.age_group) == (("child",), "Đặng Văn Hòa", "age_0_10")
    assert (caller.roles, caller.person.full_name) == (("caller",), "Trần Thị Bưởi")
    assert [phone.number for phone in caller.phones] == ["+84900081502"]
    row = bench.read(lambda c: call_row(c, call))
    assert row is not None
    assert (row.outcome, row.outcome_by, row.contact_id) == ("counselling", "form", saved.contact_id)


def test_scopes_keep_the_call_with_the_centre_and_the_file_in_its_dossier(bench: Bench) -> None:
    call = ring(bench)
    saved = bench.run(intake.save_file(FILE, call))
    found: dict[str, set[str]] = {}
    for one in own(bench):
        body = decode_body(one.body)
        found.setdefault(body.scope, set()).add(body.kind)
    dossier = scopes.dossier(saved.contact_id)
    assert found == {"centre:an_giang": {"call"}, dossier: {"contact", "person", "party", "phone"}}


def test_what_was_typed_comes_back_as_the_form_had_it(bench: Bench) -> None:
    saved = bench.run(intake.save_file(FILE, ring(bench)))
    form = file_of(bench, saved.contact_id).form
    assert {name: form.get(name) for name in FILE} == FILE
    assert form["number"] == "+84900081502"


def test_a_child_who_calls_for_itself_is_one_person_with_both_roles(bench: Bench) -> None:
    saved = bench.run(intake.save_file(FILE | {"caller_kind": "child", "caller_name": None}, ring(bench)))
    (person,) = file_of(bench, saved.contact_id).persons
    assert person.roles == ("caller", "child")
    assert person.phones[0].number == "+84900081502"


def test_a_child_who_calls_for_another_child_is_two_persons(bench: Bench) -> None:
    saved = bench.run(intake.save_file(FILE | {"caller_kind": "child"}, ring(bench)))
    assert [row.roles for row in file_of(bench, saved.contact_id).persons] == [("child",), ("caller",)]


def test_a_file_saved_again_from_its_call_is_changed_and_never_doubled(bench: Bench) -> None:
    call = ring(bench)
    first = bench.run(intake.save_file(FILE, call))
    again = bench.run(intake.save_file(FILE | {"child_age": 8, "child_name": None}, call))
    assert again == first
    child = file_of(bench, first.contact_id).persons[0].person
    assert (child.age_years, child.full_name) == (8, None)
    assert bench.read(lambda c: c.exec_driver_sql("SELECT count(*) FROM r_contact").scalar_one()) == 1
    assert bench.read(lambda c: c.exec_driver_sql("SELECT count(*) FROM r_phone").scalar_one()) == 1


def test_the_draft_leaves_with_the_act_that_saves_it(bench: Bench) -> None:
    bench.run(drafts.keep("d1", "file", "", FILE))
    with pytest.raises(UnknownCode):
        bench.run(intake.save_file(FILE | {"caller_kind": "martian"}, None, draft_id="d1"))
    assert len(bench.read(lambda c: kept.all_of(c, "nv07"))) == 1
    bench.run(intake.save_file(FILE, None, draft_id="d1"))
    assert bench.read(lambda c: kept.all_of(c, "nv07")) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("caller_kind", "martian"),
        ("topics", ["abuse_family_violence", "weather"]),
        ("province", "99"),
        ("ethnic_group", "999"),
        ("child_sex", "x"),
        ("urgency", "someday"),
    ],
)
def test_an_unknown_code_names_its_field_and_nothing_is_written(bench: Bench, field: str, value: object) -> None:
    call = ring(bench)
    before = own(bench)
    with pytest.raises(UnknownCode) as raised:
        bench.run(intake.save_report(REPORT | {field: value}, call))
    assert raised.value.field == field
    assert "các ô khác vẫn giữ nguyên" in raised.value.advice
    assert own(bench) == before


def test_an_empty_report_is_saved_since_nothing_is_mandatory(bench: Bench) -> None:
    saved = bench.run(intake.save_report({}, ring(bench)))
    view = case_of(bench, saved.case_id)
    assert view.case.status == "received"
    assert [clock.rule for clock in view.clocks] == ["forward_to_commune"]


def test_contact_codes_are_unique_for_seat_and_day_also_across_restarts(bench: Bench) -> None:
    codes = [bench.run(intake.save_file(FILE, None)).code for _ in range(3)]
    bench.reopen()
    codes += [bench.run(intake.save_file(FILE, None)).code for _ in range(3)]
    assert [parse_contact_code(code).sequence for code in codes] == [1, 2, 3, 4, 5, 6]
    bench.clock.now = vn_to_ms("2026-11-24 00:00:00")
    assert parse_contact_code(bench.run(intake.save_file(FILE, None)).code).sequence == 1
    late = bench.run(intake.save_file(FILE | {"received_at": NOON}, None)).code
    assert (parse_contact_code(late).sequence, parse_contact_code(late).day.day) == (7, 23)


def test_a_code_taken_by_an_act_that_was_rolled_back_is_not_lost(bench: Bench) -> None:
    class Cut(Exception):
        pass

    def cut() -> None:
        raise Cut

    with pytest.raises(Cut):
        bench.run(intake.save_file(FILE, None), before_commit=cut)
    assert parse_contact_code(bench.run(intake.save_file(FILE, None)).code).sequence == 1


def test_a_store_that_lost_its_counter_goes_on_behind_the_codes_it_knows(bench: Bench, tmp_path: Path) -> None:
    for _ in range(4):
        bench.run(intake.save_file(FILE, None))
    other = Bench(tmp_path / "other")
    take(other, own(bench))
    assert parse_contact_code(other.run(intake.save_file(FILE, None)).code).sequence == 5
    other.close()


def test_a_report_opens_a_case_with_clocks_place_and_a_leased_code(bench: Bench) -> None:
    lease(bench, 123, 125)
    call = ring(bench)
    before = len(own(bench))
    saved = bench.run(intake.save_report(REPORT, call))
    assert len({one.group for one in own(bench)[before:]}) == 1
    assert saved.case_code is not None
    assert parse_case_code(saved.case_code).number == 123
    view = case_of(bench, saved.case_id)
    assert (view.case.urgency, view.case.abuse_types) == ("high", ("violence_physical",))
    (clock,) = view.clocks
    assert (clock.start_at, clock.due_at) == (NOON - 2_000, NOON - 2_000 + 30 * MINUTE)
    (stay,) = view.stays
    assert (stay.place, stay.safe) == ("nhà bà ngoại, ấp 3", "no")
    assert view.case.child_id == view.persons[0].person.id
    assert view.persons[1].relationship == "mother"
    row = bench.read(lambda c: call_row(c, call))
    assert row is not None
    assert row.outcome == "report_of_abuse"


def test_an_emergency_also_starts_the_twelve_hours(bench: Bench) -> None:
    saved = bench.run(intake.save_report(REPORT | {"urgency": "emergency"}, None))
    dues = {clock.rule: (clock.due_at or 0) - NOON for clock in case_of(bench, saved.case_id).clocks}
    assert dues == {"forward_to_commune": 15 * MINUTE, "emergency_measures": 12 * HOUR}


def test_a_graver_urgency_adds_its_clocks_and_a_milder_one_takes_none_away(bench: Bench) -> None:
    saved = bench.run(intake.save_report(REPORT, None))
    bench.run(intake.set_fields(saved.case_id, {"urgency": "emergency"}))
    bench.run(intake.set_fields(saved.case_id, {"urgency": "low"}))
    view = case_of(bench, saved.case_id)
    assert view.case.urgency == "low"
    assert sorted((c.rule, (c.due_at or 0) - NOON) for c in view.clocks) == [
        ("emergency_measures", 12 * HOUR),
        ("forward_to_commune", 15 * MINUTE),
        ("forward_to_commune", 30 * MINUTE),
    ]


def test_a_file_becomes_a_report_without_retyping(bench: Bench) -> None:
    call = ring(bench)
    bench.run(calls.set_outcome(call, "information"))
    file = bench.run(intake.save_file(FILE, call))
    report = bench.run(intake.save_report(REPORT, call))
    assert (report.contact_id, report.code) == (file.contact_id, file.code)
    again = bench.run(intake.save_report(REPORT | {"urgency": "emergency"}, call))
    assert again.case_id == report.case_id
    view = case_of(bench, report.case_id)
    assert (view.contact.form, view.case.urgency, len(view.persons)) == ("report", "emergency", 2)
    assert bench.read(lambda c: c.exec_driver_sql("SELECT count(*) FROM r_case").scalar_one()) == 1


def test_without_leased_numbers_a_case_lives_under_its_contact_code_and_gets_its_own_later(bench: Bench) -> None:
    lease(bench, 7, 7)
    lease(bench, 900, 999, incarnation=2)  # bound to another incarnation: never used by this one
    saved = [bench.run(intake.save_report(REPORT, None)) for _ in range(3)]
    assert [one.case_code is None for one in saved] == [False, True, True]
    assert bench.run(intake.give_codes()) == 0
    lease(bench, 200, 210)
    assert bench.run(intake.give_codes()) == 2
    numbers = sorted(parse_case_code(row.code or "").number for row in bench.read(cases_open))
    assert numbers == [7, 200, 201]
    assert bench.run(intake.give_codes()) == 0


def test_a_desk_gives_no_code_to_a_case_of_another_desk(bench: Bench, tmp_path: Path) -> None:
    other = Bench(tmp_path / "hn", HA_NOI)
    other.run(intake.save_report(REPORT, None))
    take(bench, own(other))
    lease(bench, 1, 9)
    assert bench.run(intake.give_codes()) == 0
    other.close()


def test_only_what_the_person_changed_is_written(bench: Bench) -> None:
    saved = bench.run(intake.save_report(REPORT, None))
    opened = case_of(bench, saved.case_id).opened
    before = len(own(bench))
    same = {"urgency": "high", "status": "received", "child_age": 7}
    bench.run(intake.set_fields(saved.case_id, same, opened=opened))
    assert len(own(bench)) == before
    bench.run(intake.set_fields(saved.case_id, {"urgency": "high", "status": "planning"}, opened=opened))
    (patch,) = own(bench)[before:]
    assert decode_body(patch.body).values == {"status": "planning"}


def two_desks(bench: Bench, tmp_path: Path) -> tuple[Bench, str, str]:
    saved = bench.run(intake.save_report(REPORT, ring(bench)))
    other = Bench(tmp_path / "hn", HA_NOI)
    take(other, own(bench))
    return other, saved.case_id, saved.contact_id


def test_one_case_edited_at_two_desks_shows_caution_and_keeps_both_words(bench: Bench, tmp_path: Path) -> None:
    other, case_id, _ = two_desks(bench, tmp_path)
    mark = len(own(bench))
    heard = {"urgency": "medium", "child_age": 9, "summary": "Hà Nội: trường xác nhận."}
    other.run(intake.set_fields(case_id, heard))
    bench.clock.now += HOUR
    bench.run(intake.set_fields(case_id, {"urgency": "emergency", "child_age": 9, "summary": "An Giang: bà đón."}))
    take(bench, own(other))
    take(other, own(bench)[mark:])
    assert digest(bench) == digest(other)
    for desk in (bench, other):
        view = case_of(desk, case_id)
        assert view.case.urgency == "emergency"
        assert view.persons[0].person.age_years == 9
        assert dict(view.siblings) == {
            "case.urgency": ["medium"],
            "contact.summary": ["Hà Nội: trường xác nhận."],
        }
        assert len(desk.read(read.conflicts)) == 2
    other.close()


def test_an_edit_based_on_what_was_open_keeps_what_came_meanwhile_beside_it(bench: Bench, tmp_path: Path) -> None:
    other, case_id, contact_id = two_desks(bench, tmp_path)
    opened = case_of(bench, case_id).opened
    other.run(intake.change_file(contact_id, {"summary": "Từ Hà Nội."}))
    take(bench, own(other))
    bench.clock.now += HOUR
    bench.run(intake.change_file(contact_id, {"summary": "Từ An Giang."}, opened=opened))
    view = file_of(bench, contact_id)
    assert view.contact.summary == "Từ An Giang."
    assert view.siblings == {"contact.summary": ["Từ Hà Nội."]}
    other.close()


def test_a_call_is_attached_to_a_file_that_exists(bench: Bench) -> None:
    saved = bench.run(intake.save_report(REPORT, ring(bench)))
    later = ring(bench, "17.2")
    bench.run(intake.attach_call(later, saved.contact_id))
    row = bench.read(lambda c: call_row(c, later))
    assert row is not None
    assert (row.contact_id, row.outcome) == (saved.contact_id, "follow_up")
    with pytest.raises(NotFound):
        bench.run(intake.attach_call(later, "0" * 36))


def test_a_press_cutting_report_without_a_call_keeps_its_own_channel(bench: Bench) -> None:
    values = {"primary_channel": "press", "caller_kind": "press", "summary": "x", "topics": ["edu_access"]}
    saved = bench.run(intake.save_file(values, None))
    view = file_of(bench, saved.contact_id)
    assert (view.contact.primary_channel, view.persons, view.contact.received_at) == ("press", (), NOON)


def test_text_is_stored_composed_and_without_stray_characters(bench: Bench) -> None:
    decomposed = "Ho\u0300a\u200b"
    saved = bench.run(intake.save_file({"child_name": f"  {decomposed} ", "summary": " \u200b "}, None))
    view = file_of(bench, saved.contact_id)
    assert view.persons[0].person.full_name == "H\u00f2a\u200b"
    assert view.contact.summary is None


def test_the_kind_of_a_stored_value_is_found_again(bench: Bench) -> None:
    saved = bench.run(intake.save_report(REPORT, None))
    case: Case = case_of(bench, saved.case_id).case
    held = bench.run(lambda uow: uow.stored(case))
    assert held is not None
    assert held.record == case
