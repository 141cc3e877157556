"""Enrolment: a one-time code, given by a shift leader, makes one device with its own key."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from domain.clock import MINUTE
from domain.ids import is_id
from domain.numbering import CENTRE_DIGITS, NumberingError, centre_of_seat
from server.operations import grants, leases, need_to_know, transfers
from server.operations.centre import HUB, Centre, News, log
from server.operations.hub import hand_on
from server.operations.refusals import Refusal
from server.store import accounts, hubs, newcomers
from server.store.accounts import Code, Device
from server.store.engine import Connection
from sync import wire
from sync.door import CODE_LENGTH, CODE_LETTERS, Again, Enrolled, again_claim, plain_code

LASTS_MS: Final = 10 * MINUTE
FIRST_INCARNATION: Final = 1

FAILURES_EACH: Final = 10
FAILURES_ALL: Final = 100
WINDOW_MS: Final = MINUTE


class WrongSeat(ValueError):
    """The seat is none of that centre."""


def _hash(code: str) -> str:
    return hashlib.sha256(plain_code(code).encode("utf-8", "replace")).hexdigest()


def make_code(
    centre: Centre,
    centre_code: str,
    seat: str,
    *,
    all_cases: bool = False,
    lasts_ms: int = LASTS_MS,
    hub: bool = False,
    approval: bool = False,
) -> str:
    """A new one-time code (`ABCD-EFGH-JKMN`, 60 random bits) for one seat, or for the hub of a centre. Only its
    hash is kept. `approval`: its device waits until a shift leader let it in (`server.operations.approval`).

    Raises WrongSeat, StoreUnavailable.
    """
    try:
        home = centre_of_seat(seat)
    except NumberingError as bad:
        raise WrongSeat(str(bad)) from bad
    if home != centre_code:
        raise WrongSeat(f"Ghế {seat} không thuộc trung tâm {centre_code}: hãy kiểm tra lại mã ghế.")
    letters = "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))
    one = Code(_hash(letters), centre_code, seat, all_cases, centre.now_ms() + lasts_ms, None, None)

    def job(connection: Connection) -> None:
        accounts.add_code(connection, one)
        if hub:
            hubs.add_code(connection, one.sha256)
        if approval:
            newcomers.add_code(connection, one.sha256)

    centre.lane.do(job)
    log.info("code made centre=%s seat=%s all_cases=%s", centre_code, seat, all_cases)
    return "-".join(letters[i : i + 4] for i in range(0, CODE_LENGTH, 4))


def _may_be_again(asked: Asked, again: Again, code: Code, known: Device | None, *, waits: bool) -> bool:
    """Whether who asks holds the key, the code is for that seat, and the device is forgotten or this very one. Nobody
    has been heard yet for one that waits: whoever came first may be a stranger, and does not shut the desk out."""
    try:
        claim = again_claim(again.device, again.seat, asked.code, asked.key)
        Ed25519PublicKey.from_public_bytes(asked.key).verify(again.signature, claim)
    except (InvalidSignature, ValueError):
        return False
    if again.seat != code.seat or not is_id(again.device):
        return False
    if known is None:
        return True
    mine = waits or hmac.compare_digest(known.public_key, asked.key)
    return mine and known.revoked_at is None and known.seat == code.seat


@dataclass(frozen=True, slots=True)
class Asked:
    """What a desk sends: the code as typed, its raw Ed25519 public key, the computer's name; which device it was
    before a restore, where this centre forgot it."""

    code: str
    key: bytes
    name: str
    again: Again | None = None


def enrol(centre: Centre, asked: Asked) -> Enrolled:
    """Make a device from a code: account, first block of case numbers, and grants where it holds all cases.

    The same code with the same key again (the answer was lost on the way) gives the same device. A desk that was
    enrolled after the backup from which this centre was restored becomes the device it was (`Asked.again`): its log
    is of that device, and goes up whole. Nobody becomes a device that was let in by another key, or is revoked.
    Raises Refusal (403 unknown_code; at a hub without a line 503 no_upstream), StoreUnavailable.
    """
    if centre.role == HUB:
        return hand_on(centre, asked.code, asked.key, asked.name, asked.again)
    sha256 = _hash(asked.code)
    news: list[News] = []

    def job(connection: Connection) -> tuple[Device, bool, bool]:
        now = centre.now_ms()
        code = accounts.find_code(connection, sha256)
        if code is None or not hmac.compare_digest(code.sha256, sha256) or code.expires <= now:
            raise Refusal(403, "unknown_code")
        if code.device is not None:
            device = accounts.find_device(connection, code.device)
            if device is None or not hmac.compare_digest(device.public_key, asked.key):
                raise Refusal(403, "unknown_code")
            return device, hubs.is_hub(connection, device.id), newcomers.waits(connection, device.id)
        known = accounts.find_device(connection, asked.again.device) if asked.again else None
        waits = known is not None and newcomers.waits(connection, known.id)
        if asked.again is not None and not _may_be_again(asked, asked.again, code, known, waits=waits):
            raise Refusal(403, "unknown_code")
        if known is not None:
            # It was never forgotten, or came back already: nothing changes (but the key of one that waits: it is
            # let in by the words of the newest), and the code is used up.
            if waits:
                accounts.put_devices(connection, [replace(known, public_key=asked.key, name=asked.name)])
            accounts.use_code(connection, sha256, known.id, now)
            return known, hubs.is_hub(connection, known.id), waits
        device = Device(
            id=asked.again.device if asked.again else centre.new_id(),
            centre=code.centre,
            seat=code.seat,
            centre_digit=CENTRE_DIGITS[code.seat[:2]],
            name=asked.name,
            public_key=asked.key,
            all_cases=code.all_cases,
            enrolled_at=now,
            revoked_at=None,
        )
        accounts.add_device(connection, device)
        accounts.use_code(connection, sha256, device.id, now)
        news.append(transfers.take_up(centre, connection, device))
        if hubs.code_makes_hub(connection, sha256):
            # A hub writes no files: no case numbers, no grants of its own. It sees what its desks may see.
            hubs.add(connection, device.id)
            return device, True, False
        if newcomers.code_waits(connection, sha256):
            newcomers.add(connection, device.id, now)
            return device, False, True
        news.append(_begin(centre, connection, device))
        return device, False, False

    device, hub, waits = centre.lane.do(job)
    _tell(centre, news)
    log.info(
        "enrolled device=%s centre=%s seat=%s hub=%s waits=%s", device.id, device.centre, device.seat, hub, waits
    )
    return Enrolled(
        device=device.id,
        centre=device.centre,
        seat=device.seat,
        centre_digit=device.centre_digit,
        lineage=centre.lineage,
        time=centre.now_ms(),
        centre_key=wire.text64(centre.key.public_key().public_bytes_raw()),
        courier_key=wire.text64(centre.courier_key.public_key().public_bytes_raw()),
        hub=hub,
        waits=waits,
    )


def _begin(centre: Centre, connection: Connection, device: Device) -> News:
    leases.lease(centre, connection, device, FIRST_INCARNATION)
    if device.all_cases:
        grants.grant_every_case(centre, connection, device)
    return need_to_know.settle_desk(centre, connection, device)


def _tell(centre: Centre, news: Iterable[News]) -> None:
    for one in news:
        if one and centre.publish is not None:
            centre.publish(one)


class Attempts:
    """Slows the guessing of codes: at most ten failures a minute from one address and a hundred from all."""

    def __init__(self, centre: Centre) -> None:
        self._clock = centre.clock
        self._lock = threading.Lock()
        self._failures: deque[tuple[int, str]] = deque()

    def check(self, address: str) -> None:
        """Raises Refusal (429 busy) while there were too many failures in the last minute."""
        now = self._clock.monotonic_ms()
        with self._lock:
            while self._failures and self._failures[0][0] <= now - WINDOW_MS:
                self._failures.popleft()
            own = sum(1 for _, one in self._failures if one == address)
            if own >= FAILURES_EACH or len(self._failures) >= FAILURES_ALL:
                raise Refusal(429, "busy", retry_after_ms=self._failures[0][0] + WINDOW_MS - now)

    def failed(self, address: str) -> None:
        """One wrong code came from this address."""
        with self._lock:
            self._failures.append((self._clock.monotonic_ms(), address))
