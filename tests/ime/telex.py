"""The keys that a typist presses in Telex for a Vietnamese text: marks after the letter they stand on."""

from __future__ import annotations

import unicodedata

_SHAPES = {"\u0306": "w", "\u031b": "w"}  # breve and horn
_TONES = {"\u0301": "s", "\u0300": "f", "\u0309": "r", "\u0303": "x", "\u0323": "j"}


def keys(text: str) -> str:
    """ASCII keys for this text, word by word, the tone at the word's end as most people type it.

    Letters outside Vietnamese are not known and raise ValueError."""
    return "".join(_word(word) if word.isalpha() else word for word in _pieces(text))


def _pieces(text: str) -> list[str]:
    pieces: list[str] = []
    for letter in unicodedata.normalize("NFC", text):
        if pieces and letter.isalpha() and pieces[-1].isalpha():
            pieces[-1] += letter
        else:
            pieces.append(letter)
    return pieces


def _word(word: str) -> str:
    typed, tone = "", ""
    for letter in word:
        if letter in "đĐ":
            typed += letter.replace("đ", "dd").replace("Đ", "DD")
            continue
        base, *marks = list(unicodedata.normalize("NFD", letter))
        if not base.isascii():
            raise ValueError(f"no Telex keys for {letter!r}")
        for mark in marks:
            if mark in _TONES:
                tone = _TONES[mark]
        upper = base.isupper()
        for mark in marks:
            if mark == "\u0302":  # circumflex: the letter once more
                base += base
            elif mark in _SHAPES:
                base += _SHAPES[mark].upper() if upper else _SHAPES[mark]
        typed += base
    if word.isupper() and len(word) > 1:
        tone = tone.upper()
    return typed + tone
