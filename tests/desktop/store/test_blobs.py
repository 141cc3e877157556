"""The queue of attachments' bytes in the store: what is wanted, what is kept, what may never be let go of."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from desktop.operations.attachments import attach
from desktop.store import blobs
from desktop.store.sealing import SealedFile
from domain.records.contact import Contact
from sync.blobs.signals import Want
from sync.replica import read, scopes
from tests.desktop.store.kit import Bench, own, take
from tests.sync.blobs.files import SECRET, made_up, sealed

FILE = sealed(made_up(3_000))
OTHER = sealed(made_up(5_000, seed=2))
WEEK = 7 * 86_400_000


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path / "desk")
    yield made
    made.close()


def contact(uow: Any) -> str:
    """A file of a counsellor's."""
    act = uow.act()
    made = str(uow.new_id())
    act.create(scopes.dossier(made), Contact(id=made, received_at=uow.now_ms))
    uow.write(act)
    return made


def given(bench: Bench, to: str, file: Any = FILE) -> str:
    """Attach a sealed file; answers the attachment's id."""
    one = SealedFile("thư.txt", "text/plain", file.naming, file.plan, SECRET)
    return bench.run(attach(one, to)).id


def wants(bench: Bench) -> list[Want]:
    return [one.want for one in bench.read(blobs.transfers)]


def write(bench: Bench, work: Any) -> Any:
    with bench.store.write() as connection:
        result = work(connection)
        connection.commit()
        return result


def test_metadata_key_and_queue_are_one_act(bench: Bench) -> None:
    where = bench.run(contact)
    before = len(own(bench))

    def dies() -> None:
        raise SystemError

    one = SealedFile("thư.txt", "text/plain", FILE.naming, FILE.plan, SECRET)
    with pytest.raises(SystemError):
        bench.run(attach(one, where), before_commit=dies)
    assert (len(own(bench)), wants(bench)) == (before, [])
    made = given(bench, where)
    placed = own(bench)[before:]
    assert len({p.group for p in placed}) == 1
    bodies = b"".join(p.body for p in placed)
    assert bodies.count(b'"d":"P4"') == 2, "the key and the scope's secret travel as P4"
    assert wants(bench) == [Want.UP]
    found = bench.read(lambda c: blobs.readable(c, made))
    assert found is not None
    assert (found.plan, found.naming) == (FILE.plan, FILE.naming)
    given(bench, where, OTHER)
    assert len(bench.read(lambda c: blobs.secrets_of(c, scopes.dossier(where)))) == 1


def test_a_wish_for_what_is_being_let_go_of_keeps_it(bench: Bench) -> None:
    made = given(bench, bench.run(contact))
    blob, now = FILE.naming.blob, bench.clock.now
    assert write(bench, lambda c: blobs.make_room(c, 0, now + 2 * WEEK, WEEK)) == 0, "the centre never had it"
    write(bench, lambda c: blobs.at_centre(c, blob, now))
    assert wants(bench) == []
    assert write(bench, lambda c: blobs.make_room(c, 0, now + 2 * WEEK, WEEK)) == 1
    assert wants(bench) == [Want.LET_GO]
    assert write(bench, lambda c: blobs.wish(c, [made], now, urgent=True)) == 0, "it is here: nothing to fetch"
    assert not write(bench, lambda c: blobs.let_go(c, blob)), "somebody wants it again"
    assert bench.read(blobs.chunks_kept) == set(FILE.plan.chunks)


def test_chunks_of_a_copy_that_was_let_go_of_are_left_over_also_after_a_crash(bench: Bench) -> None:
    made = given(bench, bench.run(contact))
    blob, now = FILE.naming.blob, bench.clock.now
    write(bench, lambda c: blobs.at_centre(c, blob, now))
    write(bench, lambda c: blobs.make_room(c, 0, now + 2 * WEEK, WEEK))
    assert write(bench, lambda c: blobs.let_go(c, blob))
    assert bench.read(blobs.chunks_kept) == set()
    assert write(bench, lambda c: blobs.wish(c, [made, made, "không có"], now, urgent=False)) == 1
    assert wants(bench) == [Want.DOWN]
    assert bench.read(blobs.chunks_kept) == set(FILE.plan.chunks), "parts that have come are kept"
    write(bench, lambda c: blobs.is_here(c, blob, now))
    assert wants(bench) == []


def test_a_copy_without_the_centres_word_is_never_let_go_of(bench: Bench) -> None:
    given(bench, bench.run(contact))
    blob, now = FILE.naming.blob, bench.clock.now
    write(bench, lambda c: blobs.at_centre(c, blob, now))
    write(bench, lambda c: blobs.make_room(c, 0, now + 2 * WEEK, WEEK))
    write(bench, lambda c: blobs.send_again(c, blob))
    assert wants(bench) == [Want.UP]
    assert not write(bench, lambda c: blobs.let_go(c, blob))
    assert write(bench, lambda c: blobs.make_room(c, 0, now + 9 * WEEK, WEEK)) == 0


def test_another_desk_knows_the_file_and_asks_for_it_by_the_policy_only(bench: Bench, tmp_path: Path) -> None:
    made = given(bench, bench.run(contact))
    other = Bench(tmp_path / "other")
    try:
        take(other, own(bench))
        assert wants(other) == []
        (row,) = other.read(lambda c: blobs.of_contact(c, read.one(c, "attachment", made).record.contact_id))  # type: ignore[union-attr]  # the record has come
        assert (row.here, row.want, row.ours, row.centre_at) == (False, "", False, None)
        assert write(other, lambda c: blobs.wish_all(c, 1)) == 1
        assert write(other, lambda c: blobs.wish_all(c, 2)) == 0
        assert wants(other) == [Want.DOWN]
        found = other.read(lambda c: blobs.readable(c, made))
        assert found is not None
        assert found.naming == FILE.naming
    finally:
        other.close()


def test_an_attachment_whose_key_was_withheld_is_listed_and_not_opened(bench: Bench, tmp_path: Path) -> None:
    made = given(bench, bench.run(contact))
    other = Bench(tmp_path / "other")
    try:
        take(other, [p for p in own(bench) if b'"d":"P4"' not in p.body])
        found = other.read(lambda c: blobs.readable(c, made))
        assert found is not None
        assert found.naming is None
        assert base64.b64encode(FILE.naming.key).decode() not in str(found)
    finally:
        other.close()
