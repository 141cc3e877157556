"""Who a hub is: its device at the centre, its centre, the centre's public key; its own key lies in a file beside."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from domain.numbering import CENTRES
from server.store.engine import Connection
from server.store.troubles import NotAHub
from sync.replica import node

KEY: Final = "hub.key"
"""File of the hub's Ed25519 key (64 hexadecimal digits, mode 0600) in its data folder."""

DEVICE: Final = "hub_device"
CENTRE: Final = "hub_centre"
CENTRE_KEY: Final = "hub_centre_key"
SEAT: Final = "hub_seat"


def make_key(folder: Path) -> Ed25519PrivateKey:
    """The hub's key, made when there is none: durable before the centre hears of it, so that an enrolment cut off
    half-way is tried again with the same key."""
    path = folder / KEY
    if path.exists():
        return key(folder)
    made = Ed25519PrivateKey.generate()
    draft = folder / f"{KEY}.{os.getpid()}"
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(made.private_bytes_raw().hex() + "\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    return made


def key(folder: Path) -> Ed25519PrivateKey:
    """The hub's key. Raises NotAHub."""
    try:
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex((folder / KEY).read_text("ascii").strip()))
    except (FileNotFoundError, ValueError) as missing:
        raise NotAHub from missing


def write(connection: Connection, device: str, centre: str, centre_key: str, seat: str = "") -> None:
    """Remember what the enrolment gave; `centre_key` is base64, `seat` empty where it is the centre's first."""
    node.put(connection, **{DEVICE: device, CENTRE: centre, CENTRE_KEY: centre_key, SEAT: seat})


def read(connection: Connection) -> tuple[str, str, str]:
    """Device, centre and the centre's public key (base64). Raises NotAHub."""
    found = node.get(connection, DEVICE), node.get(connection, CENTRE), node.get(connection, CENTRE_KEY)
    if not all(found):
        raise NotAHub
    return found


class Before(NamedTuple):
    """Who this hub was by its last enrolment: device, the centre's public key (base64), seat."""

    device: str
    centre_key: str
    seat: str


def before(connection: Connection) -> Before | None:
    """Who this hub is already, or None where it was never enrolled. One that was enrolled by an older program has its
    centre's first seat, as every hub was given it (`AG00`)."""
    device, home = node.get(connection, DEVICE), node.get(connection, CENTRE)
    if not device:
        return None
    usual = next(f"{letters}00" for letters, centre in CENTRES.items() if centre == home)
    return Before(device, node.get(connection, CENTRE_KEY), node.get(connection, SEAT) or usual)
