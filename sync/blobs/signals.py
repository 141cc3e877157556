"""What the carrier of blobs is told, what it asks for, and the queue it stands on: events, effects, transfers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from sync.troubles import Trouble


class Want(StrEnum):
    """What is to become of a blob: brought to the centre, fetched from it, or let go of here."""

    UP = "up"
    DOWN = "down"
    LET_GO = "let_go"


@dataclass(frozen=True, slots=True)
class Transfer:
    """One blob on its way. `record` is an attachment that names it, `sealed` its bytes on the road, `urgent` when
    a person waits for it on the screen. `asked_at` (UTC ms) only orders."""

    blob: str
    record: str
    sealed: int
    want: Want
    urgent: bool = False
    asked_at: int = 0


class NotThere(Trouble):
    """The server has no such blob for this device: its metadata has not come, or nobody has sent it yet."""

    advice = "Trung tâm chưa có tệp này. Phần mềm sẽ tự lấy khi máy gửi đã chuyển xong."


class Spoilt(Trouble):
    """What came is not what was asked for: a flipped or cut chunk. It is thrown away and asked for again."""

    advice = "Tệp tải về bị hỏng trên đường truyền; phần mềm đang tải lại."


class Gone(Trouble):
    """A chunk that should be here is not, or the disk altered it: it is no longer sent from here."""

    advice = "Bản của tệp trên máy này bị hỏng; phần mềm sẽ lấy lại từ trung tâm nếu trung tâm có."


class Erased(NotThere):
    """The server says to one who wrote the attachment that it was erased for ever: its bytes go here too."""

    advice = "Tệp này đã được xóa vĩnh viễn theo lệnh của trung tâm."


# ---------------------------------------------------------------- events


@dataclass(frozen=True, slots=True)
class Started:
    """The driver is ready."""


@dataclass(frozen=True, slots=True)
class Changed:
    """The queue may hold something else now."""


@dataclass(frozen=True, slots=True)
class Woke:
    """The time of the last WakeAt has come."""


@dataclass(frozen=True, slots=True)
class Nudged:
    """The line came back, or a person pressed "try again": do not wait for delays."""


@dataclass(frozen=True, slots=True)
class Text:
    """Whether text is under way or waits to be sent: it goes first."""

    busy: bool


@dataclass(frozen=True, slots=True)
class Offered:
    """The answer to Offer: from which byte the centre lacks the blob, every chunk before it verified. `centre` is
    False where a hub answered: that is not yet the centre's word. `took_ms` is how long the asking took."""

    request: int
    offset: int
    centre: bool
    took_ms: int = 0


@dataclass(frozen=True, slots=True)
class Sent:
    """The answer to Send: the offset from which to go on, and how long the part took (ms)."""

    request: int
    offset: int
    took_ms: int


@dataclass(frozen=True, slots=True)
class Fetched:
    """The answer to Fetch: bytes that are here now, durable, how many came, how long it took (ms)."""

    request: int
    offset: int
    count: int
    took_ms: int


@dataclass(frozen=True, slots=True)
class LetGone:
    """The answer to LetGo: the local copy is gone."""

    request: int


@dataclass(frozen=True, slots=True)
class Failed:
    """The answer to any request that met a trouble."""

    request: int
    trouble: Trouble


Event = Started | Changed | Woke | Nudged | Text | Offered | Sent | Fetched | LetGone | Failed


# ---------------------------------------------------------------- effects


@dataclass(frozen=True, slots=True)
class Offer:
    """Ask the centre what it has of a blob, every chunk checked (it makes room for what it lacks)."""

    request: int
    transfer: Transfer


@dataclass(frozen=True, slots=True)
class Send:
    """Send `count` bytes of the sealed whole from `offset`."""

    request: int
    transfer: Transfer
    offset: int
    count: int


@dataclass(frozen=True, slots=True)
class Fetch:
    """Fetch at most `count` bytes from where the local copy ends."""

    request: int
    transfer: Transfer
    count: int


@dataclass(frozen=True, slots=True)
class LetGo:
    """Remove the local copy: the centre said a moment ago that it has every chunk."""

    request: int
    transfer: Transfer


@dataclass(frozen=True, slots=True)
class Progress:
    """For the screen: `done` of `transfer.sealed` bytes have travelled; `advice` where it stands still."""

    transfer: Transfer
    done: int
    advice: str = ""


@dataclass(frozen=True, slots=True)
class WakeAt:
    """Give the event Woke at this monotonic time (ms)."""

    mono: int


Effect = Offer | Send | Fetch | LetGo | Progress | WakeAt


class Queue(Protocol):
    """The queue that survives a crash; each method is one committed transaction."""

    def transfers(self) -> Sequence[Transfer]:
        """All that is wanted."""

    def at_centre(self, blob: str, wall: int) -> None:
        """The centre itself has verified every chunk at this time (UTC ms): nothing of it is to be sent."""

    def is_here(self, blob: str) -> None:
        """Every chunk is here, verified."""

    def send_again(self, blob: str) -> None:
        """The centre lacks what was thought to be there: it is to be sent from here."""

    def not_to_send(self, blob: str) -> None:
        """A chunk of the local copy is gone or altered: what the centre has is fetched again."""

    def erased(self, transfer: Transfer) -> None:
        """The server says that this attachment was erased: where nothing here names its bytes either, they go."""
