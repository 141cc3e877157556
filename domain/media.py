"""What kind of file some bytes are, told from their beginning and never from a name: names of files lie."""

from __future__ import annotations

from typing import Final

UNKNOWN: Final = "application/octet-stream"
PLAIN: Final = "text/plain"

PICTURES: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/bmp", "image/webp"})
"""Kinds that the desk draws itself. SVG is not one: it can load from elsewhere."""

HEAD_BYTES: Final = 4_096
"""How many bytes of the beginning are looked at."""

_MAGIC: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"OggS", "audio/ogg"),
    (b"fLaC", "audio/flac"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"\xff\xf3", "audio/mpeg"),
)


def media_type(head: bytes) -> str:
    """The media type of a file that begins with these bytes; `UNKNOWN` where nothing fits."""
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if head[:4] == b"RIFF":
        return {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/avi"}.get(head[8:12], UNKNOWN)
    if head[4:8] == b"ftyp":
        return "audio/mp4" if head[8:11] == b"M4A" else "video/mp4"
    return PLAIN if _is_text(head[:HEAD_BYTES]) else UNKNOWN


def _is_text(head: bytes) -> bool:
    """UTF-8 (a letter cut at the end is forgiven) without control characters other than tabs and line ends."""
    if any(one < 32 and one not in (9, 10, 12, 13) for one in head):
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as fault:
        return fault.start >= len(head) - 3 and fault.reason == "unexpected end of data"
    return True
