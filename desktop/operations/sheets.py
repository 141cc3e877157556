"""Tables as files for a spreadsheet: what people typed arrives as text, and nothing in it does anything."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from desktop.store.outgoing import put
from domain.text import for_spreadsheet, nfc
from sync.troubles import Trouble

Value = str | int | None

MOST_ROWS: Final = 100_000
"""Rows of one file; a spreadsheet ends at 1,048,576."""
_NOT_IN_XML: Final = re.compile("[\ufffe\uffff]")
"""No character: a spreadsheet takes a file that holds one for damaged."""
_MOST_TEXT: Final = 32_000
"""Characters of one cell; a spreadsheet takes 32,767."""


class UnknownKind(Trouble):
    """The file's name has no ending that we write."""

    advice = "Tên tệp cần kết thúc bằng .xlsx hoặc .csv. Chị/anh đặt lại tên rồi xuất lại."


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table: its title, the heads of its columns, its rows; None stands for a figure that is withheld."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]
    withheld: str = "…"


def write(sheet: Sheet, target: Path) -> Path:
    """Write the table as .xlsx or .csv, by the ending of `target`, for its owner only. The file is there whole or not
    at all, and no temporary file of the system holds any of it. Raises UnknownKind, CannotExport."""
    how = _WRITERS.get(target.suffix.lower())
    if how is None:
        raise UnknownKind

    def all_of_it(stream: IO[bytes]) -> None:
        how(sheet, stream)

    return put(target, all_of_it)


def _lines(sheet: Sheet) -> list[tuple[Value, ...]]:
    return [(sheet.title,), sheet.heads, *sheet.rows[:MOST_ROWS]]


def _said(value: Value, sheet: Sheet) -> str | int:
    if value is None:
        return sheet.withheld
    return _NOT_IN_XML.sub("", nfc(value))[:_MOST_TEXT] if isinstance(value, str) else value


def _xlsx(sheet: Sheet, stream: IO[bytes]) -> None:
    # Imported here: forty modules that only an export needs (35 ms of each start).
    import xlsxwriter  # noqa: PLC0415 - see above

    # In memory: else each sheet lies in a temporary file. A text is written as a text, whatever it looks like.
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(stream, options) as book:
        page = book.add_worksheet()
        for row, line in enumerate(_lines(sheet)):
            for column, value in enumerate(line):
                said = _said(value, sheet)
                if isinstance(said, str):
                    page.write_string(row, column, said)
                else:
                    page.write_number(row, column, said)


def _csv(sheet: Sheet, stream: IO[bytes]) -> None:
    held = _Text(stream)
    writer = csv.writer(held, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
    stream.write(b"\xef\xbb\xbf")  # without it a spreadsheet reads Vietnamese as something else
    for line in _lines(sheet):
        said = [_said(value, sheet) for value in line]
        writer.writerow([for_spreadsheet(one) if isinstance(one, str) else one for one in said])


class _Text:
    """Writes UTF-8 without closing what it writes to."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        return self._stream.write(text.encode())


_WRITERS: Final[dict[str, Callable[[Sheet, IO[bytes]], None]]] = {".xlsx": _xlsx, ".csv": _csv}
