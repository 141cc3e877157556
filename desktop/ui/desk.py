"""What the window needs of a desk: the wires that `desktop.app` joins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from desktop.background.aside import AsideLane
from desktop.background.change_bus import ChangeBus
from desktop.operations.courier import CourierDesk
from domain.codes.catalogue import Catalogue
from domain.codes.places import Places

if TYPE_CHECKING:
    from desktop.background.blob_lane import BlobLane
    from desktop.background.lanes import StoreLane
    from desktop.background.sync_driver import SyncDriver
    from desktop.home import Home
    from desktop.reference import Reference
    from desktop.settings import Settings
    from desktop.store.people import People
    from desktop.store.unit_of_work import Seat
    from desktop.ui.case.authors import AskHistory
    from desktop.ui.search.emergency import Ask
    from desktop.ui.signin.newcomer_card import Approve


class DeskWires(Protocol):
    """Read-only for the screens; whoever built the desk closes it."""

    @property
    def home(self) -> Home:
        """The desk's folder."""
        ...

    @property
    def people(self) -> People:
        """Who may open this desk, and who is signed in."""
        ...

    @property
    def bus(self) -> ChangeBus:
        """The bus on which screens hear what changed."""
        ...

    @property
    def lane(self) -> StoreLane:
        """Where operations and reads go; knows staff and clock."""
        ...

    @property
    def driver(self) -> SyncDriver | None:
        """What drives the road, and its last word; None for a desk without a road."""
        ...

    @property
    def blobs(self) -> BlobLane:
        """Where files of dossiers are sealed and opened."""
        ...

    @property
    def catalogue(self) -> Catalogue:
        """The code lists."""
        ...

    @property
    def places(self) -> Places:
        """Both maps."""
        ...

    @property
    def reference(self) -> Reference:
        """Everything dated: code lists, places, calendar, directory."""
        ...

    @property
    def settings(self) -> Settings:
        """What this person and this desk chose, as read at sign-in."""
        ...

    @property
    def aside(self) -> AsideLane:
        """Where long work runs."""
        ...

    @property
    def courier(self) -> CourierDesk:
        """The desk as its courier needs it."""
        ...

    @property
    def approve_device(self) -> Approve | None:
        """Lets a new desk in by the words of its key; None without a road."""
        ...

    @property
    def ask_emergency(self) -> Ask | None:
        """Asks the centre for an emergency read; None for a desk without a road."""
        ...

    @property
    def ask_history(self) -> AskHistory | None:
        """Asks the server for everything written into files and records; None for a desk without a road."""
        ...

    @property
    def seat(self) -> Seat:
        """Centre and seat."""
        ...
