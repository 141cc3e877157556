"""Taking a device out of service: no more news for it, its last words held for review, an order to wipe itself."""

from __future__ import annotations

from typing import Final

from server.operations import person_keys
from server.operations.centre import HUB, Centre, News, log
from server.operations.refusals import Refusal
from server.store import accounts, revoked
from server.store.accounts import Device
from server.store.engine import Connection
from server.store.revoked import Order
from sync import wire
from sync.door import wipe_claim

MOST_REASON: Final = 200


class NoSuchDevice(Exception):
    """There is no such device at this centre."""

    def __init__(self) -> None:
        super().__init__("Không có máy này ở trung tâm: hãy xem lại mã máy bằng lệnh devices.")


class NeedsReason(Exception):
    """A revocation says why."""

    def __init__(self) -> None:
        super().__init__("Hãy ghi lý do thu hồi (1 đến 200 ký tự, không ghi tên người).")


def revoke(centre: Centre, device: str, reason: str) -> Order:
    """Take a desk or a hub out of service. From the commit on it is told nothing but the order; what it still sends
    is held. Doing it again changes nothing. `reason` names no person.

    Raises NoSuchDevice, NeedsReason, StoreUnavailable.
    """
    why = " ".join(reason.split())
    if not 0 < len(why) <= MOST_REASON:
        raise NeedsReason

    def job(connection: Connection) -> tuple[Order, News]:
        found = accounts.find_device(connection, device)
        if found is None:
            raise NoSuchDevice
        now = centre.now_ms() if found.revoked_at is None else found.revoked_at
        revoked.mark(connection, device, now)
        revoked.put(connection, [_signed(centre, device, now, why)])
        order = revoked.of(connection, device)
        assert order is not None
        return order, person_keys.lose(centre, connection, device) if centre.role != HUB else News()

    order, news = centre.lane.do(job)
    if centre.publish is not None:
        centre.publish(news)
    log.info("revoked device=%s", device)
    return order


def _signed(centre: Centre, device: str, since: int, reason: str) -> Order:
    return Order(device, since, reason, wire.text64(centre.key.sign(wipe_claim(device, since))))


def order_of(centre: Centre, connection: Connection, device: Device) -> Order:
    """The order for a revoked device. One revoked without it (by hand, or a hub that was not told) has none that is
    signed, and is only refused."""
    known = revoked.of(connection, device.id)
    if known is not None or centre.role == HUB:
        return known or Order(device.id, device.revoked_at or 0, "", "")
    return _signed(centre, device.id, device.revoked_at or 0, "")


def farewell(centre: Centre, device: Device) -> Refusal:
    """What a revoked device is told in place of everything but the acknowledgement of its last words (403). The
    lineage stands there only where those are taken: at the centre."""

    def work(connection: Connection) -> Order:
        return order_of(centre, connection, accounts.find_device(connection, device.id) or device)

    order = centre.read(work)
    lineage = "" if centre.role == HUB else centre.lineage
    return Refusal(403, "revoked", lineage=lineage, since=order.since, order=order.signature)
