"""What is said at a server's door before messages of the road pass: paths, enrolment, session, health."""

from __future__ import annotations

import base64
import re
from typing import Final, NamedTuple

import msgspec

HEALTH: Final = "/v1/health"
ENROL: Final = "/v1/enrol"
NONCE: Final = "/v1/nonce"
SESSION: Final = "/v1/session"
PUSH: Final = "/v1/push"
PULL: Final = "/v1/pull"
SCOPE: Final = "/v1/scope"
HELD: Final = "/v1/held"
PROOF: Final = "/v1/proof"
RECEIPT: Final = "/v1/receipt"
EMERGENCY: Final = "/v1/emergency"
APPROVE: Final = "/v1/approve"
BLOB: Final = "/v1/blob"

TUS: Final = "1.0.0"
"""The version of tus that the routes of blobs speak."""
PART_TYPE: Final = "application/offset+octet-stream"
MOST_PART: Final = (1 << 20) + 16
"""Most bytes of a blob in one request: a sealed chunk."""
HELD_BY: Final = "upload-held-by"
"""Header that says which role answered: only `centre` is the centre's word."""
ERASED: Final = "erased_blob"
"""Code of a 404 to one who wrote an attachment that was erased since: its bytes go at the asker's too."""
DEVICES: Final = "/v1/devices"

TOKEN_LETTERS: Final = 24
"""Longest bearer token (characters): it travels with every request of a slow line."""

MOST_URGENT: Final = 64 << 10
"""Largest body (bytes) of a push that may pass the queue: an emergency or a call just taken is small."""

CODE_LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32, of which a one-time code is made: nothing that is misheard or misread for another
(I, L, O, U)."""
CODE_LENGTH: Final = 12
_READ: Final = str.maketrans("ILO", "110")

LONGEST_WAIT_S: Final = 30.0
"""How long (seconds) a server holds a pull at most."""

MOST_OPERATIONS: Final = 1_000
"""Most operations of one pulled page (settled 12); a larger act still travels whole."""

_CREDENTIALS: Final = re.compile(r"([A-Za-z0-9_-]{1,24})\.([1-9][0-9]{0,14})\.([A-Za-z0-9_-]{86})")
_CLAIM: Final = b"tram111/session/1\x00"
_AGAIN: Final = b"tram111/again/1\x00"
_REQUEST: Final = b"tram111/request/1\x00"


def session_claim(device: str, incarnation: int, nonce: str) -> bytes:
    """What a device signs with its registered key to open a session; a nonce of the server serves once."""
    return _CLAIM + msgspec.json.encode((device, incarnation, nonce))


def again_claim(device: str, seat: str, code: str, key: bytes) -> bytes:
    """What a desk signs that enrols again as the device it is, where a centre forgot it."""
    return _AGAIN + msgspec.json.encode((device, seat, plain_code(code), key.hex()))


def request_claim(method: str, target: str, body: bytes, token: str, counter: int) -> bytes:
    """What a device signs of each request: method, path with query, SHA-256 of the body (raw), token, and a number
    that it uses once in a session. `body` is that hash."""
    return _REQUEST + msgspec.json.encode((method, target, body.hex(), token, counter))


def plain_code(said: str) -> str:
    """A one-time code as it is compared: capitals, no spaces or dashes, what is misread for another put right."""
    return "".join(ch for ch in said.upper() if ch.isalnum()).translate(_READ)


def is_code(said: str) -> bool:
    """Whether this can be a one-time code at all; whether it is one, only the centre knows."""
    code = plain_code(said)
    return len(code) == CODE_LENGTH and all(letter in CODE_LETTERS for letter in code)


class Again(NamedTuple):
    """Which device a desk was before its centre forgot it, and its signature (raw) of `again_claim`."""

    device: str
    seat: str
    signature: bytes


class Credentials(NamedTuple):
    """What stands behind `Authorization: Bearer`: token, counter (from 1 on), signature (64 bytes)."""

    token: str
    counter: int
    signature: bytes


def write_credentials(one: Credentials) -> str:
    """`token.counter.signature`, the last in base64url without `=`."""
    return f"{one.token}.{one.counter}.{base64.urlsafe_b64encode(one.signature).decode().rstrip('=')}"


def read_credentials(text: str) -> Credentials | None:
    """The three parts, or None for anything else."""
    said = _CREDENTIALS.fullmatch(text)
    if said is None:
        return None
    signature = base64.urlsafe_b64decode(said[3] + "==")
    if base64.urlsafe_b64encode(signature) != said[3].encode() + b"==":
        return None  # the last letter has bits to spare: only one way of writing is good
    return Credentials(said[1], int(said[2]), signature)


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """Which server this is (`lineage`), the highest feed number it gave, its role, its UTC time in ms, the X25519
    public key that sticks for it are sealed to (base64; empty: an older server)."""

    lineage: str
    feed: int
    role: str
    time: int
    courier_key: str = ""


class Enrolled(msgspec.Struct, frozen=True, kw_only=True):
    """What a device is from now on: id, code of its centre, seat, the centre's digit in codes (1-3); the
    server's lineage and its UTC time in ms; the centre's Ed25519 public key and the X25519 one that sticks are
    sealed to (base64; empty: an older server); whether it is a hub; the address of the national centre where a hub
    answered (empty: the centre itself); `waits`: a shift leader has to let it in first (`APPROVE`)."""

    device: str
    centre: str
    seat: str
    centre_digit: int
    lineage: str
    time: int
    centre_key: str = ""
    courier_key: str = ""
    hub: bool = False
    upstream: str = ""
    waits: bool = False


class Approved(msgspec.Struct, frozen=True, kw_only=True):
    """The device that was let in: its id and seat; the centre's UTC time in ms."""

    device: str
    seat: str
    time: int


class Nonce(msgspec.Struct, frozen=True):
    """A number used once, for the next session claim."""

    nonce: str


class SessionGiven(msgspec.Struct, frozen=True, kw_only=True):
    """The bearer token of a session, and for how many ms from now it holds; which server gave it, and the X25519
    public key that sticks for it are sealed to (base64; both empty: an older server); `couriers`: the same of other
    servers by lineage (a hub's centre); `dictionary`: the newest that the server unpacks with (0: none)."""

    token: str
    expires_ms: int
    lineage: str = ""
    courier_key: str = ""
    couriers: dict[str, str] = {}
    dictionary: int = 0


class EmergencyGiven(msgspec.Struct, frozen=True, kw_only=True):
    """A file of another centre may be read until then: its scope and contact, `until` and the centre's own time (both
    UTC ms). The file itself comes by the road, as after any grant."""

    scope: str
    contact: str
    until: int
    time: int


class HeldOperation(msgspec.Struct, frozen=True, kw_only=True):
    """One operation the server holds: whose, which number, why, of which kind. No contents."""

    device: str
    n: int
    why: str
    kind: str


class KnownChain(msgspec.Struct, frozen=True, array_like=True):
    """One chain as the centre has it: last number, hash there (hex), last number in a verified backup."""

    incarnation: int
    n: int
    head: str
    backed_up: int


class KnownDevice(msgspec.Struct, frozen=True, kw_only=True):
    """One desk of a hub's centre: what the hub must know to open sessions for it without a line.

    `key` is its Ed25519 public key (base64); `revoked` says since when it may not (UTC ms), or None;
    `order` is the centre's signature of `wipe_claim` then.
    """

    device: str
    centre: str
    seat: str
    centre_digit: int
    all_cases: bool
    key: str
    revoked: int | None = None
    order: str = ""
    chains: list[KnownChain] = []


class Devices(msgspec.Struct, frozen=True, kw_only=True):
    """All desks of the asking hub's centre. `lineage` is the centre's, `centre_key` its public key (base64)."""

    lineage: str
    centre_key: str
    time: int
    devices: list[KnownDevice] = []


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """The server's word that a device holds exactly what it may: at feed number `seq` both counted `digest`.
    `signature` (base64) is the centre's over `receipt_claim`; `time` is its UTC time in ms. `audit_n` and
    `audit_head` (hex) are the last entry of the device's audit chain (0: it has none), `audit_signature` the centre's
    over `audit_claim`: it has seen that entry stand there."""

    device: str
    lineage: str
    seq: int
    digest: str
    time: int
    signature: str = ""
    audit_n: int = 0
    audit_head: str = ""
    audit_signature: str = ""


def receipt_claim(one: Receipt) -> bytes:
    """What the centre signs of a receipt."""
    return b"tram111/receipt/1\x00" + msgspec.json.encode((one.device, one.lineage, one.seq, one.digest, one.time))


def audit_claim(device: str, n: int, head: str, time: int) -> bytes:
    """What the centre signs of a device's audit chain: at this time (UTC ms) its entry `n` bore the hash `head`."""
    return b"tram111/audit/1\x00" + msgspec.json.encode((device, n, head, time))


def cut_claim(device: str, n: int, link: str, at: int) -> bytes:
    """What the centre signs when it cuts a device's audit chain: at this time (UTC ms) the chain was whole, entry `n`
    bore the hash `link`, and all up to it had been kept as long as the table of periods says."""
    return b"tram111/audit-cut/1\x00" + msgspec.json.encode((device, n, link, at))


def wipe_claim(device: str, since: int) -> bytes:
    """What the centre signs to order a device, revoked at this time (UTC ms), to wipe itself."""
    return b"tram111/revoked/1\x00" + msgspec.json.encode((device, since))
