"""Sessions of enrolled devices: a nonce signed by the registered key gives a token for a quarter of an hour."""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from domain.clock import MINUTE
from server.operations import leases
from server.operations.centre import HUB, Centre, log
from server.operations.refusals import Refusal, busy, unknown_device
from server.operations.revocation import farewell
from server.store import accounts, courier, hubs, newcomers
from server.store.accounts import Device
from server.store.engine import Connection
from sync import packing, wire
from sync.door import Credentials, SessionGiven, request_claim, session_claim

LASTS_MS: Final = 15 * MINUTE
NONCE_MS: Final = 2 * MINUTE
MOST_NONCES: Final = 4_096
MOST_SESSIONS: Final = 4_096
UNAPPROVED_MS: Final = 5_000
"""When a device that waits for its approval asks again: somebody stands before it, on the phone."""
RETIRED_MS: Final = MINUTE
"""When to ask a retired hub again: by then a desk that knows the centre is there."""
_TOKEN_BYTES: Final = 18  # 24 characters
_NONCE_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Session:
    """Who speaks. `until` is on the monotonic clock (ms). `parting`: a revoked device, whose last words are taken and
    which is told nothing else."""

    device: Device
    incarnation: int
    until: int
    hub: bool = False
    parting: bool = False


REMEMBERED: Final = 1_024
"""How far (counters) behind the highest one a request may come: requests of several threads overtake each other."""


class _Window:
    """Which counters of a session were used: the highest, and a bit for each of those right behind it."""

    def __init__(self) -> None:
        self._top = 0
        self._bits = 0

    def take(self, counter: int) -> bool:
        """Whether this counter was not used yet; it is from now on."""
        ahead = counter - self._top
        if ahead > 0:
            self._bits = ((self._bits << ahead) | 1) & ((1 << REMEMBERED) - 1) if ahead < REMEMBERED else 1
            self._top = counter
            return True
        bit = 1 << -ahead
        if -ahead >= REMEMBERED or self._bits & bit:
            return False
        self._bits |= bit
        return True


@dataclass(frozen=True, slots=True)
class _Open:
    session: Session
    key: Ed25519PublicKey
    window: _Window


class Sessions:
    """Nonces and tokens, in memory only: a restarted centre asks every device to sign again.

    Tokens are kept by their hash, so that no look-up compares the secret itself. Safe from any thread.
    """

    def __init__(self, centre: Centre) -> None:
        self._centre = centre
        self._lock = threading.Lock()
        self._nonces: OrderedDict[str, int] = OrderedDict()
        self._sessions: OrderedDict[bytes, _Open] = OrderedDict()

    def nonce(self) -> str:
        """A number for one session claim within two minutes."""
        made = secrets.token_urlsafe(_NONCE_BYTES)
        now = self._centre.clock.monotonic_ms()
        with self._lock:
            self._nonces[made] = now + NONCE_MS
            while len(self._nonces) > MOST_NONCES:
                self._nonces.popitem(last=False)
        return made

    def open(self, device_id: str, incarnation: int, nonce: str, signature: bytes) -> SessionGiven:
        """A token for a device that signed a fresh nonce; a revoked one parts at the centre. Raises Refusal
        (401 unknown_device for every doubt, 403 unapproved, 403 revoked at a hub), StoreUnavailable."""
        self._stands()
        now = self._centre.clock.monotonic_ms()
        with self._lock:
            until = self._nonces.pop(nonce, -1)
        if until < now:
            raise unknown_device()

        def work(connection: Connection) -> tuple[Device | None, bool, bool, bool]:
            found = accounts.find_device(connection, device_id)
            hub = found is not None and hubs.is_hub(connection, device_id)
            leased = hub or self._centre.role == HUB or (
                found is not None and leases.has_block(self._centre, connection, device_id, incarnation)
            )
            return found, leased, hub, found is not None and newcomers.waits(connection, device_id)

        device, leased, hub, unapproved = self._centre.read(work)
        if device is None and self._centre.uplink is not None and self._centre.uplink.refresh():
            # Enrolled at the centre since the hub last asked.
            device, leased, hub, unapproved = self._centre.read(work)
        if device is None:
            raise unknown_device()
        key = Ed25519PublicKey.from_public_bytes(device.public_key)
        try:
            key.verify(signature, session_claim(device_id, incarnation, nonce))
        except InvalidSignature as bad:
            log.warning("session refused device=%s", device_id)
            raise unknown_device() from bad
        parting = device.revoked_at is not None
        if unapproved and not parting:
            raise Refusal(403, "unapproved", retry_after_ms=UNAPPROVED_MS)
        if parting and self._centre.role == HUB:
            raise farewell(self._centre, device)
        if not leased and not parting:
            self._lease(device, incarnation)
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        with self._lock:
            self._forget(now)
            self._sessions[_hash(token)] = _Open(
                Session(device, incarnation, now + LASTS_MS, hub, parting), key, _Window()
            )
        return SessionGiven(
            couriers=self._centre.read(courier.others),
            dictionary=packing.DICTIONARY,
            token=token,
            expires_ms=LASTS_MS,
            lineage=self._centre.lineage,
            courier_key=wire.text64(self._centre.courier_key.public_key().public_bytes_raw()),
        )

    def of(self, token: str, *, parting: bool = False) -> Session:
        """Who holds this token. Raises Refusal (401 unknown_device; 403 revoked where no `parting` is wanted)."""
        session = self._of(token).session
        if session.parting and not parting:
            raise farewell(self._centre, session.device)
        return session

    def prove(self, said: Credentials, method: str, target: str, body: bytes) -> None:
        """The holder of the token signed this very request (`body` is its SHA-256), and it did not come before.

        Raises Refusal (401 unknown_device)."""
        held = self._of(said.token)
        claim = request_claim(method, target, body, said.token, said.counter)
        try:
            held.key.verify(said.signature, claim)
        except InvalidSignature as bad:
            log.warning("request refused device=%s: not signed by its key", held.session.device.id)
            raise unknown_device() from bad
        with self._lock:
            # Only after the signature: else a stranger who saw a token could use its counters up.
            fresh = held.window.take(said.counter)
        if not fresh:
            log.warning("request refused device=%s: it came before", held.session.device.id)
            raise unknown_device()

    def _of(self, token: str) -> _Open:
        self._stands()
        with self._lock:
            held = self._sessions.get(_hash(token))
        if held is None or held.session.until <= self._centre.clock.monotonic_ms():
            raise unknown_device()
        return held

    def _stands(self) -> None:
        if self._centre.retired:
            raise busy(RETIRED_MS)

    def _lease(self, device: Device, incarnation: int) -> None:
        """A new year or a new incarnation has no case numbers yet."""

        def job(connection: Connection) -> None:
            if not leases.has_block(self._centre, connection, device.id, incarnation):
                leases.lease(self._centre, connection, device, incarnation)

        self._centre.lane.do(job)

    def _forget(self, now: int) -> None:
        for key in [key for key, one in self._sessions.items() if one.session.until <= now]:
            del self._sessions[key]
        while len(self._sessions) >= MOST_SESSIONS:
            self._sessions.popitem(last=False)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
