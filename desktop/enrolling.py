"""A new desk's first minute: store and key are made, then a server registers it by a one-time code."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol

from desktop.home import Home
from desktop.store import courier, first_run, identity
from desktop.store.engine import open_store
from desktop.store.entering import begin_counting
from desktop.store.first_run import Begun
from desktop.store.keys import Cost, KeySlots
from desktop.store.troubles import AlreadyEnrolled
from desktop.store.unit_of_work import Seat
from sync.door import Health
from sync.trust import Trust

GREETING_S: Final = 8.0
"""How long (seconds) a person waits to hear whether anybody answers at an address."""


class Enrolled(Protocol):
    """What a server answers to an enrolment (`sync.door.Enrolled`)."""

    @property
    def device(self) -> str: ...
    @property
    def centre(self) -> str: ...
    @property
    def seat(self) -> str: ...
    @property
    def centre_digit(self) -> int: ...
    @property
    def lineage(self) -> str: ...


Enroller = Callable[[str, str, bytes, str], Enrolled]
"""(server's address, one-time code, raw Ed25519 public key, name) → what the server made of this desk."""


@dataclass(frozen=True, slots=True)
class Registered:
    """A desk that a server knows; `waits`: nothing goes either way until a shift leader has let it in."""

    seat: Seat
    waits: bool


def enrol(
    home: Home,
    server_url: str,
    code: str,
    staff: str,
    passphrase: str,
    *,
    name: str = "",
    enroller: Enroller | None = None,
    key_cost: Cost | None = None,
    keeper: str = "",
) -> Seat:
    """`register`, where only the seat is asked for."""
    return register(
        home, server_url, code, staff, passphrase, name=name, enroller=enroller, key_cost=key_cost, keeper=keeper
    ).seat


def register(
    home: Home,
    server_url: str,
    code: str,
    staff: str,
    passphrase: str,
    *,
    name: str = "",
    enroller: Enroller | None = None,
    key_cost: Cost | None = None,
    keeper: str = "",
) -> Registered:
    """Make this desk's store and key, and register it with a one-time code (an empty one: the code of an enrolment
    that was cut off, out of the store).

    Key and code are durable before the server hears of them, so an enrolment cut off half-way is tried again with the
    same, also after a restart. Whom to believe, the provisioning file says; its servers stand behind the one given.
    `keeper`: where the device's secret lies, when not in the operating system's keyring
    (`desktop.store.device_secret`).
    Raises the road's troubles, WrongPassphrase where the store is another person's, AlreadyEnrolled, and the store's.
    """
    home.prepare()
    trust = home.trust
    slots = KeySlots(home.slots, key_cost, keeper=keeper or trust.keyring)
    if slots.exists():
        key_found = slots.open(staff, passphrase)
    else:
        first_run.keep(home.begun, Begun(server_url, staff))
        key_found = slots.create(staff, passphrase)
    begin_counting(home, slots)
    store = open_store(home.db, key_found)
    try:
        with store.write() as connection:
            if identity.enrolment(connection) is not None:
                raise AlreadyEnrolled
            key = identity.make_signing_key(connection)
            if code:
                identity.keep_code(connection, code)
            code = identity.kept_code(connection)
            connection.commit()
        ask = enroller or partial(_over_http, trust)
        given = ask(server_url, code, key.public_key().public_bytes_raw(), name or staff)
        seat = Seat(given.centre, given.seat, given.centre_digit, given.device)
        with store.write() as connection:
            identity.enrol(connection, seat, server_url, given.lineage, getattr(given, "centre_key", ""))
            courier.learn_receiver(connection, given.lineage, getattr(given, "courier_key", ""))
            upstream = getattr(given, "upstream", "")
            known = [url for url in (server_url, upstream, *trust.servers) if url]
            if len(known) > 1:
                identity.set_servers(connection, list(dict.fromkeys(known)))
            connection.commit()
    finally:
        store.close()
    with suppress(OSError):  # what stays is found at the next start, where the desk says that it is enrolled
        first_run.done(home.begun)
    return Registered(seat, getattr(given, "waits", False))


def greet(home: Home, server_url: str) -> Health:
    """Who answers at an address; it is kept as the one that this desk is about to enrol at. Raises sync.troubles,
    OSError."""
    from sync.transport import health  # noqa: PLC0415 - a desk that is enrolled already starts without it

    told = health(server_url, GREETING_S, home.trust)
    home.prepare()
    begun = first_run.read(home.begun) or Begun()
    first_run.keep(home.begun, Begun(server_url, begun.staff))
    return told


def _over_http(trust: Trust, server_url: str, code: str, public_key: bytes, name: str) -> Enrolled:
    # Imported here: a desk that is enrolled already starts without it.
    from sync.transport import enrol as ask  # noqa: PLC0415 - see above

    return ask(server_url, code, public_key, name, trust)
