"""The one local door (settled point 19): an owner-only socket that accepts a ringing number and nothing else."""

from __future__ import annotations

import getpass
import os
import re
import sys
from pathlib import Path
from typing import Final

from platformdirs import user_data_path
from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtNetwork import QLocalServer, QLocalSocket

NUMBER: Final = re.compile(r"\+?[0-9]{2,20}")
_LONGEST: Final = 32
_OPEN_MS: Final = 1_000
_PATIENCE_MS: Final = 300
TAKEN: Final = b"1"
"""The answer to a number that the window was given."""


def door_name(folder: Path | None = None) -> str:
    """Where the door of this person's running desk is: a socket in a folder of their own, or a named pipe."""
    if sys.platform == "win32":
        return f"tram111-call-{getpass.getuser()}"
    place = folder or user_data_path("tram111", appauthor=False) / "door"
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    if place.stat().st_uid != os.getuid():
        raise PermissionError("the folder of the door belongs to somebody else")
    place.chmod(0o700)
    return str(place / "call")


class CallDoor(QObject):
    """Listens while a desk is open. `rang` carries a number; whatever else is said closes the connection."""

    rang = Signal(str)

    def __init__(self, name: str) -> None:
        super().__init__()
        self._server = QLocalServer()
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._knock)
        self._name = name

    def open(self) -> bool:
        """Begin to listen; False while another desk of this person has the door."""
        probe = QLocalSocket()
        probe.connectToServer(self._name)
        taken = probe.waitForConnected(_PATIENCE_MS)
        probe.abort()
        if taken:
            return False
        QLocalServer.removeServer(self._name)  # the socket that a killed desk left behind
        return self._server.listen(self._name)

    def close(self) -> None:
        """Stop listening."""
        self._server.close()

    @Slot()
    def _knock(self) -> None:
        while (socket := self._server.nextPendingConnection()) is not None:
            Visitor(self, socket)


class Visitor(QObject):
    """One connection: one line, one second, then it is closed."""

    def __init__(self, door: CallDoor, socket: QLocalSocket) -> None:
        super().__init__(socket)
        self._door, self._socket, self._said = door, socket, b""
        socket.disconnected.connect(socket.deleteLater)
        socket.readyRead.connect(self._read)
        QTimer.singleShot(_OPEN_MS, self, self._socket.abort)
        self._read()

    @Slot()
    def _read(self) -> None:
        self._said += bytes(self._socket.read(_LONGEST + 1 - len(self._said)).data())
        line, end, _ = self._said.partition(b"\n")
        if len(self._said) > _LONGEST:
            self._socket.abort()
        elif end:
            number = line.decode("ascii", "replace")
            if NUMBER.fullmatch(number):
                self._door.rang.emit(number)
                self._socket.write(TAKEN)
                self._socket.flush()
            self._socket.disconnectFromServer()


def hand_over(number: str, name: str) -> bool:
    """Give a number to the desk that is open; False where none took it. Ends within a second."""
    socket = QLocalSocket()
    socket.connectToServer(name)
    if not socket.waitForConnected(_PATIENCE_MS):
        return False
    socket.write(number.encode("ascii") + b"\n")
    socket.waitForBytesWritten(_PATIENCE_MS)
    socket.waitForReadyRead(_PATIENCE_MS)
    taken = bytes(socket.readAll().data()) == TAKEN
    socket.abort()
    return taken
