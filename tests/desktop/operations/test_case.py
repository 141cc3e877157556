"""A case lives on: notes that only grow, referrals with every try logged, clocks that stop, decisions that end it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop.operations import case, intake
from desktop.store.reads import CaseView, case_view, cases_open
from desktop.store.reads_conflicts import what_waits
from desktop.store.troubles import NotFound, UnknownCode
from domain.clock import HOUR, MINUTE
from sync.replica import read
from tests.desktop.store.kit import HA_NOI, NOON, Bench, digest, own, take


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path / "desk")
    yield made
    made.close()


def view_of(bench: Bench, case_id: str) -> CaseView:
    view = bench.read(lambda c: case_view(c, case_id))
    assert view is not None
    return view


def opened(bench: Bench, urgency: str = "high") -> str:
    return bench.run(intake.save_report({"urgency": urgency, "summary": "x"}, None)).case_id


def test_notes_only_grow_and_a_correction_names_what_it_corrects(bench: Bench) -> None:
    case_id = opened(bench)
    first = bench.run(case.add_note("Đã gọi cho tổ dân phố.", case_id))
    bench.clock.now += MINUTE
    second = bench.run(case.add_note("Đã gọi cho công an xã.", case_id, corrects=first))
    notes = [entry for entry in view_of(bench, case_id).timeline if entry.kind == "note"]
    assert [(n.id, n.text, n.corrects) for n in notes] == [
        (first, "Đã gọi cho tổ dân phố.", None),
        (second, "Đã gọi cho công an xã.", first),
    ]
    assert notes[1].author == "nv07"
    assert notes[1].at_ms == NOON + MINUTE


def test_a_note_on_the_file_stands_on_the_cases_timeline_too(bench: Bench) -> None:
    saved = bench.run(intake.save_report({"summary": "x"}, None))
    note = bench.run(case.add_note("Qua hồ sơ.", contact_id=saved.contact_id))
    assert note in [entry.id for entry in view_of(bench, saved.case_id).timeline]


def test_a_note_without_words_or_place_is_refused(bench: Bench) -> None:
    case_id = opened(bench)
    with pytest.raises(ValueError, match="words"):
        bench.run(case.add_note("  ", case_id))
    with pytest.raises(ValueError, match="case or to a file"):
        bench.run(case.add_note("x"))
    with pytest.raises(NotFound):
        bench.run(case.add_note("x", "0" * 36))


def test_only_a_try_that_passed_the_information_on_stops_the_forwarding_clock(bench: Bench) -> None:
    case_id = opened(bench)
    referral = bench.run(case.add_referral(case_id, "commune_peoples_committee", "UBND xã"))
    for minute, result in ((1, "no_answer"), (2, "busy")):
        bench.clock.now = NOON + minute * MINUTE
        bench.run(case.log_attempt(referral, result))
        assert all(clock.stopped_at is None for clock in view_of(bench, case_id).clocks)
    bench.clock.now = NOON + 9 * MINUTE
    bench.run(case.log_attempt(referral, "spoke", "Gặp chị phụ trách trẻ em"))
    view = view_of(bench, case_id)
    clocks = {clock.rule: clock for clock in view.clocks}
    assert clocks["forward_to_commune"].stopped_at == NOON + 9 * MINUTE
    assert clocks["forward_to_commune"].reason == "transfer:spoke"
    assert clocks["referral_reply"].due_at == NOON + 9 * MINUTE + 24 * HOUR
    (row,) = view.referrals
    assert [attempt.result for attempt in row.attempts] == ["no_answer", "busy", "spoke"]
    assert (row.referral.status, row.referral.sent_at) == ("received", NOON + 9 * MINUTE)
    bench.clock.now += HOUR
    bench.run(case.log_attempt(referral, "verified"))
    assert {c.rule: c.stopped_at for c in view_of(bench, case_id).clocks}["forward_to_commune"] == NOON + 9 * MINUTE


def test_a_graver_urgency_after_the_transfer_starts_no_second_forwarding_clock(bench: Bench) -> None:
    case_id = opened(bench)
    referral = bench.run(case.add_referral(case_id, "commune_peoples_committee"))
    bench.run(case.log_attempt(referral, "spoke"))
    bench.run(case.set_fields(case_id, {"urgency": "emergency"}))
    rules = [clock.rule or "" for clock in view_of(bench, case_id).clocks]
    assert sorted(rules) == ["emergency_measures", "forward_to_commune", "referral_reply"]


def test_an_unknown_agency_or_result_names_its_field(bench: Bench) -> None:
    case_id = opened(bench)
    with pytest.raises(UnknownCode) as raised:
        bench.run(case.add_referral(case_id, "circus"))
    assert raised.value.field == "to_kind"
    referral = bench.run(case.add_referral(case_id, "commune_peoples_committee"))
    with pytest.raises(UnknownCode) as raised:
        bench.run(case.log_attempt(referral, "dreamt"))
    assert raised.value.field == "result"


def test_a_decision_ends_the_disagreement_at_every_desk(bench: Bench, tmp_path: Path) -> None:
    case_id = opened(bench)
    other = Bench(tmp_path / "hn", HA_NOI)
    take(other, own(bench))
    mark = len(own(bench))
    other.run(case.set_fields(case_id, {"urgency": "medium"}))
    bench.run(case.set_fields(case_id, {"urgency": "emergency"}))
    take(bench, own(other))
    assert [s.value for s in bench.read(read.conflicts)] == ["medium"]
    bench.run(case.resolve("case", case_id, "urgency", "medium"))
    take(other, own(bench)[mark:])
    for desk in (bench, other):
        assert view_of(desk, case_id).case.urgency == "medium"
        assert desk.read(read.conflicts) == []
    assert digest(bench) == digest(other)
    other.close()


def test_a_value_that_comes_between_the_look_and_the_decision_is_not_decided_away(
    bench: Bench, tmp_path: Path
) -> None:
    case_id = opened(bench)
    others = [Bench(tmp_path / name, HA_NOI) for name in ("hn", "dn")]
    for other in others:
        take(other, own(bench))
    bench.run(case.set_fields(case_id, {"urgency": "emergency"}))
    others[0].run(case.set_fields(case_id, {"urgency": "medium"}))
    take(bench, own(others[0]))
    (looked_at,) = bench.read(what_waits).conflicts
    others[1].run(case.set_fields(case_id, {"urgency": "low"}))
    take(bench, own(others[1]))
    bench.run(case.resolve("case", case_id, "urgency", "medium", looked_at.seen))
    assert view_of(bench, case_id).case.urgency == "medium"
    assert [s.value for s in bench.read(read.conflicts)] == ["low"], "nobody looked at it"
    (now,) = bench.read(what_waits).conflicts
    bench.run(case.resolve("case", case_id, "urgency", "low", now.seen))
    assert bench.read(read.conflicts) == []
    for other in others:
        other.close()


def test_open_cases_come_the_most_urgent_first_and_closed_ones_leave(bench: Bench) -> None:
    low, emergency, high = (opened(bench, urgency) for urgency in ("low", "emergency", "high"))
    rows = bench.read(cases_open)
    assert [row.id for row in rows] == [emergency, high, low]
    assert rows[0].next_due_ms == NOON + 15 * MINUTE
    assert rows[0].saved_at_centre is False
    bench.run(case.set_fields(emergency, {"status": "closed", "closed_at": NOON}))
    assert [row.id for row in bench.read(cases_open)] == [high, low]
