"""A key is said in eight everyday words that stay apart on a bad line, where tones are lost."""

from __future__ import annotations

import os

from domain.spoken import COUNT, WORDS, are_of, plain, said_of, words_of
from domain.text import nfc


def test_no_two_of_the_256_words_are_alike_without_their_tones() -> None:
    assert len(WORDS) == 256
    assert len({plain(word) for word in WORDS}) == 256
    assert all(word == nfc(word) and word and " " not in (word[0], word[-1]) for word in WORDS)


def test_every_byte_of_a_fingerprint_has_its_word() -> None:
    said = {word for _ in range(2_000) for word in words_of(os.urandom(32))}
    assert said == set(WORDS)


def test_words_typed_without_tones_are_those_of_the_key_and_one_other_word_is_not() -> None:
    key = bytes(range(32))
    words = words_of(key)
    assert len(words) == COUNT
    for typed in (said_of(key), " ".join(words).upper(), ", ".join(plain(word) for word in words)):
        assert are_of(typed, key), typed
    for place in range(COUNT):
        other = next(word for word in WORDS if word != words[place])
        wrong = [*words[:place], other, *words[place + 1 :]]
        assert not are_of(" ".join(wrong), key)
    assert not are_of(" ".join(words[:-1]), key)
    assert not are_of(" ".join(reversed(words)), key)
    assert not are_of("", key)


def test_the_words_of_a_key_never_change() -> None:
    assert said_of(bytes(32)) == KNOWN, "desks and servers of two versions must say the same"


KNOWN = "xoài · mận · kem · dao · rau · đom đóm · bầu · lồng"
