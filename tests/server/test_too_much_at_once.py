"""S-08: the 31st file that one person opens in an hour is noted once, at the centre, for who leads them."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from domain.clock import DAY, HOUR, MINUTE
from domain.records.audit import EXPORT, OPEN
from domain.records.road import Review
from domain.rules.unusual import MANY_EXPORTS, MANY_FILES, Done, unusual
from server.cli import main
from server.operations.staff import write
from server.operations.unusual import MayNotLook, NoSuchNote, seen
from server.store import acts
from sync import audit
from sync.audit import Head, Said
from sync.operation import APPEND
from sync.replica import read as stored
from sync.replica import scopes
from tests.server.ground import Desk, Running

MakeDesk = Callable[..., Desk]
SEED = 8


class Writer:
    """The audit entries of one desk, made at times of the test's choosing."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.head = desk, Head()

    def writes(self, actor: str, acts_: Iterable[tuple[int, str, str]], action: str = OPEN) -> None:
        """Acts as (when, kind, id), sent together."""
        act = self.desk.node.act()
        device = self.desk.enrolled.device
        for at, kind, about in acts_:
            said = Said(actor, action, kind, about, "P3")
            entry, _ = audit.write(said, device, 1, at, self.head, f"{device}-{self.head.n}", os.urandom)
            self.head = Head(entry.n or 0, entry.link or "")
            act.create(scopes.centre(self.desk.enrolled.centre), entry, action=APPEND)
        self.desk.node.write(act)
        assert not self.desk.push().held


def notes(centre: Running) -> list[Any]:
    return [one.record for one in centre.centre.read(acts.unseen)]


def opened(files: int, start: int, step: int = MINUTE) -> list[tuple[int, str, str]]:
    return [(start + i * step, "contact", f"k{i}") for i in range(files)]


def test_the_thirty_first_file_in_an_hour_is_noted_once_for_all_desks_of_the_centre(
    centre: Running, desks: MakeDesk
) -> None:
    one, lead = desks(centre, "AG01"), desks(centre, "AG02")
    writer, now = Writer(one), centre.clock.now_ms()
    writer.writes("nv07", opened(30, now))
    writer.writes("nv07", opened(30, now))
    assert notes(centre) == [], "thirty files, each of them twice, are no more than thirty"
    writer.writes("nv07", [(now + 31 * MINUTE, "contact", "k30")])
    (note,) = notes(centre)
    assert (note.about, note.reason, note.noted_at) == ("nv07", "many_files", now + 31 * MINUTE)
    writer.writes("nv07", [(now + (32 + i) * MINUTE, "contact", f"more-{i}") for i in range(20)])
    assert len(notes(centre)) == 1, "what goes on within the hour is the same"
    lead.pull()
    one.pull()
    (told,) = lead.node.run(lambda c: stored.where(c, "review", "about", "nv07"))
    assert (told.scope, told.record.device) == (scopes.centre("an_giang"), one.enrolled.device)
    assert (one.own_digest(), lead.own_digest()) == (one.digest, lead.digest)


def test_files_count_whichever_desk_and_page_they_were_opened_at_and_other_acts_and_people_do_not(
    embedded: Running, desks: MakeDesk
) -> None:
    one, other = Writer(desks(embedded, "AG01")), Writer(desks(embedded, "AG02"))
    for name in ("k0", "k1"):
        one.desk.write_contact(name, case=True)
    now = embedded.clock.now_ms()
    one.writes("nv07", opened(16, now))
    other.writes("nv07", [(now + i * MINUTE, "contact", f"k{i}") for i in range(14, 30)])
    one.writes("nv07", [(now, "case", "case-k0"), (now, "case", "case-k1"), (now, "audit_entry", "")])
    one.writes("nv07", [(now, "contact", f"x{i}") for i in range(40)], action="search")
    one.writes("nv08", [(now, "contact", f"x{i}") for i in range(30)])
    assert notes(embedded) == []
    other.writes("nv07", [(now + 10 * MINUTE, "contact", "one-more")])
    (note,) = notes(embedded)
    assert note.about == "nv07"


def test_entries_of_a_desk_that_was_long_without_a_line_count_by_when_they_were_made(
    embedded: Running, desks: MakeDesk
) -> None:
    late, early = Writer(desks(embedded, "AG01")), Writer(desks(embedded, "AG02"))
    now = embedded.clock.now_ms()
    days = [(now - day * DAY + i * MINUTE, "contact", f"k{day}-{i}") for day in (9, 5, 2) for i in range(20)]
    late.writes("nv07", sorted(days))
    assert notes(embedded) == [], "sixty files in nine days"
    early.writes("nv07", [(now - 5 * DAY + i * MINUTE, "contact", f"e{i}") for i in range(11)])
    (note,) = notes(embedded)
    assert abs(note.noted_at - (now - 5 * DAY)) < HOUR
    earlier = Writer(desks(embedded, "AG03"))
    earlier.writes("nv07", [(now - 5 * DAY + i * 1_000, "contact", f"s{i}") for i in range(20)])
    assert len(notes(embedded)) == 1, "now the thirty-first was another one, in the same hour"


def test_the_fourth_export_in_a_day_is_noted_too(embedded: Running, desks: MakeDesk) -> None:
    writer, now = Writer(desks(embedded, "AG01")), embedded.clock.now_ms()
    writer.writes("nv07", [(now + i * HOUR, "contact", "k1") for i in range(3)], EXPORT)
    writer.writes("nv07", [(now + DAY + 2, "contact", "k1")], EXPORT)
    assert notes(embedded) == []
    writer.writes("nv07", [(now + DAY + 3 + i, "contact", "k1") for i in range(1)], EXPORT)
    (note,) = notes(embedded)
    assert note.reason == "many_exports"


def test_no_desk_writes_such_a_note_or_hides_one(embedded: Running, desks: MakeDesk) -> None:
    writer, now = Writer(desks(embedded, "AG01")), embedded.clock.now_ms()
    act = writer.desk.node.act()
    made = Review(
        id="gia", about_kind="staff", about="nv07", reason="many_files", noted_at=now, seen_by="x", seen_at=1
    )
    act.create(scopes.centre("an_giang"), made, action=APPEND)
    writer.desk.node.write(act)
    assert [one.why for one in writer.desk.push().held] == ["centre_only"]
    writer.writes("nv07", opened(31, now))
    assert len(notes(embedded)) == 1


def test_who_reads_the_audit_log_of_that_centre_closes_a_note_and_never_one_about_themselves(
    embedded: Running, desks: MakeDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    writer, now = Writer(desks(embedded, "AG01")), embedded.clock.now_ms()
    for staff, role, at in (
        ("lead", "shift_lead", "an_giang"), ("lead-hn", "shift_lead", "hanoi"), ("nv07", "shift_lead", "an_giang"),
        ("nv08", "counsellor", "an_giang"),
    ):  # fmt: skip
        write(embedded.centre, staff, roles=(role,), centre=at)
    monkeypatch.setattr("server.unusual_command.WallClock", lambda: embedded.clock)
    listing = ["unusual", "--data", str(tmp_path / "data")]
    assert main(listing) == 0
    writer.writes("nv07", opened(31, now))
    assert main(listing) == 1
    assert '"staff": "nv07"' in capsys.readouterr().out
    (one,) = embedded.centre.read(acts.unseen)
    for staff in ("lead-hn", "nv07", "nv08", "nobody"):
        with pytest.raises(MayNotLook):
            seen(embedded.centre, one.id, staff)
    with pytest.raises(NoSuchNote):
        seen(embedded.centre, "none", "lead")
    assert main(["unusual-seen", one.id, "--by", "lead", "--data", str(tmp_path / "data")]) == 0
    assert main(listing) == 0


def test_what_is_found_in_a_day_of_openings_is_what_counting_every_hour_by_hand_finds() -> None:
    dice = random.Random(SEED)
    found = 0
    for _ in range(300):
        done = [
            Done(dice.randrange(3 * HOUR), f"k{dice.randrange(45)}", f"e{i}") for i in range(dice.randrange(30, 160))
        ]
        told = unusual(MANY_FILES, done)
        over = sorted(
            one.at
            for one in done
            if len({each.file for each in done if one.at - HOUR < each.at <= one.at}) > MANY_FILES.most
        )
        assert bool(told) is bool(over)
        if told:
            assert told[0].at == over[0]
            assert all(b.at - a.at >= HOUR for a, b in pairwise(told))
            assert all(any(0 <= at - one.at < HOUR for one in told) for at in over), "none is left without a note"
        found += len(told)
    assert found > 100
    assert unusual(MANY_EXPORTS, [Done(i, "k", f"e{i}") for i in range(3)]) == []
