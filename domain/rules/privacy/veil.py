"""The veil over one file: names and numbers of its people are masked wherever they stand, free text too."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from domain.phones import normalise
from domain.rules.privacy import masks
from domain.text import fold, nfc

_WORD: Final = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_NUMBER: Final = re.compile(r"\+?\d(?:[ .\-()]{0,2}\d){5,14}")
_LEAST: Final = 2
"""Letters of a name of one word that is looked for in free text: a single letter would be everywhere."""


class Veil:
    """Made for one file from everything that its people are called and all their numbers. Pure."""

    def __init__(self, names: Iterable[str], numbers: Iterable[str]) -> None:
        kept = {nfc(one).strip() for one in names}
        self._names = sorted({_key(one): one for one in kept if len(one) >= _LEAST and _key(one)}.items(), key=_long)
        self._numbers = frozenset(normalise(one) for one in numbers) - {""}

    def field(self, kind: str, field: str, value: Any) -> Any:
        """A value of a record as somebody sees it who may know that it is there, not what it says."""
        if isinstance(value, (list, tuple)):
            return type(value)(self.field(kind, field, one) for one in value)
        if not isinstance(value, str):
            return value
        if (kind, field) in _NAMES:
            return masks.name(value)
        if (kind, field) in _NUMBERS:
            return masks.phone(value)
        return masks.text(value) if (kind, field) in _HIDDEN else self.text(value)

    def text(self, said: str) -> str:
        """Free text with the file's names (also without their tones) as initials and its numbers masked."""
        found = _NUMBER.sub(self._number, said) if self._numbers else said
        words = [(one.start(), one.end(), fold(one[0]), one[0].casefold()) for one in _WORD.finditer(found)]
        spans: list[tuple[int, int, str]] = []
        at = 0
        while at < len(words):
            hit = next((one for one in self._names if self._stands(one[0], words, at)), None)
            if hit is None:
                at += 1
                continue
            end = at + len(hit[0])
            spans.append((words[at][0], words[end - 1][1], masks.name(hit[1])))
            at = end
        for start, stop, mask in reversed(spans):
            found = found[:start] + mask + found[stop:]
        return found

    def _stands(self, name: tuple[str, ...], words: list[tuple[int, int, str, str]], at: int) -> bool:
        """Whether the name begins at this word. One word alone must have its tones too: "na" is not everywhere Na."""
        here = words[at : at + len(name)]
        if tuple(one[2] for one in here) != name:
            return False
        return len(name) > 1 or any(here[0][3] == said.casefold() for key, said in self._names if key == name)

    def _number(self, match: re.Match[str]) -> str:
        return masks.phone(match[0]) if normalise(match[0]) in self._numbers else match[0]


def _key(name: str) -> tuple[str, ...]:
    return tuple(fold(one) for one in _WORD.findall(name))


def _long(one: tuple[tuple[str, ...], str]) -> tuple[int, str]:
    """Longer names first: what is part of one is not masked before it."""
    return -len(one[0]), one[1]


_NAMES: Final = frozenset({("person", "full_name"), ("alias", "name"), ("alias", "sort")})
_NUMBERS: Final = frozenset({("phone", "number"), ("call", "number")})
_HIDDEN: Final = frozenset({("person", "birth_date"), ("address", "line")})
"""What a veil hides whole: it stands on no page of a file while names are masked."""
