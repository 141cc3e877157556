"""Bytes that nobody meant: what is left of a good file after a bad copy, a bad disk or a bad hand."""

from __future__ import annotations

import re
from typing import Final

from hypothesis import strategies as st

Edit = tuple[int, float, bytes]

_TOKEN: Final = re.compile(rb'"[^"\n]*"|[^\s",:\[\]{}=]+|[",:\[\]{}=\n]')
"""What a JSON, TOML or CSV file is made of: an edit swaps one of these for another."""

STRANGE: Final = (
    b"", b"0", b"-1", b"1", b"null", b"true", b'""', b'"x"', b"[]", b"{}", b"1e999", b"NaN", b"9" * 400, b'"\xff"',
    b"\x00", b'"\\ud800"', b'"\\u0000"', '"²"'.encode(), '"e\u0301"'.encode(), b"[" * 3_000, b'{"a":' * 3_000,
    b'"' + b"A" * 5_000 + b'"', b'"../../x"', b"2026-02-30", b"0001-01-01", b"9999-12-31", b",", b"\n", b'"',
)  # fmt: skip
"""What takes the place: numbers that overflow, letters that are none, depth, length, paths, days there are not."""


def bent(good: bytes) -> st.SearchStrategy[bytes]:
    """The same bytes with one to three edits: a token swapped, bytes flipped, cut out, doubled, the end missing."""
    edits = st.tuples(st.integers(0, 4), st.floats(0, 1, exclude_max=True), st.sampled_from(STRANGE))
    return st.lists(edits, min_size=1, max_size=3).map(lambda chosen: _edited(good, chosen))


def _edited(good: bytes, edits: list[Edit]) -> bytes:
    data = good
    for kind, where, put in edits:
        at = int(where * len(data))
        if kind <= 1:
            tokens = list(_TOKEN.finditer(data))
            if tokens:
                token = tokens[int(where * len(tokens))]
                data = data[: token.start()] + put + data[token.end() :]
        elif kind == 2:
            data = data[:at] + bytes([data[at] ^ (1 + len(put) % 255)]) + data[at + 1 :] if data else put
        elif kind == 3:
            data = data[:at] + data[at + 1 + len(put) :]
        else:
            data = data[:at] if where < 0.5 else data[:at] + data[at // 2 : at] + data[at:]
    return data
