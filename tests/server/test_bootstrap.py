"""The centre's manifest and segments: signed, whole, in pieces, for one device only, built anew when old."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from server.operations import bootstrap, transfers
from server.operations.erasure import erase
from sync import manifest as manifests
from sync import wire
from sync.digest import Digest
from sync.replica import scopes
from sync.replica.row_sums import RowSums
from sync.replica.segment import SegmentRows
from sync.troubles import SegmentGone, ServerTrouble
from sync.wire import BadMessage
from tests.server.filling import gather_all, manifest_of, small_segments, write_everything
from tests.server.ground import PATIENCE_S, Desk, Running


@pytest.fixture
def pair(centre: Running, desks: Callable[..., Desk]) -> tuple[Desk, Desk]:
    """Two desks of one centre after a day's work, and small segments."""
    small_segments(centre)
    one, two = desks(centre, "AG01"), desks(centre, "AG02")
    write_everything(centre, one, two)
    return one, two


def test_the_rows_of_all_segments_have_the_digest_that_the_manifest_says(
    centre: Running, pair: tuple[Desk, Desk], tmp_path: Path
) -> None:
    one, _ = pair
    manifest = manifest_of(one)
    one.pull()
    assert manifest.rows > 250
    assert len([s for part in manifest.parts for s in part.segments]) >= 4
    whole = RowSums()
    for rows in gather_all(one, manifest, tmp_path):
        whole.join(rows.sums)
    assert whole.whole().text() == manifest.digest == one.digest == one.own_digest()
    assert whole.latest, "the clock learns the latest stamp"
    assert whole.by_scope_and_kind() == {
        key: digest for key, digest in one.node.digests().items() if digest.count
    }


def test_a_manifest_of_a_stranger_or_altered_on_the_way_is_not_believed(
    centre: Running, pair: tuple[Desk, Desk]
) -> None:
    sealed = pair[0].road.bootstrap(0, PATIENCE_S)
    assert sealed is not None
    own = centre.centre.key.public_key()
    manifest = manifests.unseal(sealed, own)
    with pytest.raises(BadMessage, match="signature"):
        manifests.unseal(sealed, Ed25519PrivateKey.generate().public_key())
    said = wire.unpack(sealed)
    at = said.index(b'"seq":') + 6
    with pytest.raises(BadMessage, match="signature"):
        manifests.unseal(wire.pack(said[:at] + b"9" + said[at:]), own)
    by_another = manifests.seal(manifest, Ed25519PrivateKey.generate())
    with pytest.raises(BadMessage, match="signature"):
        manifests.unseal(by_another, own)


def test_a_segment_comes_in_pieces_and_only_to_a_device_of_its_manifest(
    centre: Running, pair: tuple[Desk, Desk], desks: Callable[..., Desk]
) -> None:
    one, two = pair
    far = desks(centre, "DN01")
    manifest = manifest_of(one)
    shared, own = manifest.parts[0].segments[0], manifest.parts[-1].segments[0]
    data, size = b"", 1_000
    while len(data) < shared.bytes:
        part = one.road.segment(shared.hash, len(data), size, PATIENCE_S)
        assert 0 < len(part) <= size
        data, size = data + part, 1 << 20
    assert hashlib.sha256(data).hexdigest() == shared.hash
    assert two.road.segment(shared.hash, 0, 10, PATIENCE_S) == data[:10], "desks of one centre share segments"
    with pytest.raises(SegmentGone):
        two.road.segment(own.hash, 0, 10, PATIENCE_S)
    for segment in (shared, own):
        with pytest.raises(SegmentGone):
            far.road.segment(segment.hash, 0, 10, PATIENCE_S)
    assert not {s.hash for p in manifest_of(far).parts for s in p.segments} & {shared.hash, own.hash}
    with pytest.raises(ServerTrouble):
        one.road.segment(shared.hash, shared.bytes, 10, PATIENCE_S)
    address = f"{centre.url}{manifests.SEGMENT}/{shared.hash}"
    assert requests.get(address, timeout=PATIENCE_S).status_code == 401
    assert requests.get(centre.url + manifests.BOOTSTRAP, timeout=PATIENCE_S).status_code == 401
    assert b"SQLite" not in data, "what lies on a disk is encrypted"


def test_rows_of_another_centre_are_in_no_segment_without_a_grant(
    centre: Running, pair: tuple[Desk, Desk], desks: Callable[..., Desk], tmp_path: Path
) -> None:
    far = desks(centre, "DN01")
    far.write_contact("secret-of-da-nang", case=True)
    far.push()
    national = desks(centre, "AG05", all_cases=True)
    held = {
        name: {key[0] for rows in gather_all(desk, manifest_of(desk), tmp_path / name) for key in keys_of(rows.sums)}
        for name, desk in (("plain", pair[0]), ("all-cases", national))
    }
    scope = scopes.dossier("secret-of-da-nang")
    assert scope not in held["plain"]
    assert scope in held["all-cases"]
    assert scopes.device_scope(national.enrolled.device) not in held["plain"]
    assert scopes.device_scope(pair[0].enrolled.device) in held["plain"]


def keys_of(sums: RowSums) -> set[tuple[str, str]]:
    return set(sums.by_scope_and_kind())


def test_what_was_withdrawn_can_be_fetched_no_more(
    centre: Running, pair: tuple[Desk, Desk], desks: Callable[..., Desk]
) -> None:
    far = desks(centre, "DN01")
    far.write_contact("lent", case=True)
    far.push()
    national = desks(centre, "AG05", all_cases=True)
    own = manifest_of(national).parts[-1].segments[0]
    assert national.road.segment(own.hash, 0, 10, PATIENCE_S)
    centre.centre.lane.do(
        lambda c: c.execute(
            scopes.scope_grant.delete().where(scopes.scope_grant.c.device == national.enrolled.device)
        )
    )
    with pytest.raises(SegmentGone):
        national.road.segment(own.hash, 0, 10, PATIENCE_S)


def test_few_rows_are_read_from_the_feed(embedded: Running, desks: Callable[..., Desk]) -> None:
    one = desks(embedded)
    one.write_calls(range(5))
    one.push()
    assert one.road.bootstrap(1_000, PATIENCE_S) is None
    assert one.road.bootstrap(1, PATIENCE_S) is not None


def test_old_segments_are_built_anew_beside_the_work_and_the_last_ones_still_serve(
    centre: Running, pair: tuple[Desk, Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "LEAST_STALE", 10)
    one, _ = pair
    first = manifest_of(one)
    one.write_calls(range(1_000, 1_005))
    one.push()
    builder = centre.serving.counter.segments
    under_way = dict(builder._under_way)
    assert manifest_of(one).parts[0] == first.parts[0], "a few newer rows are no reason"
    assert builder._under_way == under_way
    one.write_calls(range(1_005, 1_060))
    one.push()
    answer = manifest_of(one)
    assert answer.parts[0] == first.parts[0], "nobody waits for what is built anew"
    builder._under_way[f"audience:{one.enrolled.centre}"].result(PATIENCE_S)
    later = manifest_of(one)
    assert later.parts[0].seq > first.parts[0].seq
    assert later.parts[0].key != first.parts[0].key
    old = first.parts[0].segments[0]
    assert one.road.segment(old.hash, 0, old.bytes, PATIENCE_S), "whoever began with the last ones may end"
    assert Digest.parse(later.digest).count == Digest.parse(first.digest).count + 60


def test_the_first_segment_is_small_and_each_next_one_larger_up_to_the_target(
    centre: Running, pair: tuple[Desk, Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "_STEP", 5)
    monkeypatch.setattr(bootstrap, "FIRST", 2_000)
    rows = [one.rows for one in manifest_of(pair[0]).parts[0].segments]
    assert rows[0] < rows[1] < rows[2] < rows[3]
    assert max(rows) < 4 * rows[2], "none is larger than the target"


def test_own_operations_beyond_the_snapshot_are_named(centre: Running, pair: tuple[Desk, Desk]) -> None:
    one, _ = pair
    known = one.acked
    before = manifest_of(one)
    assert (before.acked, before.own) == (known, [])
    one.write_calls(range(2_000, 2_003))
    one.push()
    after = manifest_of(one)
    assert (after.acked, after.own, after.seq) == (known + 3, [(known + 1, known + 3)], before.seq)


def test_a_manifest_names_nothing_that_is_no_hash(centre: Running, pair: tuple[Desk, Desk]) -> None:
    manifest = manifest_of(pair[0])
    key = Ed25519PrivateKey.generate()
    public: Ed25519PublicKey = key.public_key()
    for bad in ("../../etc/passwd", "A" * 64, "0" * 63):
        part = manifest.parts[0]
        one = manifests.Segment(bad, 1, 1)
        forged = manifests.Manifest(
            **{
                **{name: getattr(manifest, name) for name in manifest.__struct_fields__},
                "parts": [manifests.Part(seq=part.seq, key=part.key, digest=part.digest, segments=[one])],
            }
        )
        with pytest.raises(BadMessage):
            manifests.unseal(manifests.seal(forged, key), public)


def test_a_segment_does_not_open_with_another_key(centre: Running, pair: tuple[Desk, Desk], tmp_path: Path) -> None:
    manifest = manifest_of(pair[0])
    one = manifest.parts[0].segments[0]
    path = tmp_path / "one"
    path.write_bytes(pair[0].road.segment(one.hash, 0, one.bytes, PATIENCE_S))
    rows = SegmentRows(path, manifest.parts[0].key)
    assert rows.rows("r_call")
    rows.close()
    with pytest.raises(Exception, match="not a database"):
        SegmentRows(path, "0" * 64)


def test_what_is_erased_or_passed_on_can_be_read_from_no_segment_any_more(
    centre: Running, pair: tuple[Desk, Desk], desks: Callable[..., Desk], tmp_path: Path
) -> None:
    one, _ = pair
    far = desks(centre, "DN01")
    for change in ("erase", "pass on"):
        before = manifest_of(one)
        shared = before.parts[0].segments[0]
        assert one.road.segment(shared.hash, 0, 10, PATIENCE_S)
        if change == "erase":
            erase(centre.centre, "contact", "with-set", "yêu cầu số 1")
        else:
            scope = scopes.dossier("shared")
            centre.centre.lane.do(lambda c, s=scope: transfers.pass_on(centre.centre, c, s, "da_nang"))  # type: ignore[misc]  # binds the loop's value
        with pytest.raises(SegmentGone):
            one.road.segment(shared.hash, 0, 10, PATIENCE_S)
        after = manifest_of(one)
        assert {part.key for part in after.parts}.isdisjoint(part.key for part in before.parts)
    held = [key for rows in gather_all(one, manifest_of(one), tmp_path / "one") for key in keys_of(rows.sums)]
    theirs = [key for rows in gather_all(far, manifest_of(far), tmp_path / "far") for key in keys_of(rows.sums)]
    assert (scopes.dossier("shared"), "person") not in held
    assert (scopes.dossier("shared"), "person") in theirs
    one.pull()
    far.pull()
    assert manifest_of(far).digest == far.digest
