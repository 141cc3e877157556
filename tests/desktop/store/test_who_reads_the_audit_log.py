"""Which entries of the audit log a person is shown, and how much of each: by the table of roles alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.operations import audit
from desktop.operations.audit_reading import NotForYourRole, open_log
from desktop.store.reads_audit_entries import Asked, EntriesPage, EntryRow, audit_entries, facts_in
from desktop.store.sight import Viewer, looking
from desktop.store.unit_of_work import UnitOfWork
from domain.records.audit import LOCK, OPEN, SEARCH, UNMASK
from domain.records.case import Case
from domain.records.contact import Contact
from domain.records.person import Person
from domain.records.staff import Staff, record_of
from sync.replica import scopes
from tests.desktop.store.kit import Bench, reference

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["hits", "hash"]), inner),
)
CHILD = "Nguyễn Thị Bé"
WHY = "Nguyễn Thị Bé gọi lại, cần xem ca cũ"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    one = Bench(tmp_path / "desk")
    yield one
    one.close()


def hire(
    bench: Bench, staff: str, role: str, centre: str = "an_giang", assignments: tuple[str, ...] = (),
    conflicts: tuple[str, ...] = (),
) -> None:  # fmt: skip
    def operation(uow: UnitOfWork) -> None:
        act = uow.act()
        named = Staff(
            id=record_of(staff), staff=staff, roles=(role,), centre=centre, assignments=assignments,
            conflicts=conflicts,
        )  # fmt: skip
        act.create(scopes.REFERENCE, named)
        uow.write(act)

    bench.run(operation)


def case_of(bench: Bench, name: str, receiver: str, *, restricted: bool = False) -> None:
    def operation(uow: UnitOfWork) -> None:
        act, scope = uow.act(), scopes.dossier(name)
        act.create(scope, Contact(id=name, code=f"H-{name}", receiver=receiver, centre="an_giang"))
        act.create(scope, Person(id=f"p-{name}", full_name=CHILD))
        held = restricted or None
        act.create(
            scope, Case(id=f"k-{name}", code=f"CT-{name}", contact_id=name, centre="an_giang", restricted=held)
        )
        uow.write(act)

    bench.run(operation)


def did(bench: Bench, staff: str, action: str, kind: str = "", about: str = "", words: str = "") -> None:
    before, bench.staff = bench.staff, staff
    bench.run(audit.noted(action, kind, about, "P3", words))
    bench.staff = before


def page(bench: Bench, staff: str, asked: Asked | None = None) -> EntriesPage:
    viewer = Viewer(staff, "an_giang", reference().policy)
    return bench.read(lambda connection: audit_entries(looking(connection, viewer), asked or Asked()))


def seen(bench: Bench, staff: str) -> list[tuple[str, str]]:
    return [(row.actor, row.action) for row in page(bench, staff).rows]


def entry(bench: Bench, staff: str, action: str) -> EntryRow:
    (row,) = [one for one in page(bench, staff).rows if one.action == action]
    return row


def test_each_role_sees_as_far_as_the_table_lets_it(bench: Bench) -> None:
    for staff, role in (
        ("tv", "counsellor"), ("tc", "shift_lead"), ("tl", "therapist"), ("it", "it_admin"),
        ("tk", "analyst"), ("tt", "inspector"),
    ):  # fmt: skip
        hire(bench, staff, role)
    hire(bench, "xa", "shift_lead", "hanoi")
    hire(bench, "ngoai", "inspector", "hanoi")
    for staff in ("tv", "tl", "khac"):
        did(bench, staff, LOCK)
    all_of_them = [("khac", LOCK), ("tl", LOCK), ("tv", LOCK)]
    assert {staff: seen(bench, staff) for staff in ("tv", "tl", "tc", "tt", "ngoai", "it", "tk", "xa")} == {
        "tv": [("tv", LOCK)], "tl": [("tl", LOCK)], "tc": all_of_them, "tt": all_of_them, "ngoai": all_of_them,
        "it": [], "tk": [], "xa": [],
    }  # fmt: skip
    assert not page(bench, "it").allowed
    assert seen(bench, "khac") == [("khac", LOCK)], "whom no list names reads what they did themselves, no more"


def test_a_case_assigned_to_me_shows_me_nobody_elses_reading_of_it(bench: Bench) -> None:
    hire(bench, "tv", "counsellor", assignments=("c-1",))
    case_of(bench, "c-1", "tv")
    did(bench, "khac", OPEN, "case", "k-c-1", WHY)
    assert seen(bench, "tv") == []


def test_what_is_none_of_a_leaders_business_is_not_in_their_log(bench: Bench) -> None:
    hire(bench, "tc", "shift_lead", conflicts=("c-1",))
    case_of(bench, "c-1", "tv")
    did(bench, "tv", OPEN, "case", "k-c-1")
    did(bench, "tv", OPEN, "case", "k-c-2")
    assert [row.code for row in page(bench, "tc").rows] == ["…k-c-2"]


def test_a_reason_and_a_code_are_shown_only_to_who_may_open_the_file(bench: Bench) -> None:
    hire(bench, "tv", "counsellor")
    hire(bench, "tc", "shift_lead")
    hire(bench, "tt", "inspector")
    case_of(bench, "c-1", "tv")
    did(bench, "tv", UNMASK, "case", "k-c-1", WHY)
    assert (entry(bench, "tv", UNMASK).reason, entry(bench, "tv", UNMASK).code) == (WHY, "CT-c-1"), "one's own words"
    leader, inspector = entry(bench, "tc", UNMASK), entry(bench, "tt", UNMASK)
    assert leader.code == "CT-c-1"
    assert leader.reason == WHY.replace(CHILD, "N. T. B."), "the leader may open it and finds its names masked"
    assert (inspector.reason, inspector.code) == ("•••", "…k-c-1")


def test_of_a_restricted_case_a_leader_learns_the_code_but_no_word_of_the_reason(bench: Bench) -> None:
    hire(bench, "tc", "shift_lead")
    case_of(bench, "c-9", "tv", restricted=True)
    did(bench, "tv", OPEN, "contact", "c-9", WHY)
    shown = entry(bench, "tc", OPEN)
    assert (shown.code, shown.reason) == ("CT-c-9", "•••")


def test_what_was_looked_for_is_neither_shown_nor_its_hash(bench: Bench) -> None:
    hire(bench, "tc", "shift_lead")
    bench.run(audit.searched(CHILD, 3))
    row = entry(bench, "tc", SEARCH)
    assert (row.reason, dict(row.facts or {})) == ("", {"hits": "3"})


@given(st.one_of(st.text(), st.builds(json.dumps, JSON)))
def test_whatever_stands_beside_an_entry_is_codes_or_words(words: str) -> None:
    facts = facts_in(words)
    assert facts is None or (facts.keys() <= {"hits", "letter", "purpose"} and words.lstrip().startswith("{"))


def test_a_reason_that_looks_like_codes_is_still_a_reason(bench: Bench) -> None:
    hire(bench, "tc", "shift_lead")
    case_of(bench, "c-1", "tv")
    did(bench, "tv", OPEN, "case", "k-c-1", '{"hits": 5}')
    assert entry(bench, "tc", OPEN).reason == '{"hits": 5}'


def test_opening_the_log_is_an_entry_and_who_may_not_leaves_none(bench: Bench) -> None:
    hire(bench, "it", "it_admin")
    hire(bench, "tc", "shift_lead")
    bench.staff = "tc"
    bench.run(open_log())
    bench.staff = "it"
    with pytest.raises(NotForYourRole):
        bench.run(open_log())
    assert [(row.actor, row.action, row.kind) for row in page(bench, "tc").rows] == [("tc", OPEN, "audit_entry")]


def test_letters_of_a_pattern_in_the_box_mean_themselves(bench: Bench) -> None:
    hire(bench, "tc", "shift_lead")
    did(bench, "nv_1", LOCK)
    did(bench, "nvx1", LOCK)
    for asked, found in (("nv_", ["nv_1"]), ("%", []), ("NV", ["nvx1", "nv_1"])):
        assert [row.actor for row in page(bench, "tc", Asked(actor=asked)).rows] == found
