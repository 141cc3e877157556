"""Every write, sync, truncation and deletion that SQLite asks of the file system, seen in this process.

SQLite reaches files only through a table of functions, its VFS, whose layout is public and stable
(sqlite3.h: `sqlite3_vfs`, `sqlite3_io_methods`). The real wheel exports `sqlite3_vfs_find`; so the table of the
running library is changed in place by ctypes, for the files of one folder, and ours call on to the functions that
stood there. Nothing is compiled, and the code under test is the production opening, not told of it (decision 0005).
"""

from __future__ import annotations

import contextlib
import ctypes
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Protocol

import sqlcipher3._sqlite3 as library


class Deed(StrEnum):
    """What SQLite asked for."""

    OPEN = "open"
    WRITE = "write"
    TRUNCATE = "truncate"
    SYNC = "sync"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Touch:
    """One call. `offset` is the first byte of a write or the length after a truncation; a deletion with
    `data` b"sync" asked for the folder to be synced too."""

    deed: Deed
    path: str
    offset: int = 0
    data: bytes = b""


class Watcher(Protocol):
    """Told of each touch of a file in the watched folder, on the thread that made it."""

    def before(self, touch: Touch, part: Callable[[int], None]) -> None:
        """It is about to happen; `part(n)` really writes the first n bytes of a write."""

    def after(self, touch: Touch) -> None:
        """It has happened and succeeded."""


class _Vfs(ctypes.Structure):
    _fields_ = (
        ("iVersion", ctypes.c_int),
        ("szOsFile", ctypes.c_int),
        ("mxPathname", ctypes.c_int),
        ("pNext", ctypes.c_void_p),
        ("zName", ctypes.c_char_p),
        ("pAppData", ctypes.c_void_p),
        ("xOpen", ctypes.c_void_p),
        ("xDelete", ctypes.c_void_p),
    )


class _Methods(ctypes.Structure):
    _fields_ = (
        ("iVersion", ctypes.c_int),
        ("xClose", ctypes.c_void_p),
        ("xRead", ctypes.c_void_p),
        ("xWrite", ctypes.c_void_p),
        ("xTruncate", ctypes.c_void_p),
        ("xSync", ctypes.c_void_p),
        ("further", ctypes.c_void_p * 13),
    )


class _File(ctypes.Structure):
    _fields_ = (("methods", ctypes.c_void_p),)


_P, _I, _N = ctypes.c_void_p, ctypes.c_int, ctypes.c_int64
_OPEN = ctypes.CFUNCTYPE(_I, _P, _P, _P, _I, _P)
_DELETE = ctypes.CFUNCTYPE(_I, _P, _P, _I)
_CLOSE = ctypes.CFUNCTYPE(_I, _P)
_WRITE = ctypes.CFUNCTYPE(_I, _P, _P, _I, _N)
_TRUNCATE = ctypes.CFUNCTYPE(_I, _P, _N)
_SYNC = ctypes.CFUNCTYPE(_I, _P, _I)

_IOERR: Final = 10
_kept: list[object] = []
"""Tables that were in use once: a connection that outlives its watching still points at them."""


class _Tap:
    """Stands before the default VFS while it is on."""

    def __init__(self, folder: Path, watcher: Watcher) -> None:
        find = ctypes.CDLL(library.__file__).sqlite3_vfs_find
        find.restype = ctypes.c_void_p
        self._vfs = _Vfs.from_address(find(None))
        if self._vfs.iVersion not in {2, 3} or self._vfs.zName not in {b"unix", b"win32"}:
            raise AssertionError("this SQLite has another VFS than the one whose layout is known")
        self._under = str(folder.resolve())
        self._watcher = watcher
        self._before = (self._vfs.xOpen, self._vfs.xDelete)
        self._open, self._delete = _OPEN(self._vfs.xOpen), _DELETE(self._vfs.xDelete)
        self._own_open, self._own_delete = _OPEN(self._on_open), _DELETE(self._on_delete)
        self._paths: dict[int, str] = {}
        self._tables: dict[int, tuple[_Methods, tuple[Any, ...]]] = {}
        self.fault: BaseException | None = None
        _kept.append(self)

    def on(self) -> None:
        self._vfs.xOpen = ctypes.cast(self._own_open, _P).value
        self._vfs.xDelete = ctypes.cast(self._own_delete, _P).value

    def off(self) -> None:
        self._vfs.xOpen, self._vfs.xDelete = self._before

    def _watched(self, name: int | None) -> str | None:
        if not name:
            return None
        path = ctypes.string_at(name).decode()
        return path if path.startswith(self._under) and not path.endswith("-shm") else None

    def _done(self, touch: Touch, ask: Callable[[], int], part: Callable[[int], None] = lambda _n: None) -> int:
        """Ask the real function between the watcher's two words. A fault of ours must not pass through C."""
        try:
            self._watcher.before(touch, part)
            answer = ask()
            if answer == 0:
                self._watcher.after(touch)
        except BaseException as fault:  # noqa: BLE001  # raised again by `touching`, where Python can carry it
            self.fault = self.fault or fault
            return _IOERR
        return answer

    def _on_open(self, vfs: int, name: int | None, file: int, flags: int, out: int | None) -> int:
        path = self._watched(name)
        if path is None:
            return int(self._open(vfs, name, file, flags, out))
        answer = self._done(Touch(Deed.OPEN, path), lambda: int(self._open(vfs, name, file, flags, out)))
        seen = _File.from_address(file)
        if answer == 0 and seen.methods:
            self._paths[file] = path
            seen.methods = ctypes.addressof(self._table(seen.methods)[0])
        return answer

    def _on_delete(self, vfs: int, name: int | None, sync: int) -> int:
        path = self._watched(name)
        if path is None:
            return int(self._delete(vfs, name, sync))
        touch = Touch(Deed.DELETE, path, data=b"sync" if sync else b"")
        return self._done(touch, lambda: int(self._delete(vfs, name, sync)))

    def _table(self, real: int) -> tuple[_Methods, tuple[Any, ...]]:
        """A copy of a file's function table with ours in four places."""
        if real not in self._tables:
            table = _Methods.from_buffer_copy(_Methods.from_address(real))
            close, write = _CLOSE(table.xClose), _WRITE(table.xWrite)
            truncate, sync = _TRUNCATE(table.xTruncate), _SYNC(table.xSync)

            def on_close(file: int) -> int:
                self._paths.pop(file, None)
                return int(close(file))

            def on_write(file: int, data: int, count: int, offset: int) -> int:
                def part(first: int) -> None:
                    write(file, data, first, offset)

                touch = Touch(Deed.WRITE, self._paths[file], offset, ctypes.string_at(data, count))
                return self._done(touch, lambda: int(write(file, data, count, offset)), part)

            def on_truncate(file: int, size: int) -> int:
                touch = Touch(Deed.TRUNCATE, self._paths[file], size)
                return self._done(touch, lambda: int(truncate(file, size)))

            def on_sync(file: int, flags: int) -> int:
                return self._done(Touch(Deed.SYNC, self._paths[file]), lambda: int(sync(file, flags)))

            ours = (_CLOSE(on_close), _WRITE(on_write), _TRUNCATE(on_truncate), _SYNC(on_sync))
            for place, function in zip(("xClose", "xWrite", "xTruncate", "xSync"), ours, strict=True):
                setattr(table, place, ctypes.cast(function, _P).value)
            self._tables[real] = (table, ours)
        return self._tables[real]


@contextlib.contextmanager
def touching(folder: Path, watcher: Watcher) -> Iterator[None]:
    """Let the watcher see every touch of files opened in the folder from here to the end of the block.

    Raises what the watcher raised (SQLite was told of an I/O error then). One at a time in a process.
    """
    tap = _Tap(folder, watcher)
    tap.on()
    try:
        yield
    finally:
        tap.off()
        if tap.fault is not None:
            raise tap.fault
