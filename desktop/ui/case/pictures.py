"""From an attachment's bytes to what is shown inside the program: pictures and plain text, never more than fits."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QSize
from PySide6.QtGui import QImage, QImageReader

from domain.media import HEAD_BYTES, PICTURES, PLAIN, media_type
from domain.text import nfc
from sync.troubles import Trouble

MOST_PIXELS: Final = 60_000_000
"""Largest picture that is decoded (pixels): a small file may unfold into gigabytes (T9)."""
LONGEST_SIDE: Final = 2_400
"""A larger picture is read smaller (pixels): nobody sees more on a screen."""
MOST_LETTERS: Final = 400_000

_FORMATS: Final = frozenset({b"png", b"jpeg", b"gif", b"bmp", b"webp"})


class NotShown(Trouble):
    """No kind of file that the program draws itself."""

    advice = "Phần mềm không tự mở loại tệp này. Chị/anh bấm Xuất ra để mở bằng chương trình khác."


class PictureTooLarge(Trouble):
    """The picture has more pixels than are decoded."""

    advice = "Ảnh có quá nhiều điểm ảnh nên không mở ở đây. Chị/anh bấm Xuất ra nếu thật sự cần xem."


class PictureDamaged(Trouble):
    """The picture cannot be decoded."""

    advice = "Ảnh này bị hỏng từ trước khi đính kèm nên không xem được. Chị/anh xin lại tệp gốc."


def shown(data: bytes) -> QImage | str:
    """A picture or a text, told by the bytes themselves. May be called on any thread; takes up to a second.

    Raises NotShown, PictureTooLarge, PictureDamaged.
    """
    kind = media_type(data[:HEAD_BYTES])
    if kind in PICTURES:
        return _picture(data)
    if kind == PLAIN:
        text = nfc(data[: 4 * MOST_LETTERS].decode("utf-8", "replace"))
        return text[:MOST_LETTERS]
    raise NotShown


def _picture(data: bytes) -> QImage:
    buffer = QBuffer()
    buffer.setData(QByteArray(data))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer)
    reader.setDecideFormatFromContent(True)
    reader.setAutoTransform(True)
    if bytes(reader.format().data()) not in _FORMATS:
        raise NotShown
    size = reader.size()
    if not size.isValid() or size.isEmpty():
        raise PictureDamaged
    if size.width() * size.height() > MOST_PIXELS:
        raise PictureTooLarge
    if max(size.width(), size.height()) > LONGEST_SIDE:
        reader.setScaledSize(_within(size))
    image = reader.read()
    if image.isNull():
        raise PictureDamaged
    return image


def _within(size: QSize) -> QSize:
    longest = max(size.width(), size.height())
    return QSize(max(1, size.width() * LONGEST_SIDE // longest), max(1, size.height() * LONGEST_SIDE // longest))
