"""An audited act of a desk: its entry stands exactly when the act does, and what was cut off is found at the desk."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import delete

from desktop.operations import audit
from desktop.store.reads_audit import AuditView, audit_view
from desktop.store.unit_of_work import UnitOfWork
from domain.records.audit import EXPORT, LOCK, OPEN
from domain.records.call import Call
from sync.audit import Said
from sync.door import Receipt
from sync.replica import node, scopes, tables
from sync.replica.desk_road import AUDIT_SIGNED, RECEIPT
from tests.desktop.store.kit import NOON, Bench

HEARD = "Bé Na ở Long Xuyên"


class Failed(Exception):
    """The machine goes out just before COMMIT."""


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    one = Bench(tmp_path / "desk")
    yield one
    one.close()


def view(bench: Bench) -> AuditView:
    return bench.read(audit_view)


def log_call(uow: UnitOfWork) -> str:
    act = uow.act()
    call = Call(id="c-1", number="0901234567", ring_at=NOON)
    act.create(scopes.centre(uow.seat.centre), call)
    uow.write(act)
    return call.id


def test_an_entry_stands_exactly_when_what_it_tells_does(bench: Bench) -> None:
    def fail() -> None:
        raise Failed

    with pytest.raises(Failed):
        bench.run(audit.beside(log_call, EXPORT, "call", "c-1", "P2"), before_commit=fail)
    assert view(bench).entries == 0
    assert bench.read(lambda c: c.execute(tables.records["call"].select()).all()) == []
    assert bench.run(audit.beside(log_call, EXPORT, "call", "c-1", "P2")) == "c-1"
    (entry,) = view(bench).newest
    assert (entry.n, entry.action, entry.object_id, entry.level) == (1, EXPORT, "c-1", "P2")
    assert (entry.actor, entry.at, entry.device) == (bench.staff, NOON, bench.seat.device)


def test_the_chain_goes_on_where_it_ended_after_the_store_was_closed(bench: Bench) -> None:
    bench.run(audit.noted(OPEN, "case", "k-1", "P3"))
    bench.reopen()
    bench.run(audit.noted(LOCK))
    bench.run(audit.noted(OPEN, "case", "k-2", "P3", "Trẻ gọi lại, cần xem ca cũ"))
    held = view(bench)
    assert (held.whole, held.entries) == (True, 3), held.findings
    assert sorted(one.n or 0 for one in held.newest) == [1, 2, 3]


def test_what_was_looked_for_is_not_written_but_equal_words_are_equal(bench: Bench) -> None:
    for text in (HEARD, "bé na ở long xuyên", "Người khác"):
        bench.run(audit.searched(text, 2))
    rows = bench.read(lambda c: c.execute(tables.records["audit_note"].select()).mappings().all())
    hashes = [msgspec.json.decode(row["words"])["hash"] for row in sorted(rows, key=lambda row: str(row["id"]))]
    assert len(hashes) == 3
    assert len(set(hashes)) == 2
    assert not any("Long Xuyên" in str(value) for row in rows for value in row.values())
    assert view(bench).whole


def test_whoever_cuts_the_chains_end_off_at_the_desk_is_found_even_without_the_receipt(bench: Bench) -> None:
    for number in range(4):
        bench.run(audit.noted(OPEN, "case", f"k-{number}", "P3"))
    last = max(view(bench).newest, key=lambda one: one.n or 0)
    signature = base64.b64encode(Ed25519PrivateKey.generate().sign(b"")).decode()
    receipt = Receipt(
        device=bench.seat.device, lineage="l", seq=1, digest="", time=NOON, signature=signature,
        audit_n=4, audit_head=last.link or "", audit_signature=signature,
    )  # fmt: skip
    with bench.store.write() as connection:
        node.put(connection, **{RECEIPT: msgspec.json.encode(receipt).decode(), AUDIT_SIGNED: "4"})
        connection.commit()
    held = view(bench)
    assert (held.whole, held.signed_n, held.signed_at_ms) == (True, 4, NOON)
    entry = tables.records["audit_entry"]
    with bench.store.write() as connection:
        connection.execute(delete(entry).where(entry.c.n >= 3))
        connection.commit()
    assert not view(bench).whole
    with bench.store.write() as connection:
        node.put(connection, **{RECEIPT: ""})
        connection.commit()
    assert not view(bench).whole, "that a receipt was here is remembered apart"


def test_an_act_may_say_more_than_one_thing(bench: Bench) -> None:
    def two(uow: UnitOfWork) -> None:
        act = uow.act()
        audit.note(uow, act, Said(uow.staff, OPEN, "case", "k-1"))
        audit.note(uow, act, Said(uow.staff, EXPORT, "case", "k-1"))
        uow.write(act)

    bench.run(two)
    held = view(bench)
    assert (held.whole, held.entries) == (True, 2), held.findings
