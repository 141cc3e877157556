"""Attachments' bytes over HTTP on a connection of their own: tus 1.0 to send, Range to fetch."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, NoReturn
from urllib.parse import quote

from sync import door, wire
from sync.blobs.signals import Erased, NotThere, Spoilt
from sync.transport.client import HttpTransport, _problem, _refused
from sync.transport.line import Answer
from sync.troubles import ServerLied

PART_S: Final = 60.0
"""How long (seconds) one part may take: it holds about a second of what the line carries."""

_RANGE: Final = re.compile(r"bytes (\d{1,12})-(\d{1,12})/(\d{1,12})")


@dataclass(frozen=True, slots=True)
class There:
    """What the other side has of a blob, from its beginning; `centre` is False where a hub says so."""

    offset: int
    centre: bool


class BlobRoad(HttpTransport):
    """One device's road for bytes. It has its own connection and session, so that nothing of it stands before a
    push. Raises sync.troubles, NotThere for a blob the server does not know for this device, Erased, Spoilt."""

    def offer(self, record: str, sealed: int) -> There:
        """Begin or ask after the sending of an attachment's bytes: what is there, each chunk checked."""
        headers = {
            "Tus-Resumable": door.TUS,
            "Upload-Length": str(sealed),
            "Upload-Metadata": f"record {wire.text64(record.encode())}",
        }
        answer = self._ask("POST", door.BLOB, PART_S, headers=headers)
        if answer.status != 201:
            _failed(answer)
        return There(_offset(answer, sealed), answer.headers.get(door.HELD_BY) == "centre")

    def send(self, record: str, sealed: int, offset: int, data: bytes) -> int:
        """Send bytes of the sealed whole from `offset`; answers from which byte to go on."""
        headers = {
            "Tus-Resumable": door.TUS,
            "Upload-Offset": str(offset),
            "Upload-Checksum": f"sha256 {wire.text64(sha256(data).digest())}",
        }
        answer = self._ask("PATCH", _path(record), PART_S, door.PART_TYPE, data, headers)
        if answer.status == 409:
            problem = _problem(answer)
            if problem is not None and problem.code == "offset" and 0 <= problem.n <= sealed:
                return problem.n
        if answer.status != 204:
            _failed(answer)
        return _offset(answer, sealed)

    def fetch(self, record: str, sealed: int, offset: int, count: int) -> bytes:
        """At most `count` sealed bytes from `offset` on, at least one."""
        asked = {"Range": f"bytes={offset}-{min(offset + count, sealed) - 1}"}
        answer = self._ask("GET", _path(record), PART_S, headers=asked)
        if answer.status != 206:
            _failed(answer)
        said = _RANGE.fullmatch(answer.headers.get("content-range", ""))
        size = len(answer.body)
        if answer.kind != door.PART_TYPE or said is None or not 0 < size <= count:
            raise ServerLied
        if (int(said[1]), int(said[2]), int(said[3])) != (offset, offset + size - 1, sealed):
            raise ServerLied
        return answer.body


def _path(record: str) -> str:
    return f"{door.BLOB}/{quote(record, safe='')}"


def _offset(answer: Answer, sealed: int) -> int:
    text = answer.headers.get("upload-offset", "")
    if not (text.isascii() and text.isdecimal() and len(text) <= 12 and int(text) <= sealed):
        raise ServerLied
    return int(text)


def _failed(answer: Answer) -> NoReturn:
    problem = _problem(answer)
    if problem is not None and answer.status == 404:
        raise Erased if problem.code == door.ERASED else NotThere
    if problem is not None and answer.status == 460:
        raise Spoilt
    _refused(answer)
