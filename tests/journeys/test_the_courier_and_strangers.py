"""Sticks of others: wrong receivers, foreign signers, clones, a revoked desk, a lost stick, a restored centre."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from desktop.operations.courier import NotOurReply
from desktop.store import courier as kept_here
from server.operations.centre import Centre
from server.operations.courier import import_stick, reply
from server.store import accounts, courier
from sync.courier.troubles import NotForUs
from sync.replica import node
from tests.journeys.by_stick import CANARY, NUMBER, Desk, carry, has, logged, open_centre, whole


def test_another_receiver_opens_nothing_and_changes_nothing(
    centre: Centre, desks: Callable[..., Desk], usb: Callable[[str], Path], tmp_path: Path
) -> None:
    here = desks(centre)
    here.call()
    here.export(usb("a"))
    elsewhere = open_centre(tmp_path / "elsewhere")
    try:
        with pytest.raises(NotForUs):
            import_stick(elsewhere, usb("a"))
        assert elsewhere.read(courier.all_sticks) == []
    finally:
        elsewhere.close()
    other = desks(centre, "AG04")
    other.export(usb("other"))
    import_stick(centre, usb("a"))
    reply(centre, usb("down"))
    with pytest.raises(NotForUs):
        other.take(usb("down"))


def test_a_foreign_signer_is_refused_also_with_the_right_receiver(
    centre: Centre, desks: Callable[..., Desk], usb: Callable[[str], Path]
) -> None:
    here = desks(centre)
    here.call()
    real = here.key
    strange = Ed25519PrivateKey.generate()
    here.run(lambda c: c.exec_driver_sql(
        "UPDATE secret SET value = ? WHERE name = 'device_signing_key'", (strange.private_bytes_raw(),)))  # fmt: skip
    here.export(usb("a"))
    found = import_stick(centre, usb("a"))
    assert (found.taken, found.devices, found.refused) == (0, set(), found.volumes[0].letters)
    assert logged(centre, here.device) == []
    assert centre.read(courier.all_sticks) == []
    here.run(lambda c: c.exec_driver_sql(
        "UPDATE secret SET value = ? WHERE name = 'device_signing_key'", (real.private_bytes_raw(),)))  # fmt: skip
    here.export(usb("b"))
    assert import_stick(centre, usb("b")).taken == here.view().waiting


def test_a_reply_by_whoever_could_not_read_the_stick_is_not_believed(
    centre: Centre, desks: Callable[..., Desk], usb: Callable[[str], Path]
) -> None:
    here = desks(centre)
    here.call()
    here.export(usb("a"))
    import_stick(centre, usb("a"))

    def forge(connection: object) -> None:
        connection.execute(courier.stick.update().values(reply_secret=bytes(32)))  # type: ignore[attr-defined]  # a connection

    centre.lane.do(forge)
    reply(centre, usb("down"))
    before = here.view()
    with pytest.raises(NotOurReply):
        here.take(usb("down"))
    assert here.view() == before


def test_a_revoked_desks_words_are_kept_for_a_supervisor(
    centre: Centre, desks: Callable[..., Desk], usb: Callable[[str], Path]
) -> None:
    here = desks(centre)
    here.call()
    here.export(usb("a"))
    centre.lane.do(lambda c: c.execute(accounts.device.update().values(revoked_at=1)))
    found = import_stick(centre, usb("a"))
    assert (found.taken, found.kept) == (0, {"revoked": 1})
    (one,) = centre.read(lambda c: list(courier.all_kept(c)))
    assert (one.device, one.first, one.why) == (here.device, 1, "revoked")
    assert logged(centre, here.device) == []


# ---------------------------------------------------------------- clones


@pytest.mark.parametrize("shorter", [True, False], ids=["clone-has-less", "clone-has-more"])
def test_a_clones_stick_loses_nothing_and_the_clone_goes_on_under_a_new_incarnation(
    centre: Centre, desks: Callable[..., Desk], usb: Callable[[str], Path], tmp_path: Path, shorter: bool
) -> None:
    first = desks(centre)
    shared = [first.call() for _ in range(3)]
    first.export(usb("before"))  # both halves have the same keys for replies
    (tmp_path / "twin").mkdir()
    twin = first.cloned(tmp_path / "twin")
    try:
        own = [first.call("prank") for _ in range(4)]
        first.push_by_line()
        theirs = [twin.call("hang_up") for _ in range(2 if shorter else 7)]
        twin.export(usb("a"))
        found = import_stick(centre, usb("a"))
        assert found.kept == {"fork": 1}
        assert found.taken == 0
        assert not any(has(centre, "call", one) for one in theirs)
        (answer,) = reply(centre, usb("down"))
        assert answer.fork > 0
        taken = twin.take(usb("down"))
        assert taken.again
        assert twin.view().incarnation == 2
        assert taken.waiting > 0
        assert all(twin.has("call", one) for one in own), "what the first desk wrote comes by the reply"
        twin.export(usb("b"))
        assert import_stick(centre, usb("b")).taken == taken.waiting
        assert all(has(centre, "call", one) for one in shared + own + theirs)
        assert centre.read(lambda c: list(courier.all_kept(c))) == [], "the same bytes came under the new incarnation"
        reply(centre, usb("down2"))
        taken = twin.take(usb("down2"))
        assert (taken.again, taken.waiting) == (False, 0)
        assert twin.is_equal()
        assert whole(centre)
        assert not first.take(usb("down")).again
        assert first.view().incarnation == 1, "the first desk is not the one that forked"
        carry(first, centre, usb("c"))
        assert all(first.has("call", one) for one in theirs)
        assert first.is_equal()
    finally:
        twin.close()


# ---------------------------------------------------------------- secrecy, audit


def test_a_lost_stick_shows_nothing_but_sizes(
    centre: Centre, desks: Callable[..., Desk], usb: Callable[[str], Path]
) -> None:
    here, other = desks(centre, "AG03"), desks(centre, "AG04")
    report = here.report()
    other.report()
    other.push_by_line()
    bodies = here.read(lambda c: [bytes(row[0]) for row in c.exec_driver_sql("SELECT body FROM log")])
    names = [CANARY, NUMBER[1:], report.code, report.case_id, here.device, other.device, "an_giang", "AG03", "AG04",
             centre.lineage, "nv07", "contact", "dossier"]  # fmt: skip
    written = b"\n".join(bodies)
    for canary in (CANARY, NUMBER[1:]):
        assert canary.encode() in written, "the canaries are in what is exported"
    here.export(usb("a"))
    import_stick(centre, usb("a"))
    reply(centre, usb("a"))
    files = list(usb("a").iterdir())
    assert len(files) == 2
    for path in files:
        data = path.read_bytes()
        for name in names:
            assert name.encode() not in data
            assert name not in path.name
            assert name.encode("utf-16-le") not in data
        assert here.key.public_key().public_bytes_raw() not in data
        assert path.suffix == ".t111"
        assert set(path.stem) <= set("0123456789abcdef-")
        assert path.stat().st_mode & 0o077 == 0
    assert len({path.stem.split("-")[0] for path in files}) == 2


def test_export_import_and_reply_stand_in_the_audit_of_both_ends(
    centre: Centre, desks: Callable[..., Desk], usb: Callable[[str], Path]
) -> None:
    here = desks(centre)
    here.call()
    carry(here, centre, usb("a"))
    mine = sorted(here.read(kept_here.entries), key=lambda one: one.what)
    assert [(one.what, one.staff, one.lineage) for one in mine] == [
        ("export", "nv07", centre.lineage), ("reply", "nv07", centre.lineage),
    ]  # fmt: skip
    assert (mine[0].first, mine[0].last, mine[0].operations) == (1, 1, 1)
    lines = "SELECT what, device, taken FROM courier_audit ORDER BY what"
    theirs = centre.read(lambda c: [tuple(row) for row in c.exec_driver_sql(lines)])
    assert theirs[0] == ("import", here.device, 1)
    assert theirs[1][:2] == ("reply", here.device)


def test_a_new_lineage_is_met_by_stick_and_what_it_lost_is_sent_again(
    desks: Callable[..., Desk], usb: Callable[[str], Path], tmp_path: Path
) -> None:
    old = open_centre(tmp_path / "c")
    here = desks(old)
    kept = here.call()
    here.push_by_line()
    old.close()
    shutil.copytree(tmp_path / "c", tmp_path / "restored")
    old = open_centre(tmp_path / "c")
    here.centre = old
    lost = here.call()
    here.push_by_line()
    old.close()
    restored = open_centre(tmp_path / "restored")
    try:
        restored.lane.do(lambda c: node.put_key(c, "lineage", "00112233445566aa"))
        restored.close()
        here.centre = restored = open_centre(tmp_path / "restored")
        carry(here, restored, usb("a"))
        assert here.view().lineage == restored.lineage
        assert here.view().waiting > 0
        carry(here, restored, usb("b"))
        assert here.view().waiting == 0
        assert here.is_equal()
        assert has(restored, "call", kept)
        assert has(restored, "call", lost)
    finally:
        restored.close()
