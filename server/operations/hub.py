"""Making a server a hub: enrolled once at the centre, opened with its road to it, doors handed on or refused."""

from __future__ import annotations

import socket
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from server.operations.centre import HUB, Centre, log
from server.operations.refusals import Refusal
from server.operations.uplink import HubIdentity, Uplink
from server.store import hub_identity
from server.store.troubles import NotAHub
from sync import wire
from sync.door import Again, Enrolled
from sync.engine import Pace
from sync.transport import enrol
from sync.troubles import ServerTrouble, SignedOut, Trouble
from sync.trust import NAME, read


def enrol_hub(hub: Centre, folder: Path, url: str, code: str) -> str:
    """Register this server as the hub its code names; answers the centre it serves. Raises sync.troubles, NotAHub
    where the code makes a desk."""
    key = hub_identity.make_key(folder)
    made = enrol(url, code, key.public_key().public_bytes_raw(), socket.gethostname()[:100], read(folder / NAME))
    if not made.hub:
        raise NotAHub("Mã này dùng cho máy trạm, không phải cho trạm vùng: hãy xin mã bằng lệnh code --hub.")
    hub.lane.do(lambda connection: hub_identity.write(connection, made.device, made.centre, made.centre_key))
    log.info("hub enrolled device=%s centre=%s", made.device, made.centre)
    return made.centre


def identity(hub: Centre, folder: Path) -> HubIdentity:
    """Who this hub is. Raises NotAHub."""
    device, centre, centre_key = hub.read(hub_identity.read)
    public = Ed25519PublicKey.from_public_bytes(wire.raw64(centre_key))
    return HubIdentity(device, centre, hub_identity.key(folder), public)


def link(hub: Centre, folder: Path, url: str, pace: Pace | None = None) -> Uplink:
    """The hub's road to the centre, not begun yet; whom it believes, the provisioning file in its folder says. Raises
    NotAHub."""
    assert hub.role == HUB
    made = Uplink(hub, identity(hub, folder), url, pace, read(folder / NAME))
    hub.uplink = made
    return made


def hand_on(hub: Centre, code: str, key: bytes, name: str, again: Again | None = None) -> Enrolled:
    """A desk enrols at the hub: the centre decides. Raises Refusal (403 unknown_code, 503 no_upstream)."""
    try:
        if hub.uplink is None:
            raise ServerTrouble
        made = hub.uplink.enrol(code, key, name, again)
    except SignedOut as refused:
        raise Refusal(403, "unknown_code") from refused
    except Trouble as away:
        raise Refusal(503, "no_upstream", retry_after_ms=30_000) from away
    return Enrolled(
        device=made.device,
        centre=made.centre,
        seat=made.seat,
        centre_digit=made.centre_digit,
        lineage=hub.lineage,
        time=hub.now_ms(),
        centre_key=made.centre_key,
        courier_key=wire.text64(hub.courier_key.public_key().public_bytes_raw()),
        upstream=hub.uplink.url,
        waits=made.waits,
    )
