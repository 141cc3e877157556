"""Making a server a hub: enrolled once at the centre, opened with its road to it, doors handed on or refused."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from server.operations.centre import HUB, Centre, log
from server.operations.refusals import Refusal
from server.operations.uplink import HubIdentity, Uplink
from server.store import hub_identity
from server.store.troubles import AnotherCentre, NotAHub, NotThisHub
from sync import wire
from sync.door import Again, Enrolled, again_claim
from sync.engine import Pace
from sync.transport import enrol
from sync.troubles import ServerTrouble, SignedOut, Trouble
from sync.trust import NAME, read

_A_DESKS_CODE: Final = "Mã này dùng cho máy trạm, không phải cho trạm vùng: hãy xin mã bằng lệnh code --hub."
_NOW_A_DESK: Final = (
    "Mã này dùng cho máy trạm, nên trung tâm ghi trạm vùng này là một máy trạm. Hãy thu hồi máy {device} ở trung tâm "
    "rồi đăng ký trạm vùng mới, mã của lệnh code --hub, với một thư mục --data trống."
)


class HubDevice(NamedTuple):
    """What an enrolment gave: the hub's device, the centre it serves, whether it was this device before."""

    device: str
    centre: str
    again: bool


def enrol_hub(hub: Centre, folder: Path, url: str, code: str, seat: str = "") -> HubDevice:
    """Register this server as the hub its code names. A folder that was enrolled before stays the device it was: what
    it has written in its own name still has to go up, and a centre that was put back behind its enrolment has
    forgotten it. `seat`: of that hub, where it is not the one it was enrolled with.

    Raises sync.troubles; NotAHub where the code makes a desk; NotThisHub where the centre does not take this hub
    by that code; AnotherCentre, with nothing written here, where another centre answered.
    """
    key = hub_identity.make_key(folder)
    before = hub.read(hub_identity.before)
    public = key.public_key().public_bytes_raw()
    again = None
    if before is not None:
        where = seat or before.seat
        again = Again(before.device, where, key.sign(again_claim(before.device, where, code, public)))
    try:
        made = enrol(url, code, public, socket.gethostname()[:100], read(folder / NAME), again)
    except SignedOut as refused:
        if again is None:
            raise
        raise NotThisHub from refused
    if before is not None and made.centre_key != before.centre_key:
        raise AnotherCentre
    if not made.hub:
        raise NotAHub(_A_DESKS_CODE if before is None else _NOW_A_DESK.format(device=made.device))
    hub.lane.do(lambda c: hub_identity.write(c, made.device, made.centre, made.centre_key, made.seat))
    log.info("hub enrolled device=%s centre=%s", made.device, made.centre)
    return HubDevice(made.device, made.centre, before is not None)


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
