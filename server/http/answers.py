"""How each refusal is described in OpenAPI, and answers that are not JSON."""

from __future__ import annotations

from typing import Any, Final

from server.http.models import ProblemAnswer
from sync.wire import CONTENT_TYPE

JSON: Final = "application/json"
BINARY: Final = {"type": "string", "format": "binary", "description": "zstd body of sync.wire lines"}

_SAID: Final = {
    400: "What was sent cannot be read (bad_message, newer_protocol).",
    401: "No session, or it has ended (unknown_device).",
    403: "Not this device (unknown_device, revoked, bad_signature, unknown_code).",
    404: "No such thing, or none that the asker may know of (unknown_blob, unknown_segment, unknown_file).",
    409: "The chain does not continue here (gap, fork), the part begins elsewhere (offset); already_here.",
    413: "Larger than the server takes (too_large).",
    416: "Beyond the end (bad_message).",
    429: "Too many wrong codes; Retry-After says how long to wait (busy).",
    460: "The bytes are not those of the checksum (checksum).",
    503: "Not now; Retry-After says how long to wait (busy).",
}

Described = dict[int | str, dict[str, Any]]


def problems(*statuses: int) -> Described:
    """The refusals a route may answer with."""
    return {status: {"model": ProblemAnswer, "description": _SAID[status]} for status in statuses}


def lines(description: str) -> Described:
    """A 200 whose body is a message of the road."""
    return {200: {"description": description, "content": {CONTENT_TYPE: {"schema": BINARY}}}}
