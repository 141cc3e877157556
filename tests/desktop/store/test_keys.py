"""Key slots open for the right passphrase only, cost what they must, and are bound to their person."""

from __future__ import annotations

import json
import os
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop.store.keys import Cost, KeySlots
from desktop.store.troubles import Damaged, NewerStore, WrongPassphrase
from tests.desktop.store.kit import CHEAP, PASSPHRASE, STAFF


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


def test_a_slot_moved_to_another_person_does_not_open(path: Path) -> None:
    slots(path).create(STAFF, PASSPHRASE)
    held = json.loads(path.read_text("utf-8"))
    held["slots"][0]["staff"] = "nv08"
    path.write_text(json.dumps(held), "utf-8")
    with pytest.raises(WrongPassphrase):
        slots(path).open("nv08", PASSPHRASE)


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
    slot = json.loads(path.read_text("utf-8"))["slots"][0]
    assert slot["memory_kib"] == CHEAP.memory_kib * 4
    assert next(readings) == 9.0


def test_the_floor_of_the_product_is_sixty_four_mebibytes_and_three_passes() -> None:
    assert Cost() == Cost(memory_kib=64 * 1024, passes=3, lanes=2)


def test_the_real_cost_is_paid_by_default(path: Path) -> None:
    ticks: Iterator[float] = iter(range(100))

    def timer() -> float:
        return float(next(ticks))

    key = KeySlots(path, timer=timer).create(STAFF, PASSPHRASE)
    slot = json.loads(path.read_text("utf-8"))["slots"][0]
    assert slot["memory_kib"] >= 64 * 1024
    assert slot["passes"] >= 3
    assert KeySlots(path).open(STAFF, PASSPHRASE) == key
