"""Key slots open for the right passphrase only, cost what they must, and are bound to their person."""

from __future__ import annotations

import base64
import json
import os
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from desktop.store import wraps
from desktop.store.device_secret import FILE_NAME, DeviceSecretLost, InFile, new_secret
from desktop.store.engine import open_store
from desktop.store.keys import Cost, KeySlots, Tile
from desktop.store.rotation import rekey, store_key
from desktop.store.troubles import CodeExpired, Damaged, LastPerson, NewerStore, WrongKey, WrongPassphrase
from tests.desktop.store.kit import CHEAP, NOON, PASSPHRASE, STAFF


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keyslots.json"


def slots(path: Path) -> KeySlots:
    return KeySlots(path, CHEAP, calibrate=False)


def test_the_passphrase_that_made_the_slot_opens_it(path: Path) -> None:
    key = slots(path).create(STAFF, PASSPHRASE)
    assert len(key) == 32
    assert slots(path).open(STAFF, PASSPHRASE) == key


def test_a_passphrase_typed_in_another_normal_form_is_the_same(path: Path) -> None:
    key = slots(path).create(STAFF, unicodedata.normalize("NFD", PASSPHRASE))
    assert slots(path).open(STAFF, unicodedata.normalize("NFC", PASSPHRASE)) == key


@pytest.mark.parametrize(("staff", "passphrase"), [(STAFF, PASSPHRASE + "!"), (STAFF, ""), ("nv08", PASSPHRASE)])
def test_a_wrong_passphrase_or_person_gets_one_clear_sentence(path: Path, staff: str, passphrase: str) -> None:
    slots(path).create(STAFF, PASSPHRASE)
    with pytest.raises(WrongPassphrase) as raised:
        slots(path).open(staff, passphrase)
    assert raised.value.advice.startswith("Tên hoặc mật khẩu chưa đúng.")
    assert PASSPHRASE not in str(raised.value)


def test_each_person_of_a_desk_has_a_slot_of_their_own(path: Path) -> None:
    key = slots(path).create(STAFF, PASSPHRASE)
    slots(path).add("nv08", "mưa rào tháng bảy", key)
    slots(path).add(STAFF, "mật khẩu mới của tôi", key)
    assert set(slots(path).names()) == {STAFF, "nv08"}
    assert slots(path).open("nv08", "mưa rào tháng bảy") == key
    assert slots(path).open(STAFF, "mật khẩu mới của tôi") == key
    with pytest.raises(WrongPassphrase):
        slots(path).open(STAFF, PASSPHRASE)


def test_a_second_creation_never_replaces_the_store_key(path: Path) -> None:
    slots(path).create(STAFF, PASSPHRASE)
    before = path.read_bytes()
    with pytest.raises(FileExistsError):
        slots(path).create("nv08", PASSPHRASE)
    assert path.read_bytes() == before


def test_a_wrap_moved_to_another_person_does_not_open(path: Path) -> None:
    slots(path).create(STAFF, PASSPHRASE)
    held = json.loads(path.read_text("utf-8"))
    held["people"][0]["staff"] = "nv08"
    path.write_text(json.dumps(held), "utf-8")
    with pytest.raises(WrongPassphrase):
        slots(path).open("nv08", PASSPHRASE)


def test_the_right_passphrase_with_another_secret_of_the_device_opens_nothing(path: Path) -> None:
    slots(path).create(STAFF, PASSPHRASE)
    reference = json.loads(path.read_text("utf-8"))["reference"]
    InFile(path.parent).put(reference, new_secret())
    with pytest.raises(WrongPassphrase):
        slots(path).open(STAFF, PASSPHRASE)
    (path.parent / FILE_NAME).unlink()
    with pytest.raises(DeviceSecretLost) as lost:
        slots(path).open(STAFF, PASSPHRASE)
    assert "dữ liệu vẫn nguyên vẹn" in lost.value.advice


def test_a_person_slipped_into_the_file_by_one_without_the_stores_key_is_found(path: Path) -> None:
    slots(path).create(STAFF, PASSPHRASE)
    held = json.loads(path.read_text("utf-8"))
    held["people"].append(dict(held["people"][0], staff="nv08"))
    path.write_text(json.dumps(held), "utf-8")
    with pytest.raises(Damaged):
        slots(path).open(STAFF, PASSPHRASE)


def test_a_colleague_lets_somebody_in_with_a_code_that_they_change_for_a_passphrase(path: Path) -> None:
    key = slots(path).create(STAFF, PASSPHRASE)
    slots(path).invite(key, "nv08", "k7mp-2qrs-9tvw", until_ms=NOON, initials="L.V.K")
    first = slots(path).enter("nv08", "k7mp-2qrs-9tvw", NOON)
    assert (first.key, first.once) == (key, True)
    with pytest.raises(CodeExpired):
        slots(path).enter("nv08", "k7mp-2qrs-9tvw", NOON + 1)
    slots(path).change(first, "mưa rào tháng bảy")
    again = slots(path).enter("nv08", "mưa rào tháng bảy", NOON + 1)
    assert (again.key, again.once) == (key, False)
    assert again.person.private_bytes_raw() == first.person.private_bytes_raw()
    assert slots(path).people() == (Tile(STAFF), Tile("nv08", "L.V.K"))
    with pytest.raises(WrongPassphrase):
        slots(path).open("nv08", "k7mp-2qrs-9tvw")


def test_whoever_is_removed_opens_nothing_and_the_last_person_stays(path: Path) -> None:
    key = slots(path).create(STAFF, PASSPHRASE)
    with pytest.raises(LastPerson):
        slots(path).remove(key, STAFF)
    slots(path).add("nv08", "mưa rào tháng bảy", key)
    slots(path).remove(key, "nv08")
    with pytest.raises(WrongPassphrase):
        slots(path).open("nv08", "mưa rào tháng bảy")
    assert slots(path).must_rotate()


def test_the_stores_key_is_changed_for_people_who_are_not_there(path: Path) -> None:
    key = slots(path).create(STAFF, PASSPHRASE)
    slots(path).add("nv08", "mưa rào tháng bảy", key)
    inbox = slots(path).inbox_key(key).private_bytes_raw()
    new = slots(path).begin_rotation(key)
    cut = slots(path).enter("nv08", "mưa rào tháng bảy")
    assert (cut.key, cut.previous) == (new, key)
    slots(path).end_rotation(new)
    absent = slots(path).enter("nv08", "mưa rào tháng bảy")
    assert (absent.key, absent.previous) == (new, None)
    assert slots(path).inbox_key(new).private_bytes_raw() == inbox
    with pytest.raises(Damaged):
        slots(path).remove(key, "nv08")


@pytest.mark.parametrize("cut_after", [0, 1, 2])
def test_a_change_of_the_stores_key_cut_off_anywhere_is_finished_at_the_next_sign_in(
    path: Path, cut_after: int
) -> None:
    key = slots(path).create(STAFF, PASSPHRASE)
    slots(path).add("nv08", "mưa rào tháng bảy", key)
    db = path.parent / "store.db"
    open_store(db, key).close()
    slots(path).remove(key, "nv08")
    if cut_after:
        new = slots(path).begin_rotation(key)
        if cut_after == 2:
            rekey(db, key, new)
    found = store_key(slots(path), db, slots(path).enter(STAFF, PASSPHRASE))
    assert found != key
    open_store(db, found).close()
    with pytest.raises(WrongKey):
        open_store(db, key)
    opened = slots(path).enter(STAFF, PASSPHRASE)
    assert (opened.key, opened.previous, slots(path).must_rotate()) == (found, None, False)


def first_format(path: Path, people: dict[str, str], key: bytes) -> None:
    """A key file as the programs before this one wrote it."""
    made = []
    for staff, passphrase in people.items():
        salt, nonce = os.urandom(16), os.urandom(12)
        head = json.dumps([1, staff, CHEAP.memory_kib, CHEAP.passes, CHEAP.lanes], separators=(",", ":")).encode()
        wrapped = AESGCM(wraps.stretch(passphrase, salt, CHEAP)).encrypt(nonce, key, head)
        slot = {"staff": staff, "memory_kib": CHEAP.memory_kib, "passes": CHEAP.passes, "lanes": CHEAP.lanes}
        coded = {"salt": salt, "nonce": nonce, "wrapped": wrapped}
        made.append({**slot, **{name: base64.b64encode(value).decode() for name, value in coded.items()}})
    path.write_text(json.dumps({"format": 1, "slots": made}), "utf-8")


def test_a_file_of_the_first_format_is_taken_over_person_by_person(path: Path) -> None:
    key = os.urandom(32)
    first_format(path, {STAFF: PASSPHRASE, "nv08": "mưa rào tháng bảy"}, key)
    with pytest.raises(WrongPassphrase):
        slots(path).open(STAFF, "sai")
    assert json.loads(path.read_text("utf-8"))["format"] == 1
    assert slots(path).open(STAFF, PASSPHRASE) == key
    assert (path.parent / FILE_NAME).exists()
    held = json.loads(path.read_text("utf-8"))
    assert [one["staff"] for one in held["slots"]] == ["nv08"]
    assert set(slots(path).names()) == {STAFF, "nv08"}
    assert slots(path).open("nv08", "mưa rào tháng bảy") == key
    assert "slots" not in json.loads(path.read_text("utf-8"))
    assert [one.name for one in path.parent.glob("*v1*")] == []
    assert slots(path).open(STAFF, PASSPHRASE) == key


def test_a_slots_file_of_a_newer_program_and_a_damaged_one_say_so(path: Path) -> None:
    slots(path).create(STAFF, PASSPHRASE)
    held = json.loads(path.read_text("utf-8"))
    held["format"] = 99
    path.write_text(json.dumps(held), "utf-8")
    with pytest.raises(NewerStore):
        slots(path).open(STAFF, PASSPHRASE)
    path.write_bytes(b"{cut")
    with pytest.raises(Damaged):
        slots(path).open(STAFF, PASSPHRASE)


def test_only_the_owner_may_read_the_slots(path: Path) -> None:
    slots(path).create(STAFF, PASSPHRASE)
    if os.name == "posix":
        assert path.stat().st_mode & 0o077 == 0


def test_calibration_raises_memory_until_a_guess_takes_a_quarter_of_a_second(path: Path) -> None:
    readings = iter([0.0, 0.06, 1.0, 1.12, 2.0, 2.26, 9.0])

    def timer() -> float:
        return next(readings)

    KeySlots(path, CHEAP, timer=timer).create(STAFF, PASSPHRASE)
    slot = json.loads(path.read_text("utf-8"))["people"][0]
    assert slot["memory_kib"] == CHEAP.memory_kib * 4
    assert next(readings) == 9.0


def test_the_floor_of_the_product_is_sixty_four_mebibytes_and_three_passes() -> None:
    assert Cost() == Cost(memory_kib=64 * 1024, passes=3, lanes=2)


def test_the_real_cost_is_paid_by_default(path: Path) -> None:
    ticks: Iterator[float] = iter(range(100))

    def timer() -> float:
        return float(next(ticks))

    key = KeySlots(path, timer=timer).create(STAFF, PASSPHRASE)
    slot = json.loads(path.read_text("utf-8"))["people"][0]
    assert slot["memory_kib"] >= 64 * 1024
    assert slot["passes"] >= 3
    assert KeySlots(path).open(STAFF, PASSPHRASE) == key
