"""Small bodies are packed with a dictionary that both ends have; whatever was packed once opens for ever."""

from __future__ import annotations

from hashlib import sha256

import pytest
import zstandard

from sync import packing
from sync.packing import DICTIONARY, FIRST_DICTIONARY, FOLDER, Unpackable, pack, repacked, unpack

MOST = 1 << 20
NEVER_CHANGED = {1: "544b4a496a0993f66a56636c96cee4179244848da9fe62cbef9ff7e28760f5ff"}
"""What is packed with a dictionary opens with these very bytes only."""
SAID = '{"k":"contact","i":"0199","v":{"summary":"Em nói bố uống rượu, đánh mắng; em sợ","code":"AG03"}}'.encode()


def test_no_dictionary_was_ever_changed_or_taken_out() -> None:
    found = {n: sha256((FOLDER / f"dictionary-{n}.zdict").read_bytes()).hexdigest() for n in range(1, DICTIONARY + 1)}
    assert found == NEVER_CHANGED


def test_a_small_body_is_smaller_with_the_dictionary_and_the_same_when_unpacked() -> None:
    plain = pack(SAID)
    small = repacked(plain, DICTIONARY, MOST)
    assert len(small) < len(plain) * 3 / 4
    assert unpack(small, MOST) == unpack(plain, MOST) == SAID
    assert zstandard.get_frame_parameters(small).dict_id == FIRST_DICTIONARY + DICTIONARY


@pytest.mark.parametrize("dictionary", [0, -1, DICTIONARY + 1])
def test_who_has_no_dictionary_or_a_newer_one_gets_the_plain_body(dictionary: int) -> None:
    assert repacked(pack(SAID), dictionary, MOST) == pack(SAID)


def test_a_large_body_stays_as_it_is() -> None:
    large = pack(bytes(range(256)) * 40 + sha256(b"1").digest() * 200, 1)
    grown = large if len(large) > packing.SMALL else large + bytes(packing.SMALL)
    assert repacked(grown, DICTIONARY, MOST) is grown


def test_a_body_packed_with_a_dictionary_nobody_knows_is_refused_and_so_is_one_that_unpacks_too_large() -> None:
    said: list[bytes | bytearray | memoryview] = [SAID + b"%d" % n * 9 for n in range(300)]
    trained = zstandard.train_dictionary(1_000, said, dict_id=FIRST_DICTIONARY + 77)
    strange = zstandard.ZstdCompressor(dict_data=trained).compress(SAID)
    with pytest.raises(Unpackable, match="dictionary"):
        unpack(strange, MOST)
    with pytest.raises(Unpackable, match="size"):
        unpack(repacked(pack(SAID), DICTIONARY, MOST), len(SAID) - 1)
