"""A file's history out of two logs: this desk's own, and what a server told of the rest; masked for whom it is
masked, each operation once, in any order, and nothing of what does not belong to the file."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Connection

from desktop.operations import intake, shift
from desktop.store.reads_history import Step, history_of
from desktop.store.sight import Regard, Viewer, looking
from desktop.store.unit_of_work import Seat
from domain.clock import MINUTE
from sync.operation import Placed, decode_body, encode_body
from tests.conftest import Rounds
from tests.desktop.store.kit import STAFF, Bench, SetClock, own, reference, take

THERE = Seat("an_giang", "AG04", 3, "desk-ag-4")
COLLEAGUE = "nv12"
NAME, WRONG = "Đặng Thị Ngọc Ẵm", "Lê Thị Tuyệt Mật"


class Two:
    """A case written here; there the colleague gave the child another name for ten minutes, and told it in words that
    were replaced too. Everything arrived here as states."""

    def __init__(self, root: Path) -> None:
        clock = SetClock()
        self.here, self.there = Bench(root / "here", clock=clock), Bench(root / "there", THERE, clock)
        self.there.staff = COLLEAGUE
        report = self.here.run(intake.save_report({"child_name": NAME, "summary": "Khóc"}, None))
        self.contact = report.contact_id
        take(self.there, own(self.here))
        self.there.run(shift.start())
        wrong = {"child_name": WRONG, "summary": f"{WRONG} nói bị đánh"}
        for values in (wrong, {"child_name": NAME, "summary": "x"}):
            clock.now += 10 * MINUTE
            self.there.run(intake.set_fields(report.case_id, values))
        take(self.here, own(self.there))
        self.told: list[Placed] = [
            msgspec.structs.replace(one, seq=seq)
            for seq, one in enumerate((*own(self.here), *own(self.there)), 1)
        ]

    def steps(self, told: list[Placed], unmasked: bool = True) -> tuple[Step, ...]:
        """For whoever sits here; names are masked to them until the logged step."""
        regard = Regard(unmasked=frozenset({self.contact} if unmasked else ()))
        viewer = Viewer(STAFF, "an_giang", reference().policy, regard=regard)

        def look(connection: Connection) -> tuple[Step, ...] | None:
            return history_of(looking(connection, viewer), self.contact, told)

        found = self.here.read(look)
        assert found is not None
        return found


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Two]:
    made = Two(tmp_path)
    yield made
    made.here.close()
    made.there.close()


def words(steps: tuple[Step, ...]) -> str:
    return "\n".join(f"{one.before} → {one.after}" for one in steps)


def test_every_value_that_stood_between_is_told_with_who_where_and_over_what(two: Two) -> None:
    names = [one for one in two.steps(two.told) if one.field == "full_name"]
    assert [(one.staff, one.place, one.here) for one in names] == [
        (COLLEAGUE, "AG04", False), (COLLEAGUE, "AG04", False), (STAFF, "", True),
    ]  # fmt: skip
    assert [(one.before, one.after) for one in names] == [(WRONG, NAME), (NAME, WRONG), (None, NAME)]
    assert [one.stands for one in names] == [True, False, False]
    assert all(one.before_known for one in names)
    (alone, first) = (one for one in two.steps([]) if one.field == "full_name")
    assert (alone.staff, alone.after, alone.before_known) == (None, NAME, False), "without a line its value and time"
    assert (alone.at_ms, first.staff) == (names[0].at_ms, STAFF)


def test_a_name_that_only_the_server_remembers_is_masked_wherever_it_was_told(two: Two) -> None:
    assert WRONG in words(two.steps(two.told))
    masked = words(two.steps(two.told, unmasked=False))
    assert WRONG not in masked
    assert "Tuyệt Mật" not in masked
    assert "L. T. T. M. nói bị đánh" in masked, "the words stay, the name in them does not"
    assert len(two.steps(two.told, unmasked=False)) == len(two.steps(two.told))


def test_order_and_repetition_change_nothing(two: Two, rounds: Rounds) -> None:
    whole = two.steps(two.told)
    assert len({(one.version, one.record, one.field) for one in whole}) == len(whole)
    for seed in range(rounds(100)):
        mixed = [msgspec.structs.replace(one, seq=0) for one in (*two.told, *two.told)]
        random.Random(seed).shuffle(mixed)
        assert two.steps(mixed) == whole, f"seed {seed}"


def test_what_is_erased_unreadable_of_another_file_or_in_a_wrong_scope_is_no_step(two: Two) -> None:
    whole = two.steps(two.told)
    one = next(
        one for one in two.told if one.device == THERE.device and b'"full_name":"' + NAME.encode() in one.body
    )
    body = decode_body(one.body)
    later = body.stamp[:-8] + "ffffffff"
    strange = [
        msgspec.structs.replace(body, scope="dossier:another", stamp=later),
        msgspec.structs.replace(body, kind="phone", stamp=later),
        msgspec.structs.replace(body, id="another", stamp=later),
    ]
    place = partial(msgspec.structs.replace, one)
    more = [place(body=encode_body(each)) for each in strange]
    more += [place(body=b"", salt=bytes(32)), place(body=b"{"), place(body=b"closed:AAAA")]
    assert two.steps([*two.told, *more]) == whole
    known = place(body=encode_body(msgspec.structs.replace(body, stamp=later)))
    assert len(two.steps([*two.told, known])) > len(whole), "the same words in their place are one"
