"""How far the first run of a desk came, so that it goes on there after a restart; never the one-time code."""

from __future__ import annotations

from pathlib import Path

import msgspec

from sync.decoding import known
from sync.disk import replace_whole


class Begun(msgspec.Struct, frozen=True):
    """What was answered and found right: the server's address, and who was about to choose a passphrase."""

    address: str = ""
    staff: str = ""


def read(path: Path) -> Begun | None:
    """What was kept, or None where no first run is under way. A file that cannot be read is asked for anew."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=known(Begun))
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Begun()


def keep(path: Path, begun: Begun) -> None:
    """Keep it durably. Raises OSError."""
    replace_whole(path, msgspec.json.encode(begun))


def done(path: Path) -> None:
    """The desk is enrolled."""
    path.unlink(missing_ok=True)
