"""A ring while nobody is signed in lies sealed on the disk and becomes exactly one row at the next sign-in."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop import app
from desktop.home import Home
from desktop.operations.rings import fold_rings
from desktop.running import Session
from desktop.store import inbox
from desktop.store.inbox import Ring
from desktop.store.keys import KeySlots
from tests.desktop.store.kit import CHEAP, NOON, PASSPHRASE, STAFF, Bench, reference
from tests.desktop.ui.conftest import given, stored

NUMBER = "0912345678"


def test_rings_are_read_with_the_inbox_key_only_and_a_torn_line_costs_no_other(tmp_path: Path) -> None:
    private, path = X25519PrivateKey.generate(), tmp_path / "rings.sealed"
    rings = [Ring(f"ring-{place}", NUMBER, NOON + place) for place in range(3)]
    for ring in rings:
        inbox.put(path, private.public_key().public_bytes_raw(), ring)
    assert path.stat().st_mode & 0o077 == 0
    assert NUMBER.encode() not in path.read_bytes()
    assert inbox.read(path, private) == tuple(rings)
    assert inbox.read(path, X25519PrivateKey.generate()) == ()
    path.write_bytes(path.read_bytes()[:-20])
    assert inbox.read(path, private) == tuple(rings[:2])
    inbox.clear(path)
    assert inbox.read(path, private) == ()


def test_a_ring_read_twice_makes_one_row_and_names_nobody_as_its_receiver(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    rings = (Ring("a", NUMBER, NOON), Ring("b", "", NOON + 1))
    assert bench.run(fold_rings(rings)) == 2
    assert bench.run(fold_rings(rings)) == 0
    with bench.store.read() as connection:
        rows = connection.exec_driver_sql("SELECT number, receiver, ring_at FROM r_call ORDER BY ring_at").all()
    bench.close()
    assert [tuple(row) for row in rows] == [("+84912345678", None, NOON), (None, None, NOON + 1)]


def test_a_ring_at_the_sign_in_window_is_kept_and_folds_when_somebody_comes_in(
    tmp_path: Path, qapp: QApplication, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(tmp_path / "desk")
    home.prepare()
    KeySlots(home.slots, CHEAP, calibrate=False).create(STAFF, PASSPHRASE)
    app.enrol(home, "", "", STAFF, PASSPHRASE, enroller=given, key_cost=CHEAP)
    monkeypatch.setattr("desktop.running.door_name", partial(str, tmp_path / "door"))
    session = Session(qapp, home)
    session.ask()
    try:
        session._rang(NUMBER)
        assert home.rings.exists()
        ready = app.unlock(home, STAFF, PASSPHRASE, reference=reference(), key_cost=CHEAP)
        session._unlocked(ready)
        qtbot.waitUntil(lambda: not home.rings.exists(), timeout=30_000)
        assert session.desk is not None
        rows = stored(session.desk, lambda c: c.exec_driver_sql("SELECT number FROM r_call").scalars().all())
        assert rows == ["+84912345678"]
    finally:
        session.close()
        assert session._signin is not None
        session._signin.close()
