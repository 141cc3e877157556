"""Vietnamese text: cleaning at commit, folding for search, sorting, flags for letters that only look right.

Stored text is NFC and otherwise what the person typed. Search never reads stored text directly: it reads
`fold(text)`, the same function at index and at query, because no tokenizer turns đ into d.
Rules: reference page on text (T-IME, points 1, 7 and 8); every row of the awkward-strings table is a test.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_ANSI_ESCAPE: Final = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_LINE_ENDS: Final = re.compile("\r\n|[\r\x85\u2028\u2029]")
# Cc without tab and newline, the direction overrides and isolates, and lone surrogates (not storable as
# UTF-8).
_UNWANTED: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_SURROGATES: Final = re.compile("[\ud800-\udfff]")
_NEEDS_CLEANING: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")

_APOSTROPHES: Final = (
    "'`\u00b4\u2018\u2019\u201b\u02b9\u02bb\u02bc\u02bd\u02be\u02bf\u02c8\u02ca\u02cb\u2032\u2035\uff07"
)
# Letters with a stroke or hook have no Unicode decomposition, so stripping marks leaves them as they are.
_STROKES: Final = {
    "\u0111": "d", "\u0110": "d", "\u00f0": "d", "\u00d0": "d", "\u0189": "d", "\u0256": "d", "\u018a": "d",
    "\u0257": "d", "\u0180": "b", "\u0243": "b", "\u0253": "b", "\u0181": "b", "\u0142": "l", "\u0141": "l",
    "\u00f8": "o", "\u00d8": "o", "\u0127": "h", "\u0126": "h", "\u0167": "t", "\u0166": "t", "\u0131": "i",
}  # fmt: skip
# Cyrillic letters that a reader cannot tell from Latin ones; mapped on both sides of a search.
_LOOKALIKES: Final = dict(
    zip(
        "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u043a\u043c\u043d\u0442\u0432"
        "\u0410\u0415\u041e\u0420\u0421\u0423\u0425\u0406\u0408\u0405\u041a\u041c\u041d\u0422\u0412",
        "aeopcyxijskmhtbaeopcyxijskmhtb",
        strict=True,
    )
)


def _fold_one(char: str) -> str:
    category = unicodedata.category(char)
    if char in _APOSTROPHES or category in ("Cf", "Cs") or "\ufe00" <= char <= "\ufe0f":
        return ""
    if category == "Cc":
        return " " if char.isspace() or char == "\x85" else ""
    before = char
    for _ in range(4):
        parts: list[str] = []
        for decomposed in unicodedata.normalize("NFKD", before):
            piece = _STROKES.get(decomposed) or _LOOKALIKES.get(decomposed) or decomposed
            if "\u0300" <= piece <= "\u036f" or piece in _APOSTROPHES:
                continue
            parts.append(" " if piece.isspace() else piece.casefold())
        after = "".join(parts)
        if after == before:
            break
        before = after
    return before


class _FoldTable(dict[int, str]):
    """Folds one character on first sight and remembers it: `str.translate` then runs at C speed."""

    def __missing__(self, code: int) -> str:
        folded = self[code] = _fold_one(chr(code))
        return folded


_FOLD: Final = _FoldTable()


def nfc(text: str) -> str:
    """Text as it is committed: NFC, line ends as LF, without control characters, escape codes or direction
    overrides.

    Keeps tabs, newlines, emoji and their joiners, and every letter the person typed, also a wrong one
    (`oddities` flags it). A lone surrogate, which no store can hold, becomes U+FFFD.
    Never call it while an input method composes.
    """
    if _NEEDS_CLEANING.search(text) is not None:
        text = _LINE_ENDS.sub("\n", _ANSI_ESCAPE.sub("", text))
        text = _SURROGATES.sub("\ufffd", _UNWANTED.sub("", text))
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def fold(text: str) -> str:
    """Text as it is searched: lower case, without tones and marks, đ as d, one space between words.

    Also equal afterwards: old and new tone placement (hòa, hoà), any kind of apostrophe or none (H'Mông,
    Hmông), fullwidth letters, no-break spaces, zero-width characters, look-alike letters. Idempotent.
    Punctuation stays.
    """
    folded = text.translate(_FOLD)
    if not folded.isascii():
        folded = unicodedata.normalize("NFC", folded)
    return " ".join(folded.split())


def is_blank(text: str | None) -> bool:
    """Whether nothing visible stands in the text: absent, white space of any kind, zero-width or control
    characters.
    """
    if not text:
        return True
    return all(char.isspace() or unicodedata.category(char) in ("Cf", "Cc") for char in text)


_WORD: Final = re.compile(r"[^\W_]+")


def match_query(text: str) -> list[str]:
    """The folded words of what a person typed into a search box, as the full-text index cuts them; may be
    empty.
    """
    return _WORD.findall(fold(text))


def fts_expression(text: str, column: str | None = None) -> str:
    """An FTS5 query that needs every word, the last one as a beginning; empty when the text holds no word.

    Safe for any input: words are letters and digits only and stand in quotes. The caller must not run an
    empty query.
    """
    words = match_query(text)
    if not words:
        return ""
    query = " AND ".join(f'"{word}"' for word in words) + "*"
    return f"{column} : ({query})" if column else query


_ALPHABET: Final = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
_PRIMARY: Final = {letter: chr(0x41 + place) for place, letter in enumerate(_ALPHABET)}
_TONES: Final = {"\u0300": "1", "\u0309": "2", "\u0303": "3", "\u0301": "4", "\u0323": "5"}
_SHAPES: Final = ("\u0302", "\u0306", "\u031b")


def _weigh(char: str) -> tuple[str, str, str]:
    """Primary, tone and case weight of one character (or of a run, for characters that decompose into
    several).
    """
    lower = char.lower()
    base, shape, tone, other = "", "", "0", ""
    for piece in unicodedata.normalize("NFD", lower):
        if piece in _TONES:
            tone = _TONES[piece]
        elif piece in _SHAPES:
            shape += piece
        elif unicodedata.combining(piece):
            other = "6"
        else:
            base += piece
    letter = unicodedata.normalize("NFC", base + shape)
    if letter not in _PRIMARY and base in _PRIMARY:
        letter, other = base, "7"
    if letter in _PRIMARY:
        return _PRIMARY[letter], other or tone, "1" if char != lower else "0"
    if char.isspace():
        return "!", "0", "0"
    if char.isdecimal():
        return str(unicodedata.decimal(char)), "0", "0"
    if char.isalpha():
        return "~" + lower, "0", "0"
    if unicodedata.combining(char) or unicodedata.category(char) in ("Cf", "Cc"):
        return "", "", ""
    return '"' + char, "0", "0"


_WEIGHTS: dict[str, tuple[str, str, str]] = {}


def _key(text: str) -> str:
    primary: list[str] = []
    tones: list[str] = []
    cases: list[str] = []
    for char in text:
        weight = _WEIGHTS.get(char)
        if weight is None:
            weight = _WEIGHTS[char] = _weigh(char)
        primary.append(weight[0])
        tones.append(weight[1])
        cases.append(weight[2])
    return "".join(primary) + " " + "".join(tones) + " " + "".join(cases)


def sort_key(text: str, *, given_first: bool = False) -> str:
    """A key whose plain string order is the Vietnamese one: letters (a ă â … d đ …), then tones, then case.

    Tones run ngang, huyền, hỏi, ngã, sắc, nặng, as ICU has it. The key is computed here and not by Qt or the
    database, because Windows, Linux and the server must sort alike; compare it bytewise (BINARY, collation
    "C"). With `given_first` a name sorts by its last word: "Nguyễn Văn An" under An. Use it only for
    family-first names.
    """
    words = unicodedata.normalize("NFC", text).split()
    if given_first and len(words) > 1:
        return _key(words[-1]) + " " + _key(" ".join(words[:-1]))
    return _key(" ".join(words))


_TURNS: Final = "\u200e\u200f\u061c"
"""Marks that turn the direction of what follows and cannot be seen."""


def oddities(text: str) -> tuple[str, ...]:
    """Names of what a form should point at while nothing is changed: letters that look right and are not.

    Possible names: `d_lookalike` (Ð, Ɖ or ð for Đ), `cyrillic_lookalike`, `fullwidth`, `zero_width`,
    `direction`.
    """
    found: list[str] = []
    if any(char in "\u00d0\u00f0\u0189\u0256" for char in text):
        found.append("d_lookalike")
    for word in text.split():
        latin = any("a" <= char.lower() <= "z" for char in word)
        if (latin or len(word) == 1) and any(char in _LOOKALIKES for char in word):
            found.append("cyrillic_lookalike")
            break
    if any("\uff01" <= char <= "\uff5e" for char in text):
        found.append("fullwidth")
    if _stray_zero_width(text):
        found.append("zero_width")
    if any("\u202a" <= char <= "\u202e" or "\u2066" <= char <= "\u2069" or char in _TURNS for char in text):
        found.append("direction")
    return tuple(found)


_SUSPECT: Final = re.compile(
    "[\u00d0\u00f0\u0189\u0256\u00ad\u200b-\u200d\u2060\ufeff\uff01-\uff5e\u202a-\u202e\u2066-\u2069"
    + "".join(map(re.escape, (*_LOOKALIKES, *_TURNS)))
    + "]"
)
"""Every character that `oddities` may point at: most texts hold none, and are then not looked at letter by letter."""


def odd_line(text: str) -> int:
    """The first line (from 1) of a long text in which `oddities` finds something; 0 where none is."""
    if _SUSPECT.search(text) is None:
        return 0
    lines = enumerate(text.split("\n"), 1)
    return next((at for at, line in lines if _SUSPECT.search(line) is not None and oddities(line)), 0)


def _stray_zero_width(text: str) -> bool:
    """Zero-width characters outside emoji sequences, where a joiner between two pictures is at home."""
    for place, char in enumerate(text):
        if char in "\u200b\u200c\u2060\ufeff\u00ad":
            return True
        if char == "\u200d":
            before = text[place - 1] if place else ""
            after = text[place + 1 : place + 2]
            if not (before >= "\u2190" and after >= "\u2190"):
                return True
    return False


def clusters(text: str) -> list[str]:
    """The text cut into what a reader sees as single characters: marks, joined emoji, skin tones and flags
    stay whole.
    """
    found: list[str] = []
    flags = 0
    for char in text:
        is_flag = "\U0001f1e6" <= char <= "\U0001f1ff"
        extends = (
            unicodedata.category(char) in ("Mn", "Mc", "Me")
            or char in "\u200d\ufe0f\ufe0e"
            or "\U0001f3fb" <= char <= "\U0001f3ff"
            or "\U000e0020" <= char <= "\U000e007f"
        )
        joined = bool(found) and found[-1].endswith("\u200d") and found[-1][:1] >= "\u2190"
        if found and (extends or joined or (is_flag and flags % 2 == 1)):
            found[-1] += char
        else:
            found.append(char)
        flags = flags + 1 if is_flag else 0
    return found


def shorten(text: str, limit: int) -> str:
    """At most `limit` visible characters (limit ≥ 1), the last one an ellipsis when something was left
    out.
    """
    # A cluster has at least one code point, so a text this short needs no cutting.
    if len(text) <= limit:
        return text
    pieces = clusters(text)
    return text if len(pieces) <= limit else "".join(pieces[: limit - 1]).rstrip() + "…"


def for_spreadsheet(text: str) -> str:
    """The text for a CSV or spreadsheet cell: one that a spreadsheet would run as a formula gets an
    apostrophe before it.
    """
    # The last four are the fullwidth = + - @, which some spreadsheets read as the plain ones.
    return "'" + text if text[:1] in tuple("=+-@\t\r\uff1d\uff0b\uff0d\uff20") else text


_JOINER: Final = "\u200d"
_NO_CHARACTER: Final = re.compile("[\ufdd0-\ufdef\ufffe\uffff]|[\U0001fffe\U0001ffff]")
_MOST_MARKS: Final = 4
_BLANK_LINES: Final = re.compile(r"\n{3,}")


def for_paper(text: str, most: int, *, lines: int = 1) -> str:
    """The text as it may stand in a letter or a table that leaves: at most `most` characters and `lines` lines,
    "…" where something was left out.

    Gone: what `nfc` takes, everything invisible (zero-width, direction marks, tags), code points that are no
    character, marks piled higher than four. White space is one space, empty lines never stand in a row. Nothing else
    is changed. The store keeps what was typed.
    """
    kept: list[str] = []
    marks = 0
    for char in _NO_CHARACTER.sub("", nfc(text)):
        category = unicodedata.category(char)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        joins = char == _JOINER and bool(kept) and kept[-1] >= "\u2190"
        if marks <= _MOST_MARKS and (category != "Cf" or joins):
            kept.append(char)
    spaced = [" ".join(line.split()) for line in "".join(kept).split("\n")]
    if lines == 1:
        return _cut(" ".join(" ".join(spaced).split()), most)
    whole = _BLANK_LINES.sub("\n\n", "\n".join(spaced).strip("\n"))
    held = whole.split("\n")
    if len(held) > lines:
        whole = "\n".join([*held[: lines - 1], "…"])
    return _cut(whole, most)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
