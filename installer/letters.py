"""Draws the templates of letters (layout of NĐ 30/2020) into resources/letters, and their hashes beside them."""

from __future__ import annotations

import csv
import hashlib
import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

FOLDER: Final = Path(__file__).resolve().parents[1] / "resources" / "letters"
_STILL: Final = (2026, 1, 1, 0, 0, 0)
"""The time of every member: the same drawing gives the same bytes."""
_UNWANTED: Final = ("/thumbnail", "/customXml", "/stylesWithEffects")
_STYLES: Final = {"Normal", "Header", "DefaultParagraphFont", "TableNormal", "NoList"}
_SERIF: Final = "Times New Roman"

MAU_01: Final = "mau_01"
TRANSFER: Final = "chuyen_tin"

KINDS: Final = {
    MAU_01: (
        "BC", "Báo cáo tiếp nhận thông tin trẻ em (Mẫu số 01)",
        "Mẫu số 01, Nghị định 56/2017/NĐ-CP",
        ("BÁO CÁO", "Tiếp nhận thông tin trẻ em bị xâm hại hoặc có nguy cơ bị bạo lực, bóc lột, bỏ rơi"),
        "Tổng đài 111 đã tiếp nhận thông tin sau đây. Chỗ ghi “chưa rõ” là điều người báo tin chưa cung cấp.",
        "Đề nghị cơ quan nhận báo cáo kiểm tra, xử lý theo Điều 26 Nghị định 56/2017/NĐ-CP và phản hồi Tổng đài 111.",
        "NGƯỜI TIẾP NHẬN THÔNG TIN",
    ),
    TRANSFER: (
        "CV", "Công văn chuyển thông tin trẻ em",
        "",
        ("CÔNG VĂN", "V/v chuyển thông tin trẻ em cần được bảo vệ"),
        "Tổng đài 111 chuyển thông tin sau đây để Quý cơ quan xem xét, giải quyết theo thẩm quyền.",
        "Đề nghị Quý cơ quan thông báo việc tiếp nhận và kết quả xử lý cho Tổng đài 111 (số gọi miễn phí 111).",
        "NGƯỜI CHUYỂN THÔNG TIN",
    ),
}  # fmt: skip
"""By code: symbol, title, note above, heading, opening, closing, who signs."""


def draw(code: str) -> bytes:
    """The template of one kind of letter, the same bytes every time."""
    _symbol, title, note, heading, opening, closing, signer = KINDS[code]
    document = Document()
    _empty(document)
    _page(document)
    if note:
        _line(document, note, italic=True, size=11, align="right")
    _head(document)
    _line(document, heading[0], bold=True, size=14, align="center", before=14)
    _line(document, heading[1], bold=True, align="center")
    _line(document, "{{ mark }}", italic=True, align="center", after=8)
    _line(document, "Kính gửi: {{ to }}", align="center", after=8)
    _line(document, opening, align="both", after=6, indent=True)
    _line(document, "{%p for section in sections %}")
    _line(document, "{{ section.heading }}", bold=True, before=6)
    _line(document, "{%p for line in section.lines %}")
    _line(document, "{%p if line.told %}")
    _line(document, "{{ line.label }}:")
    _bar(_line(document, "{{ line.words }}", align="left"))
    _line(document, "{%p else %}")
    _line(document, "{{ line.label }}: {{ line.words }}", align="left")
    _line(document, "{%p endif %}")
    _line(document, "{%p endfor %}")
    _line(document, "{%p endfor %}")
    _line(document, "{%p if cut %}")
    _line(document, "Chỗ có dấu … dài hơn khổ mẫu: bản đầy đủ ở hồ sơ {{ code }}.", italic=True, before=6)
    _line(document, "{%p endif %}")
    _line(document, closing, align="both", before=8, indent=True)
    _foot(document, signer)
    document.core_properties.title = title
    return _settled(document)


def _settled(document: Any) -> bytes:
    properties = document.core_properties
    properties.author = properties.last_modified_by = "Trạm 111"
    properties.comments = properties.keywords = properties.identifier = ""
    properties.language = "vi-VN"
    properties.created = properties.modified = datetime(*_STILL, tzinfo=UTC)
    made, settled = io.BytesIO(), io.BytesIO()
    document.save(made)
    with zipfile.ZipFile(made) as given, zipfile.ZipFile(settled, "w", zipfile.ZIP_DEFLATED) as out:
        for name in sorted(given.namelist()):
            member = zipfile.ZipInfo(name, _STILL)
            member.compress_type, member.create_system, member.external_attr = zipfile.ZIP_DEFLATED, 3, 0o600 << 16
            out.writestr(member, given.read(name))
    return settled.getvalue()


def _empty(document: Any) -> None:
    """Away with what the library's own empty document brings: a picture of itself and a store of data."""
    package = document.part.package
    for rels in (package.rels, document.part.rels):
        for name in [key for key, rel in rels.items() if rel.reltype.endswith(_UNWANTED)]:
            del rels[name]
    styles = document.styles.element
    for style in [one for one in styles.style_lst if one.styleId not in _STYLES]:
        styles.remove(style)
    normal = document.styles["Normal"]
    normal.font.name, normal.font.size = _SERIF, Pt(13)
    normal.element.rPr.rFonts.set(qn("w:eastAsia"), _SERIF)
    normal.paragraph_format.space_after = Pt(3)


def _page(document: Any) -> None:
    """A4, margins of NĐ 30/2020; the page's number in the middle of the top margin, not on the first page."""
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin = section.bottom_margin = Mm(20)
    section.left_margin, section.right_margin = Mm(30), Mm(18)
    section.header_distance = Mm(10)
    section.different_first_page_header_footer = True
    _ = section.first_page_header.is_linked_to_previous
    section.first_page_header.is_linked_to_previous = False
    paragraph = section.header.paragraphs[0]
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    run = paragraph.add_run()
    run.font.size = Pt(13)
    for kind, words in (("begin", ""), ("", "PAGE"), ("end", "")):
        piece = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            piece.set(qn("w:fldCharType"), kind)
        else:
            piece.text = words
        run._r.append(piece)


_ALIGN: Final = {
    "left": WD_ALIGN_PARAGRAPH.LEFT, "right": WD_ALIGN_PARAGRAPH.RIGHT, "center": WD_ALIGN_PARAGRAPH.CENTER,
    "both": WD_ALIGN_PARAGRAPH.JUSTIFY,
}  # fmt: skip


def _line(
    place: Any, words: str, *, bold: bool = False, italic: bool = False, underline: bool = False, size: int = 13,
    align: str = "left", before: int = 0, after: int = 3, indent: bool = False,
) -> Any:  # fmt: skip
    paragraph = place.add_paragraph()
    run = paragraph.add_run(words)
    run.bold, run.italic, run.underline, run.font.size = bold or None, italic or None, underline or None, Pt(size)
    paragraph.alignment = _ALIGN[align]
    style = paragraph.paragraph_format
    style.space_before, style.space_after = Pt(before), Pt(after)
    if indent:
        style.first_line_indent = Mm(10)
    return paragraph


def _bar(paragraph: Any) -> None:
    """What somebody told stands beside a bar: nothing that was told can pass for the letter's own words."""
    borders, left = OxmlElement("w:pBdr"), OxmlElement("w:left")
    for name, value in (("val", "single"), ("sz", "12"), ("space", "8"), ("color", "7F7F7F")):
        left.set(qn(f"w:{name}"), value)
    borders.append(left)
    paragraph.paragraph_format.left_indent = Mm(8)
    properties = paragraph._p.get_or_add_pPr()
    properties.insert_element_before(borders, "w:shd", "w:tabs", "w:spacing", "w:ind", "w:jc")
    paragraph.runs[0].italic = True


def _table(document: Any, widths: tuple[int, int]) -> tuple[Any, Any]:
    table = document.add_table(rows=1, cols=2)
    table.autofit = False
    cells = table.rows[0].cells
    for cell, width in zip(cells, widths, strict=True):
        cell.width = Mm(width)
        cell._tc.remove(cell.paragraphs[0]._p)
    return cells[0], cells[1]


def _head(document: Any) -> None:
    left, right = _table(document, (72, 90))
    _line(left, "{%p for one in superior %}", align="center", after=0)
    _line(left, "{{ one }}", size=12, align="center", after=0)
    _line(left, "{%p endfor %}", align="center", after=0)
    _line(left, "{%p for one in agency %}", align="center", after=0)
    _line(left, "{{ one }}", bold=True, size=12, align="center", after=0)
    _line(left, "{%p endfor %}", align="center", after=0)
    _line(left, "{{ number }}", align="center", before=6)
    _line(right, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", bold=True, size=12, align="center", after=0)
    _line(right, "Độc lập - Tự do - Hạnh phúc", bold=True, underline=True, align="center", after=0)
    _line(right, "{{ place_day }}", italic=True, align="center", before=6)


def _foot(document: Any, signer: str) -> None:
    left, right = _table(document, (82, 80))
    _line(left, "Nơi nhận:", bold=True, italic=True, size=12, before=14, after=0)
    for words in ("- Như trên;", "- Lưu: hồ sơ {{ code }}."):
        _line(left, words, size=11, after=0)
    _line(right, signer, bold=True, align="center", before=14, after=0)
    _line(right, "(ký, ghi rõ họ tên)", italic=True, align="center", after=48)
    _line(right, "Mã nhân viên: {{ staff }}", align="center")


def main() -> None:
    """Draw every template and write the list of kinds."""
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(["code", "file", "symbol", "title_vi", "sha256"])
    for code, (symbol, title, *_rest) in KINDS.items():
        made = draw(code)
        (FOLDER / f"{code}.docx").write_bytes(made)
        writer.writerow([code, f"{code}.docx", symbol, title, hashlib.sha256(made).hexdigest()])
    (FOLDER / "kinds.csv").write_text(lines.getvalue(), encoding="utf-8")


if __name__ == "__main__":
    main()
