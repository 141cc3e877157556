"""Which emergency reads and unusual acts a person is told to look at: by the table of roles, never their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop.store.reads_awaited import EMERGENCY, Awaited, awaited
from desktop.store.sight import Viewer, looking
from desktop.store.unit_of_work import UnitOfWork
from domain.records.emergency import EmergencyRead
from domain.records.road import Review
from domain.rules.emergency import REVIEW_MS
from domain.rules.unusual import MANY_FILES
from sync.replica import scopes
from tests.desktop.store.kit import Bench, reference
from tests.desktop.store.test_who_reads_the_audit_log import CHILD, case_of, hire

WORDS = f"{CHILD} đang gọi từ nhà, cần biết đã hứa gì hôm qua"
ASKED = 1_795_000_000_000


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    one = Bench(tmp_path / "desk")
    for staff, role, centre in (
        ("tv", "counsellor", "an_giang"), ("tc", "shift_lead", "an_giang"), ("pt", "regional_lead", "an_giang"),
        ("xa", "regional_lead", "hanoi"), ("tt", "inspector", "an_giang"), ("it", "it_admin", "an_giang"),
    ):  # fmt: skip
        hire(one, staff, role, centre)
    case_of(one, "h1", "tv")
    yield one
    one.close()


def came(bench: Bench, *reads: EmergencyRead, notes: tuple[Review, ...] = ()) -> None:
    """As they come from the centre: a read in the scope of its file, a note in that of the centre."""

    def operation(uow: UnitOfWork) -> None:
        act = uow.act()
        for one in reads:
            act.create(scopes.dossier("h1"), one)
        for note in notes:
            act.create(scopes.centre("an_giang"), note)
        uow.write(act)

    bench.run(operation)


def told(bench: Bench, staff: str) -> tuple[Awaited, ...]:
    viewer = Viewer(staff, "an_giang", reference().policy)
    return bench.read(lambda connection: awaited(looking(connection, viewer)))


def read_by(staff: str, name: str = "e1", seen_at: int | None = None) -> EmergencyRead:
    return EmergencyRead(
        id=name, staff=staff, device="d", why="on_the_line", words=WORDS, asked_at=ASKED, until=ASKED + 1,
        seen_by="pt" if seen_at else None, seen_at=seen_at,
    )  # fmt: skip


def many_files_of(staff: str, name: str = "n1", seen_at: int | None = None) -> Review:
    return Review(
        id=name, about_kind="staff", about=staff, reason=MANY_FILES.reason, noted_at=ASKED + 5, seen_at=seen_at
    )


def test_only_those_who_review_an_emergency_read_of_that_centre_are_told_of_it(bench: Bench) -> None:
    came(bench, read_by("khac"))
    may = [staff for staff in ("tv", "tc", "pt", "xa", "tt", "it", "khong_ai") if told(bench, staff)]
    policy = reference().policy
    assert may == ["pt", "tt"], f"row review_break_glass of the table, for {sorted(policy.roles)}"
    (one,) = told(bench, "pt")
    assert (one.reason, one.staff, one.at_ms, one.due_ms) == (EMERGENCY, "khac", ASKED, ASKED + REVIEW_MS)
    assert one.why == "on_the_line"
    assert CHILD not in told(bench, "tt")[0].words, "who only inspects reads no name out of another's words"


def test_nobody_is_told_to_review_what_they_did_themselves(bench: Bench) -> None:
    came(bench, read_by("pt"), notes=(many_files_of("tc"),))
    assert told(bench, "pt") == tuple(one for one in told(bench, "tt") if one.reason != EMERGENCY)
    assert [one.reason for one in told(bench, "tt")] == [EMERGENCY, MANY_FILES.reason], "oldest first"
    assert told(bench, "tc") == ()


def test_a_note_of_too_much_is_told_to_those_who_read_that_centres_audit_log(bench: Bench) -> None:
    came(bench, notes=(many_files_of("tv"),))
    may = [staff for staff in ("tv", "tc", "pt", "xa", "tt", "it", "khong_ai") if told(bench, staff)]
    assert may == ["tc", "pt", "tt"]


def test_what_somebody_has_looked_at_waits_no_more(bench: Bench) -> None:
    came(bench, read_by("khac", "e1", ASKED), read_by("khac", "e2"), notes=(many_files_of("tv", seen_at=ASKED),))
    assert [one.id for one in told(bench, "pt")] == ["e2"]
