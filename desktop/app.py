"""The one place that joins the desk's wires: key, store, lanes, bus, reference data, road."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from desktop.background.aside import AsideLane
from desktop.background.blob_driver import BlobDriver
from desktop.background.blob_driver import MakeRoad as MakeBlobRoad
from desktop.background.blob_lane import BlobLane
from desktop.background.change_bus import ChangeBus
from desktop.background.emergency import EmergencyWatch
from desktop.background.first_fill import LEAST
from desktop.background.handing_on import HandingOn
from desktop.background.history_told import Wanted
from desktop.background.keeper import Keeper
from desktop.background.lanes import StoreLane
from desktop.background.leavers import Leavers
from desktop.background.road_parts import AskHealth, MakeTransport, health_of
from desktop.background.sync_driver import SyncDriver
from desktop.enrolling import Enrolled, Enroller, enrol
from desktop.home import Home
from desktop.operations.attachments import attach
from desktop.operations.audit import noted
from desktop.operations.courier import CourierDesk, stepping_alone
from desktop.operations.intake import give_codes
from desktop.operations.people import let_go_who_left
from desktop.operations.restricting import announce, hand_on
from desktop.reference import Reference
from desktop.settings import ATTACHMENT_SPACE_MB, FETCH_ATTACHMENTS, LANGUAGE, Settings
from desktop.store import drafts, identity, lease, parting, preferences
from desktop.store.closing import centre_key
from desktop.store.copies import Copy, copies
from desktop.store.emergency import close as close_copy
from desktop.store.emergency import copies as emergency_copies
from desktop.store.engine import Connection, Store, open_store
from desktop.store.entering import enter
from desktop.store.identity import Enrolment
from desktop.store.keys import Cost, KeySlots
from desktop.store.people import People
from desktop.store.receipts import Receipts
from desktop.store.recovery import Recovered, recover
from desktop.store.road_marks import follow
from desktop.store.rotation import store_key
from desktop.store.throttle import uptime
from desktop.store.troubles import (
    Damaged,
    NewerStore,
    NoCopy,
    NoSuchCopy,
    NotEnrolled,
    WrongKey,
    WrongPassphrase,
)
from desktop.store.unit_of_work import Operation, Seat
from desktop.ui.words import ENGLISH, language, speak, spoken
from desktop.wall_clock import WallClock
from domain.clock import Clock
from domain.codes.catalogue import Catalogue
from domain.codes.places import Places
from domain.records.audit import RECOUNT
from sync.blobs.shelf import Shelf
from sync.door import Approved, EmergencyGiven
from sync.engine import Carried, Pace
from sync.interpreter import forget_sources
from sync.operation import Placed
from sync.replica.changes import Folded
from sync.replica.desk_road import DeskRoad
from sync.replica.ledger import Runner

__all__ = ["Desk", "Enrolled", "Enroller", "Unlocked", "build", "enrol", "restore", "unlock"]


@dataclass(frozen=True, slots=True)
class Unlocked:
    """A desk whose store is open and whose lists are read, made off the GUI thread. `revoked`: since when (UTC ms)
    the centre has taken it out of service, where it was killed before it could wipe itself."""

    store: Store
    staff: str
    enrolment: Enrolment
    key: Ed25519PrivateKey
    reference: Reference
    settings: Settings
    people: People
    once: bool = False
    """They came with a one-time code and choose a passphrase of their own first."""
    revoked: int | None = None


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything a window is given its parts from. `driver` is None for a desk without a road, `blob_driver` for
    one whose attachments do not travel."""

    home: Home
    staff: str
    store: Store
    bus: ChangeBus
    lane: StoreLane
    reference: Reference
    settings: Settings
    clock: Clock
    driver: SyncDriver | None
    blobs: BlobLane
    aside: AsideLane
    courier: CourierDesk
    keeper: Keeper
    emergency: EmergencyWatch
    people: People
    blob_driver: BlobDriver | None = None
    handing_on: HandingOn | None = None
    leavers: Leavers | None = None

    @property
    def catalogue(self) -> Catalogue:
        """The code lists."""
        return self.reference.catalogue

    @property
    def places(self) -> Places:
        """Both maps."""
        return self.reference.places

    @property
    def seat(self) -> Seat:
        """Where acts are made at now."""
        return self.lane.seat

    @property
    def approve_device(self) -> Callable[[str, str, str], Approved] | None:
        """Lets a new desk in by the words of its key; None without a road."""
        return None if self.driver is None else self.driver.approve

    @property
    def ask_emergency(self) -> Callable[[str, str, str, str], EmergencyGiven] | None:
        """Asks the centre for an emergency read; None without a road."""
        return None if self.driver is None else self.driver.emergency

    @property
    def ask_history(self) -> Callable[[Collection[Wanted]], list[Placed]] | None:
        """Asks the server for everything that was written into files and records; None without a road."""
        return None if self.driver is None else self.driver.history

    def close(self) -> None:
        """End the road, finish what was submitted, close the store."""
        if self.handing_on is not None:
            self.handing_on.close()
        self.keeper.close()
        self.emergency.close()
        if self.driver is not None:
            self.driver.close()
        if self.blob_driver is not None:
            self.blob_driver.close()
        self.blobs.close()
        self.lane.close()
        self.aside.close()


def unlock(
    home: Home, staff: str, passphrase: str, *, reference: Reference | None = None, key_cost: Cost | None = None
) -> Unlocked:
    """Open a desk's store with a person's passphrase (0.3-0.5 s by design): call it off the GUI thread.

    Raises WrongPassphrase, TooSoon, CodeExpired, NeedsCode, the keyring's troubles (`desktop.store.device_secret`),
    WrongKey, NewerStore, DiskFull, Damaged, NotEnrolled.
    """
    home.prepare()
    slots = KeySlots(home.slots, key_cost)
    opened = enter(home, slots, staff, passphrase, WallClock().now_ms())
    if not home.db.exists() and copies(home.backups):
        raise Damaged  # the file is gone: an empty one in its place would pass for a desk that never wrote
    opened = replace(opened, key=store_key(slots, home.db, opened), previous=None)
    people = People(slots, opened)
    people.entrust(home.trust.custodians)
    store = open_store(home.db, opened.key)
    store.signed_in(people.draft_keys())
    try:
        with store.write() as connection:
            drafts.close_older(connection)
            lease.note(connection, uptime())
            connection.commit()
        with store.read() as connection:
            enrolment = identity.enrolment(connection)
            key = identity.signing_key(connection)
            kept = preferences.of(connection, staff)
            revoked = parting.ordered(connection)
        if enrolment is None or key is None:
            raise NotEnrolled
        end_emergencies(store, enrolment.seat)
        lists = reference or Reference.load()
        return Unlocked(
            store, staff, enrolment, key, lists, Settings(kept), people, opened.once, revoked
        )
    except BaseException:
        store.close()
        raise


def build(
    home: Home,
    staff: str,
    passphrase: str,
    *,
    clock: Clock | None = None,
    transport_factory: MakeTransport | None = None,
    unlocked: Unlocked | None = None,
    reference: Reference | None = None,
    key_cost: Cost | None = None,
    pace: Pace | None = None,
    blob_transport_factory: MakeBlobRoad | None = None,
    fill_from: int = LEAST,
    ask_health: AskHealth = health_of,
) -> Desk:
    """Join a desk's wires, on the GUI thread. With `unlocked` (from `unlock` on another thread) nothing here
    waits for key derivation or disk. Without `transport_factory` the desk has no road, without
    `blob_transport_factory` its attachments stay where they are; the factories and `ask_health` know whom to believe.
    A new desk that may see `fill_from` records or more is filled by segments.

    Raises what `unlock` raises.
    """
    ready = unlocked or unlock(home, staff, passphrase, reference=reference, key_cost=key_cost)
    speak(ready.settings[LANGUAGE])
    ready = replace(ready, reference=ready.reference.in_language(spoken, english=language() == ENGLISH))
    forget_sources()
    shown = clock or WallClock()
    bus = ChangeBus()
    lane = StoreLane(ready.store, ready.enrolment.seat, ready.staff, shown, bus, ready.reference)
    shelf = Shelf(home.blobs)
    shelf.prepare()
    blob_lane = BlobLane(shelf, lane, bus, attach, policy=ready.settings[FETCH_ATTACHMENTS])
    driver = None
    blob_driver = None
    if transport_factory is not None and ready.enrolment.server_url:
        driver = SyncDriver(
            lane,
            ready.store,
            bus,
            shown,
            ready.enrolment.servers,
            ready.key,
            transport_factory,
            pace,
            give_codes(),
            fill_from,
            ask_health,
        )
        if blob_transport_factory is not None:
            space = ready.settings[ATTACHMENT_SPACE_MB] << 20
            blob_driver = BlobDriver(
                blob_lane, lane, bus, driver.server, ready.key, blob_transport_factory, space
            )
            driver.on_status, driver.on_folded = blob_driver.road_said, blob_driver.road_folded
        driver.start()
    keeper = Keeper(lane, ready.store, home, shown, _Slipped(lane, driver))
    keeper.start()
    emergency = EmergencyWatch(lane, ready.store, bus, shown, driver.saved if driver is not None else _nobody)
    emergency.start()
    blob_lane.start()
    if blob_driver is not None:
        blob_driver.start()
    step = driver.carry if driver is not None else alone(ready, lane.run, shown)
    handing_on = HandingOn(lane, ready.reference.policy, announce, hand_on)
    handing_on.look()
    leavers = Leavers(lane, partial(_let_go_who_left, ready.people))
    leavers.look()
    courier_desk = CourierDesk(ready.store.replica, lane.read, lane.run, shown, ready.staff, step, shelf=shelf)
    return Desk(
        home,
        ready.staff,
        ready.store,
        bus,
        lane,
        ready.reference,
        ready.settings,
        shown,
        driver,
        blob_lane,
        AsideLane(bus),
        courier_desk,
        keeper,
        emergency,
        ready.people,
        blob_driver,
        handing_on,
        leavers,
    )


def _let_go_who_left(people: People) -> Operation[bool]:
    return let_go_who_left([tile.staff for tile in people.tiles()], people.is_last, people.remove)


def end_emergencies(store: Store, seat: Seat) -> None:
    """At the start: what was read in an emergency before is taken out, whatever the time is. Raises DiskFull,
    Damaged."""
    receipts = Receipts(store.stamps, seat, WallClock())
    with store.write() as connection:
        left = emergency_copies(connection)
        for one in left:
            close_copy(connection, store.replica, seat.device, receipts, one)
        if left:
            connection.commit()


class _Slipped:
    """What follows when the desk's recount had to put a figure right: an entry, and both ends compared anew."""

    def __init__(self, lane: StoreLane, driver: SyncDriver | None) -> None:
        self._lane, self._driver = lane, driver

    def __call__(self) -> None:
        """On the keeper's thread. Raises Closed, DiskFull, Damaged."""
        self._lane.call(noted(RECOUNT, "digest"))
        if self._driver is not None:
            self._driver.compare_anew()


def _nobody() -> None:
    """A desk without a road sends its receipt once it has one."""


def alone(ready: Unlocked, run: Runner, clock: Clock) -> Callable[[Carried], None]:
    """How a desk without a driver takes a courier's reply: the engine's own steps over its store."""

    def learned(connection: Connection, placed: Sequence[Placed]) -> None:
        follow(connection, ready.store.stamps, placed, clock.now_ms())

    def folded(_folded: Folded) -> None:
        """Screens of a desk without a road read anew when they are turned to."""

    device = ready.enrolment.seat.device
    receipt = Receipts(ready.store.stamps, ready.enrolment.seat, clock)
    road = DeskRoad(run, ready.store.replica, device, ready.key, learned, folded, receipt, closes_to=centre_key)
    return stepping_alone(road, device, clock)


def restore(
    home: Home,
    staff: str,
    passphrase: str,
    copy: Copy | None = None,
    *,
    key_cost: Cost | None = None,
    clock: Clock | None = None,
) -> Recovered:
    """Go on from a backup (the newest sound one where none is named). The desk must be closed; nothing is deleted.

    The key comes from the desk's slots, or from those kept beside the backup where they are gone. Raises
    WrongPassphrase, NoCopy, NoSuchCopy, Damaged or WrongKey (no backup is sound), DiskFull, OSError.
    """
    home.prepare()
    found = [copy] if copy is not None else copies(home.backups)
    if not found:
        raise NoCopy
    if copy is not None and not copy.path.is_file():
        raise NoSuchCopy  # SQLite would make an empty file of that name, and call it a store
    key = _key_of(home, found, staff, passphrase, key_cost)
    now_ms = (clock or WallClock()).now_ms()
    fault: Exception = NoCopy()
    for one in found:
        try:
            return recover(home, one, key, now_ms)
        except WrongKey as other:
            fault = other
        except Damaged as unsound:
            fault = unsound
            continue
        # Made before the store's key was changed: its own key file opens it, and it gets the key of now.
        older = _older_key(home, one, staff, passphrase, key_cost)
        if older is not None and older != key:
            try:
                return recover(home, one, older, now_ms, key)
            except (Damaged, WrongKey) as unsound:
                fault = unsound
    raise fault


def _key_of(home: Home, found: Sequence[Copy], staff: str, passphrase: str, cost: Cost | None) -> bytes:
    """The store's key from the desk's key file; where it is gone or damaged, from the one beside a backup."""
    fault: Exception = Damaged()
    for slots in (home.slots, *(one.slots for one in found)):
        if slots.exists():
            try:
                here = KeySlots(slots, cost, folder=home.root)
                return enter(home, here, staff, passphrase, WallClock().now_ms()).key
            except (Damaged, NewerStore) as unreadable:
                fault = unreadable
    raise fault


def _older_key(home: Home, copy: Copy, staff: str, passphrase: str, cost: Cost | None) -> bytes | None:
    try:
        return KeySlots(copy.slots, cost, folder=home.root).open(staff, passphrase) if copy.slots.exists() else None
    except (Damaged, NewerStore, WrongPassphrase):
        return None
