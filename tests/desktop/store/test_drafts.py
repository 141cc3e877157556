"""Drafts belong to one person and one form instance, and stay until the act is saved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from desktop.operations import drafts
from desktop.settings import COMPACT_LISTS, LOCK_AFTER_MINUTES, THEME, Settings, choose
from desktop.store import drafts as kept
from desktop.store import lease, preferences
from domain.clock import DAY, MINUTE
from domain.rules.lease import RunTime
from sync.door import Receipt
from sync.replica import node
from sync.replica.desk_road import RECEIPT
from tests.desktop.store.kit import NOON, STAFF, Bench, own


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path / "desk")
    yield made
    made.close()


def all_of(bench: Bench, staff: str) -> list[kept.Draft]:
    return bench.read(lambda c: kept.all_of(c, staff))


def test_a_draft_is_kept_as_it_stands_and_remembers_when_it_was_begun(bench: Bench) -> None:
    assert bench.run(drafts.keep("d1", "file", "call-1", {"summary": "Em"})) == NOON
    bench.clock.now += MINUTE
    bench.run(drafts.keep("d1", "file", "call-1", {"summary": "Em bé", "topics": ["x"], "child_age": 7}, {"v": [1]}))
    bench.reopen()
    (draft,) = all_of(bench, STAFF)
    assert draft.data == {"summary": "Em bé", "topics": ["x"], "child_age": 7}
    assert (draft.begun_at, draft.saved_at, draft.about, draft.bases) == (NOON, NOON + MINUTE, "call-1", {"v": [1]})
    assert bench.read(lambda c: kept.one(c, "d1")) == draft


def test_a_draft_goes_thirty_days_after_its_last_word_by_trusted_time_alone(bench: Bench) -> None:
    run = RunTime("boot", 100.0)
    bench.run(drafts.keep("old", "file", "", {"summary": "Em"}))
    bench.clock.now += 20 * DAY
    bench.run(drafts.keep("young", "file", "", {"summary": "Em"}))

    def look(now: RunTime) -> list[str]:
        with bench.store.write() as connection:
            kept.let_expire(connection, now)
            connection.commit()
        return [one.id for one in all_of(bench, STAFF)]

    bench.clock.now += 400 * DAY
    assert look(run) == ["old", "young"], "before a server signed a time nothing goes, whatever the clock says"
    signed(bench, NOON + 30 * DAY, run)
    assert look(run) == ["old", "young"], "the thirtieth day belongs to the term"
    assert look(replace(run, seconds=101.0)) == ["young"], "a second of the machine's own run is time too"


def test_a_draft_written_while_the_clock_was_slow_is_not_past_its_term(bench: Bench) -> None:
    run = RunTime("boot", 100.0)
    signed(bench, NOON, run)
    bench.clock.now = NOON - 26 * 365 * DAY
    bench.run(drafts.keep("d1", "file", "", {"summary": "Em"}))
    with bench.store.write() as connection:
        assert kept.let_expire(connection, replace(run, seconds=100.0 + 29 * 86_400)) == 0
    assert [one.id for one in all_of(bench, STAFF)] == ["d1"]


def signed(bench: Bench, at_ms: int, now: RunTime) -> None:
    """A server's signed time, as a receipt brings it, and the floor that is kept from it."""
    receipt = Receipt(device=bench.seat.device, lineage="l", seq=1, digest="", time=at_ms, signature="")
    with bench.store.write() as connection:
        node.put(connection, **{RECEIPT: msgspec.json.encode(receipt).decode()})
        lease.note(connection, now)
        connection.commit()


def test_a_draft_never_enters_the_log(bench: Bench) -> None:
    bench.run(drafts.keep("d1", "file", "", {"summary": "Em"}))
    assert own(bench) == []


def test_drafts_of_one_person_are_not_shown_to_another(bench: Bench) -> None:
    bench.run(drafts.keep("d1", "file", "", {"summary": "Em"}))
    assert all_of(bench, "nv08") == []


def test_a_draft_put_away_is_gone(bench: Bench) -> None:
    bench.run(drafts.keep("d1", "file", "", {"summary": "Em"}))
    bench.run(drafts.discard("d1"))
    assert all_of(bench, STAFF) == []
    assert bench.read(lambda c: kept.one(c, "d1")) is None


def test_later_changes_of_the_forms_own_values_do_not_reach_a_draft_under_way(bench: Bench) -> None:
    values = {"summary": "trước"}
    operation = drafts.keep("d1", "file", "", values)
    values["summary"] = "sau"
    bench.run(operation)
    assert all_of(bench, STAFF)[0].data == {"summary": "trước"}


def test_settings_are_typed_and_fall_back_to_what_was_declared(bench: Bench) -> None:
    bench.run(choose(THEME, "dark"))
    bench.run(choose(LOCK_AFTER_MINUTES, 3))
    with bench.store.write() as connection:
        preferences.put(connection, STAFF, "text_percent", "9000")
        preferences.put(connection, STAFF, "language", "{broken")
        connection.commit()
    settings = Settings(bench.read(lambda c: preferences.of(c, STAFF)))
    assert (settings[THEME], settings[LOCK_AFTER_MINUTES], settings[COMPACT_LISTS]) == ("dark", 3, False)
    others = Settings(bench.read(lambda c: preferences.of(c, "nv08")))
    assert (others[THEME], others[LOCK_AFTER_MINUTES]) == ("system", 3)
    with pytest.raises(ValueError, match="theme"):
        choose(THEME, "pink")
