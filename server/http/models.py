"""Shapes of what crosses the centre's door as JSON: strict, nothing extra taken, each described in OpenAPI."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from sync.door import LONGEST_WAIT_S, MOST_OPERATIONS

_INT53 = (1 << 53) - 1


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _Asked(BaseModel):
    """Query parameters arrive as text, so numbers are read from it; nothing extra is taken."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _base64_of(length: int) -> AfterValidator:
    def check(text: str) -> str:
        try:
            raw = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError) as bad:
            raise ValueError("not base64") from bad
        if len(raw) != length:
            raise ValueError(f"not {length} bytes")
        return text

    return AfterValidator(check)


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("control characters")
    return text


class HealthAnswer(_Said):
    """Which server this is and how far its feed has come."""

    lineage: str
    feed: int
    role: str
    time: int = Field(description="UTC milliseconds")
    courier_key: str = Field(default="", description="X25519 public key that sticks are sealed to, base64")


_NO_SIGNATURE = base64.b64encode(bytes(64)).decode()


class EnrolAsk(_Said):
    """A one-time code, the device's Ed25519 public key (base64 of 32 bytes), the computer's name."""

    code: str = Field(max_length=64)
    key: Annotated[str, Field(max_length=64), _base64_of(32)]
    name: Annotated[str, Field(max_length=100), AfterValidator(_printable)] = ""
    device: Annotated[str, Field(max_length=64), AfterValidator(_printable)] = Field(
        default="", description="the device that this desk was before the centre forgot it; empty: a new one"
    )
    seat: Annotated[str, Field(max_length=16), AfterValidator(_printable)] = ""
    signature: Annotated[str, Field(max_length=96), _base64_of(64)] = Field(
        default=_NO_SIGNATURE, description="of `sync.door.again_claim`, where `device` is given"
    )


class EnrolAnswer(_Said):
    """What the device is from now on."""

    device: str
    centre: str
    seat: str
    centre_digit: int
    lineage: str
    time: int = Field(description="UTC milliseconds")
    centre_key: str = Field(description="Ed25519 public key of the centre, base64 of 32 bytes")
    courier_key: str = Field(default="", description="X25519 public key that sticks are sealed to, base64")
    hub: bool = Field(default=False, description="whether the device is a hub")
    upstream: str = Field(default="", description="the centre's address, where a hub answers")
    waits: bool = Field(default=False, description="whether a shift leader has to let it in first")


class NonceAnswer(_Said):
    """A number for one session claim within two minutes."""

    nonce: str


class SessionAsk(_Said):
    """A session claim: `signature` is Ed25519 (base64 of 64 bytes) of `sync.door.session_claim`."""

    device: str = Field(max_length=64)
    incarnation: int = Field(ge=1, le=(1 << 31) - 1)
    nonce: str = Field(max_length=64)
    signature: Annotated[str, Field(max_length=96), _base64_of(64)]


class SessionAnswer(_Said):
    """The bearer token and for how many ms it holds."""

    token: str = Field(max_length=24)
    expires_ms: int
    lineage: str = Field(default="", description="Which server gave it")
    courier_key: str = Field(default="", description="X25519 public key that sticks are sealed to, base64")
    couriers: dict[str, str] = Field(default={}, description="The same of other servers, by lineage")
    dictionary: int = Field(default=0, description="The newest dictionary that it unpacks with; 0: none")


class PullAsk(_Asked):
    """Cursor `lineage.seq` (lineage empty at the first meeting), page size, seconds to hold the request.

    With `wait` 0 the answer is always 200 with the digest, also without news. `z`: the dictionary that the asker
    unpacks small answers with (0: none).
    """

    c: str = Field(pattern=r"^[0-9a-f]{0,32}\.[0-9]{1,15}$")
    limit: int = Field(default=MOST_OPERATIONS, ge=1, le=MOST_OPERATIONS)
    wait: float = Field(default=0.0, ge=0.0, le=LONGEST_WAIT_S, allow_inf_nan=False)
    z: int = Field(default=0, ge=0, le=1_000)


class ScopeAsk(_Asked):
    """A granted scope, and which part of its history: past < seq ≤ upto."""

    scope: str = Field(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$")
    upto: int = Field(ge=0, le=_INT53)
    past: int = Field(default=0, ge=0, le=_INT53)


class BootstrapAsk(_Asked):
    """How many records make a bootstrap worth while: a device that may see fewer reads the feed."""

    least: int = Field(default=0, ge=0, le=_INT53)


class HeldAnswer(_Said):
    """One held operation, without its contents."""

    device: str
    n: int
    why: str
    kind: str


class ProblemAnswer(_Said):
    """The body of every answer that is not 200 or 204."""

    code: str = Field(
        description="fork, gap, too_large, busy, unknown_device, bad_message, bad_signature, unknown_code, "
        "newer_protocol, revoked, unknown_blob, offset, checksum, unknown_segment, unknown_file, already_here"
    )
    n: int = 0
    acked: int = 0
    retry_after_ms: int = 0
    lineage: str = Field(default="", description="Of `revoked`: the centre that still takes the last words")
    since: int = Field(default=0, description="Of `revoked`: since when (UTC ms)")
    order: str = Field(default="", description="Of `revoked`: the centre's signature of the order to wipe, base64")


class ApproveAsk(_Said):
    """Who lets a device in, the seat it waits at, and the eight words of its key as they were heard."""

    staff: str = Field(min_length=1, max_length=100)
    seat: str = Field(min_length=1, max_length=10)
    words: str = Field(min_length=1, max_length=200)


class ApproveAnswer(_Said):
    """The device that was let in."""

    device: str
    seat: str
    time: int = Field(description="UTC milliseconds")


class EmergencyAsk(_Said):
    """Which file (its code or its case's), who asks, a code of list `emergency_reason`, and own words."""

    code: str = Field(min_length=1, max_length=40)
    staff: str = Field(min_length=1, max_length=100)
    why: str = Field(min_length=1, max_length=40)
    words: str = Field(min_length=20, max_length=2_000)


class EmergencyAnswer(_Said):
    """The file's scope and contact; it comes by the road and is withdrawn again after `until`."""

    scope: str
    contact: str
    until: int = Field(description="UTC milliseconds")
    time: int = Field(description="UTC milliseconds")


class HeldNoticeAnswer(_Said):
    """An operation of the sender that is held, and why."""

    n: int
    why: str


class PushAnswered(_Said):
    """What the server has of the sender's chain now."""

    lineage: str
    acked: int
    centre_acked: int
    backed_up: int = 0
    last_seq: int = 0
    held: list[HeldNoticeAnswer] = []
    time: int = 0
    head: str = Field(default="", description="chain hash at `acked`, hexadecimal")
    centre: str = Field(default="", description="the centre's lineage, where a hub answers")


class KnownDeviceAnswer(_Said):
    """One desk of the asking hub's centre; each chain is [incarnation, n, head, backed_up]."""

    device: str
    centre: str
    seat: str
    centre_digit: int
    all_cases: bool
    key: str
    revoked: int | None = None
    order: str = ""
    chains: list[tuple[int, int, str, int]] = []


class DevicesAnswer(_Said):
    """All desks of the asking hub's centre."""

    lineage: str
    centre_key: str
    time: int
    devices: list[KnownDeviceAnswer] = []
