"""The door for attachments' bytes of a simulated server, and the line of a client that asks there."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial

from server.http.blobs import _said, _text64
from server.http.doorway import problem
from server.operations import blobs
from server.operations.refusals import Refusal, busy
from server.operations.revocation import farewell
from server.store.revoked import is_revoked
from server.store.troubles import StoreUnavailable
from sync import door, wire
from sync.transport.blobs import BlobRoad
from sync.transport.line import Answer, Line
from tests.simulation.place import Place, _as_answer

_RANGE = re.compile(r"bytes=(\d+)-(\d+)")

Ask = Callable[[str, str, str, bytes, Mapping[str, str]], Answer]
"""(method, path, token, body, headers) → the answer as the line leaves it. Raises sync.troubles."""


class FileLine(Line):
    """The client's line, laid through the world."""

    def __init__(self, ask: Ask) -> None:
        self._asks = ask

    def ask(
        self,
        method: str,
        path: str,
        timeout_s: float,
        *,
        token: str = "",
        kind: str = "",
        body: bytes = b"",
        further: Mapping[str, str] | None = None,
    ) -> Answer:
        """The answer, or a trouble."""
        return self._asks(method, path, token, body, further or {})

    def close(self) -> None:
        """Nothing was opened."""


class FileRoad(BlobRoad):
    """The production client over a line of the world."""

    def __init__(self, line: FileLine, device: str, incarnation: int, sign: Callable[[bytes], bytes]) -> None:
        super().__init__("http://localhost", device, incarnation, sign)
        self._line.close()
        self._line = line


def answer(place: Place, method: str, path: str, token: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """The whole answer, as the routes of `server.http.blobs` give it. Raises Reset."""
    if not path.startswith(door.BLOB):
        return place.answer(path, token, body)
    try:
        return _answered(place, method, path, token, body, headers)
    except Refusal as refusal:
        return _as_answer(problem(refusal))
    except StoreUnavailable:
        return _as_answer(problem(busy(5_000)))


def _answered(
    place: Place, method: str, path: str, token: str, body: bytes, headers: Mapping[str, str]
) -> Answer:
    centre = place.centre
    session = place.sessions.of(token, parting=True)
    if session.parting or place.read(partial(is_revoked, device=session.device.id)):
        raise farewell(centre, session.device)
    if method == "POST":
        record = _text64(headers["Upload-Metadata"].removeprefix("record "))
        found = blobs.to_send(centre, session, record)
        here = blobs.offer(centre, record, found, int(headers["Upload-Length"]))
        return Answer(201, "", b"", "", _said(here))
    record = path.removeprefix(f"{door.BLOB}/")
    if method == "PATCH":
        found = blobs.to_send(centre, session, record)
        checksum = wire.raw64(headers["Upload-Checksum"].removeprefix("sha256 "))
        here = blobs.take(centre, record, found, int(headers["Upload-Offset"]), body, checksum)
        return Answer(204, "", b"", "", _said(here))
    found = blobs.to_fetch(centre, session, record)
    asked = _RANGE.fullmatch(headers["Range"])
    assert asked is not None
    start, sealed = int(asked[1]), found.plan.sealed
    data = blobs.give(centre, record, found, start, min(int(asked[2]), sealed - 1) - start + 1)
    said = {"content-range": f"bytes {start}-{start + len(data) - 1}/{sealed}"}
    return Answer(206, door.PART_TYPE, data, "", said)
