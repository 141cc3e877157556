"""A call's history out of two logs: who gave it which outcome, and its number, masked until the logged step."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from desktop.operations import calls
from desktop.store.reads_history import Step
from desktop.store.reads_history_call import history_of_call, scope_of_call
from desktop.store.sight import Regard, Viewer, looking
from domain.clock import MINUTE
from sync.operation import Placed
from sync.replica import scopes
from tests.desktop.store.kit import NOON, STAFF, Bench, SetClock, own, reference, take
from tests.desktop.store.test_what_a_server_told_of_a_file import COLLEAGUE, THERE

NUMBER = "+84901234547"


class Called:
    """A call taken and labelled here, and labelled anew by a colleague there; beside it another call."""

    def __init__(self, root: Path) -> None:
        clock = SetClock()
        self.here, self.there = Bench(root / "here", clock=clock), Bench(root / "there", THERE, clock)
        self.there.staff = COLLEAGUE
        rings = [calls.PbxCallEvent("111", name, NUMBER, "", NOON, NOON + 3_000) for name in ("one", "other")]
        self.call, self.other = (self.here.run(calls.answer(ring)) for ring in rings)
        self.here.run(calls.set_outcome(self.call, "silent"))
        take(self.there, own(self.here))
        clock.now += 5 * MINUTE
        self.there.run(calls.relabel(self.call, "prank"))
        self.told = [*own(self.here), *own(self.there)]
        take(self.here, own(self.there))

    def steps(self, told: list[Placed], *, unmasked: bool = False) -> tuple[Step, ...] | None:
        """For whoever sits here."""
        regard = Regard(unmasked=frozenset({self.call} if unmasked else ()))
        viewer = Viewer(STAFF, "an_giang", reference().policy, regard=regard)

        def look(connection: Connection) -> tuple[Step, ...] | None:
            return history_of_call(looking(connection, viewer), self.call, told)

        return self.here.read(look)


@pytest.fixture
def called(tmp_path: Path) -> Iterator[Called]:
    made = Called(tmp_path)
    yield made
    made.here.close()
    made.there.close()


def outcomes(steps: tuple[Step, ...] | None) -> list[tuple[object, ...]]:
    return [(one.staff, one.here, one.before, one.after) for one in steps or () if one.field == "outcome"]


def test_each_outcome_names_who_gave_it_and_over_what(called: Called) -> None:
    newest, *earlier = outcomes(called.steps(called.told))
    assert newest == (COLLEAGUE, False, "silent", "prank")
    assert earlier[0] == (STAFF, True, "unclassified", "silent")
    assert outcomes(called.steps([]))[0] == (None, False, None, "prank"), "without a line nobody is named"


def test_the_number_is_whole_only_after_the_logged_step(called: Called) -> None:
    masked, whole = called.steps(called.told), called.steps(called.told, unmasked=True)
    assert masked is not None
    assert whole is not None
    assert NUMBER not in str(masked)
    assert [one.after for one in whole if one.field == "number"] == [NUMBER]
    assert len(masked) == len(whole), "the step itself stays"


def test_what_was_told_of_another_call_is_no_step_of_this_one(called: Called) -> None:
    alone = [one for one in called.told if called.call.encode() in one.body]
    assert 0 < len(alone) < len(called.told)
    assert called.steps(called.told) == called.steps(alone)


def test_a_call_that_is_not_here_has_neither_history_nor_scope(called: Called) -> None:
    assert called.here.read(lambda c: history_of_call(c, "nobody")) is None
    assert called.here.read(lambda c: scope_of_call(c, "nobody")) == ""
    assert called.here.read(lambda c: scope_of_call(c, called.call)) == scopes.centre("an_giang")
