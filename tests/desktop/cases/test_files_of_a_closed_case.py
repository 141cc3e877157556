"""A file of a restricted case at one desk: name and bytes open for whoever has the case's key, for nobody else."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from desktop.operations import restricting
from desktop.operations.attachments import attach
from desktop.store import blobs
from desktop.store.case_keys import UNREAD
from desktop.store.sealing import NoKey, open_sealed, seal_file
from sync.blobs.seal import SECRET_BYTES
from sync.blobs.shelf import Shelf
from sync.replica import read
from tests.desktop.cases.closed import ClosedDesk
from tests.desktop.cases.scan import pages_with, tables_with
from tests.desktop.store.kit import STORE_KEY

ME, COLLEAGUE = "nv07", "nv08"
BYTES = b"%PDF-1.4 ben pha luc nua dem"
TITLE = "bản khai của Kim Loan.pdf"


def test_a_colleague_with_the_stores_key_gets_neither_name_nor_bytes_until_let_in(tmp_path: Path) -> None:
    desk = ClosedDesk(tmp_path / "desk", ME, COLLEAGUE)
    case_id = desk.restricted()
    found = desk.bench.read(lambda c: read.one(c, "case", case_id))
    assert found is not None
    contact = str(found.record.contact_id)
    shelf = Shelf(tmp_path / "shelf")
    shelf.prepare()
    path = tmp_path / TITLE
    path.write_bytes(BYTES)
    record = desk.bench.run(attach(seal_file(path, bytes(SECRET_BYTES), shelf), contact, case_id)).id

    def title() -> str:
        return desk.bench.read(partial(blobs.of_contact, contact_id=contact))[0].title

    def opened() -> bytes:
        whole = desk.bench.read(partial(blobs.readable, record_id=record))
        assert whole is not None
        return open_sealed(whole, shelf)

    assert (title(), opened()) == (TITLE, BYTES)
    desk.sit(COLLEAGUE)
    assert title() == UNREAD
    with pytest.raises(NoKey):
        opened()
    assert desk.bench.read(partial(blobs.secrets_of, scope=found.scope)) == []
    assert "r_attachment" in tables_with(desk.bench.home.db, STORE_KEY, record), "the scan finds the record"
    assert tables_with(desk.bench.home.db, STORE_KEY, "bản khai", "bản khai".upper(), "ban khai") == set()
    assert pages_with(desk.bench.home.db, STORE_KEY, "bản khai", "ban khai") == 0
    assert not any(BYTES in shelf.verified(name) for name in shelf.names())
    desk.sit(ME).bench.run(restricting.let_in(case_id, COLLEAGUE))
    desk.sit(COLLEAGUE)
    assert (title(), opened()) == (TITLE, BYTES)
    desk.close()
