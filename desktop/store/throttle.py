"""Wrong passphrases make their own person wait, longer each time and never for ever; the wall clock has no say."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

from desktop.store.wraps import mark, same
from domain.rules.lease import RunTime
from sync.decoding import known
from sync.disk import replace_whole
from sync.troubles import Trouble

FREE: Final = 5
"""Tries before anybody waits."""
WAITS_S: Final = (30, 60, 120, 300, 900)
"""How long after the sixth, seventh… wrong try, in seconds; the last stays."""

_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")


class TooSoon(Trouble):
    """This person tried too often; `wait_s` seconds are left. Nobody else waits."""

    def __init__(self, wait_s: int) -> None:
        left = f"{-(-wait_s // 60)} phút" if wait_s > 90 else f"{wait_s} giây"
        super().__init__(
            f"Mật khẩu đã nhập sai nhiều lần. Chị/anh đợi {left} rồi nhập lại; người khác vẫn vào ca bình thường."
        )
        self.wait_s = wait_s


def uptime() -> RunTime:
    """Nobody at the desk can set it: neither the wall clock nor a time zone moves it."""
    since_boot = getattr(time, "CLOCK_BOOTTIME", None)
    if since_boot is not None and _BOOT.exists():
        return RunTime(_boot(), time.clock_gettime(since_boot))
    return RunTime("", time.monotonic())  # on Windows and macOS it counts from the start of the machine


@cache
def _boot() -> str:
    return _BOOT.read_text("ascii").strip()


class _Tries(msgspec.Struct, frozen=True):
    count: int
    boot: str
    at: float


class _File(msgspec.Struct, frozen=True):
    people: dict[str, _Tries]
    mark: bytes = b""


class Throttle:
    """The tries of a desk's people, in a file that only whoever has the device's secret can write. One that is gone
    or was changed counts as if everybody had used up their free tries."""

    def __init__(self, path: Path, secret: bytes, clock: Callable[[], RunTime] = uptime) -> None:
        self._path, self._secret, self._clock = path, secret, clock

    def begin(self, staff: str) -> None:
        """Count a try before it is made, so that killing the program gives none back. Raises TooSoon, OSError."""
        now = self._clock()
        people, whole = self._read()
        tries = people.get(staff) or _Tries(0 if whole else FREE, now.boot, now.seconds - WAITS_S[-1])
        if tries.boot != now.boot or tries.at > now.seconds:
            # The machine was started anew: nobody knows how long it was off, so the wait begins again.
            tries = _Tries(tries.count, now.boot, now.seconds)
            self._write(people, staff, tries)
        left = tries.at + _wait_after(tries.count) - now.seconds
        if left > 0:
            raise TooSoon(max(1, round(left)))
        self._write(people, staff, _Tries(tries.count + 1, now.boot, now.seconds))

    def passed(self, staff: str) -> None:
        """The passphrase was right: this person's count begins at nothing."""
        people, _ = self._read()
        now = self._clock()
        self._write(people, staff, _Tries(0, now.boot, now.seconds))

    def _read(self) -> tuple[dict[str, _Tries], bool]:
        try:
            held = msgspec.json.decode(self._path.read_bytes(), type=known(_File))
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return {}, False
        whole = same(held.mark, self._marked(held.people))
        return (held.people, True) if whole else ({}, False)

    def _write(self, people: dict[str, _Tries], staff: str, tries: _Tries) -> None:
        now = {**people, staff: tries}
        replace_whole(self._path, msgspec.json.encode(_File(now, self._marked(now))))

    def _marked(self, people: dict[str, _Tries]) -> bytes:
        return mark(self._secret, "throttle", msgspec.json.encode(people, order="deterministic"))


def _wait_after(count: int) -> int:
    if count <= FREE:
        return 0
    return WAITS_S[min(count - FREE, len(WAITS_S)) - 1]
