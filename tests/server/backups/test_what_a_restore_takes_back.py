"""What the centre itself wrote after a backup: a restore takes it back, and figures say so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from domain.records.staff import record_of
from server.operations.backup import make_backup, restore
from server.operations.emergency import reviewed, reviews
from server.operations.staff import write
from server.store import backup_file
from server.store.audit import audit
from sync.replica import read
from tests.server.backups.test_a_restored_centre import again, send_all
from tests.server.ground import Desk, HandClock, Running, running
from tests.server.test_emergency_reads import asks, founded, hired

MakeDesk = Callable[..., Desk]


def roles(centre: Running, staff: str) -> tuple[str, ...] | None:
    stored = centre.centre.read(lambda c: read.one(c, "staff", record_of(staff)))
    return None if stored is None else stored.record.roles


def test_staff_and_reviews_written_after_the_backup_stand_at_the_centre_as_before_it_until_a_person_looks(
    tmp_path: Path, desks: MakeDesk
) -> None:
    data, key = tmp_path / "data", tmp_path / "backup.key"
    with running(data) as centre:
        ag, hn = desks(centre, "AG01"), desks(centre, "HN01")
        founded(ag, "k1")
        founded(ag, "k2", "AG03-261123-0430")
        hired(centre, "dpo", "inspector", "hanoi")
        hired(centre, "lead-hn", "regional_lead", "hanoi")
        asks(hn, "lead-hn")
        (first,) = centre.centre.read(reviews)
        made = make_backup(centre.centre, data, tmp_path / "b", key, embedded=True)
        reviewed(centre.centre, first.id, "dpo")
        asks(hn, "lead-hn", "AG03-261123-0430")
        write(centre.centre, "lead-hn", roles=("counsellor",))
        write(centre.centre, "moi", roles=("counsellor",), centre="an_giang")
        for desk in (ag, hn):
            desk.pull()
    restore(made.path, backup_file.backup_key(key, make=False), data, None, HandClock(), force=True)
    with running(data) as centre:
        for desk in (ag, hn):
            again(desk, centre)
            send_all(desk)
        assert roles(centre, "lead-hn") == ("regional_lead",), "a role taken away since stands again: take it again"
        assert roles(centre, "moi") is None
        assert [one.id for one in centre.centre.read(reviews)] == [first.id], "looked at since: it waits once more"
        assert len(ag.node.run(lambda c: read.every(c, "emergency_read"))) == 2, "those it concerns still see both"
        assert ag.own_digest() != ag.digest, "never silently: the figures differ"
        found = centre.centre.read(audit)
        assert found.differences == []
        assert len(centre.centre.read(lambda c: read.every(c, "contact"))) == 2
        write(centre.centre, "lead-hn", roles=("counsellor",))
        reviewed(centre.centre, first.id, "dpo")
        assert roles(centre, "lead-hn") == ("counsellor",)
        assert centre.centre.read(reviews) == []
