"""The desk's own connection to the exchange: one thread that reads, says a pause, and connects again by itself."""

from __future__ import annotations

import hashlib
import logging
import selectors
import socket
import ssl
import threading
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QObject, Signal

from desktop.background.exchange.ear import Ear
from desktop.background.exchange.packets import NoExchange, Packet, Packets, action
from domain.clock import Clock

_log = logging.getLogger(__name__)

CONNECT_S: Final = 5.0
PING_S: Final = 15.0
"""After so long without a word the exchange is asked whether it is there; after as long again it is not."""

WAITS_S: Final = (0.2, 1.0, 2.0, 5.0, 10.0, 20.0)
"""How long to wait before each next attempt; the last holds for all further ones."""

_JOIN_S: Final = 5.0
_PAUSES: Final = ("pause-ends", "pause")
"""Marks of the two actions, by whether the seat pauses: the answer says which one is meant."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the exchange listens and who asks. `interface` is this seat's telephone (`PJSIP/AG03`), `pbx` the
    exchange's name in the ids of calls. The secret is kept in the encrypted store and never sent: a challenge is."""

    host: str
    port: int
    user: str
    secret: str
    interface: str
    pbx: str
    tls: bool = False


class ExchangeLine(QObject):
    """Made and owned by the GUI thread. `heard` carries each turn of a call once, `up` whether the line stands,
    `pause_refused` that the exchange did not take a pause (True) or its end (False)."""

    heard = Signal(object)
    up = Signal(bool)
    pause_refused = Signal(bool)

    def __init__(self, place: Place, clock: Clock, waits_s: tuple[float, ...] = WAITS_S) -> None:
        super().__init__()
        self.place = place
        self._clock, self._waits_s = clock, waits_s
        self._ear = Ear(place.interface)
        self._asleep, self._knock = socket.socketpair()
        self._knock.setblocking(False)
        self._asleep.setblocking(False)
        self._closed = threading.Event()
        self._paused: bool | None = None
        self._told: bool | None = None
        self._up = False
        self._thread = threading.Thread(target=self._work, name="exchange-line", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def pause(self, paused: bool) -> None:
        """Tell the exchange that this seat pauses or is back; told again after each new connection. Never waits."""
        self._paused = paused
        self._wake()

    def close(self) -> None:
        """End the thread."""
        self._closed.set()
        self._wake()
        if self._thread.is_alive():
            self._thread.join(_JOIN_S)
        self._asleep.close()
        self._knock.close()

    def _wake(self) -> None:
        try:
            self._knock.send(b".")
        except BlockingIOError:
            return  # it has been woken already

    # On the line's own thread ------------------------------------------------------------------------------

    def _work(self) -> None:
        tries = 0
        while not self._closed.is_set():
            try:
                with self._connect() as connection:
                    tries = self._listen(connection, tries)
            except (OSError, NoExchange) as fault:
                _log.info("the exchange is away: %s", type(fault).__name__)
            self._say_up(up=False)
            self._closed.wait(self._waits_s[min(tries, len(self._waits_s) - 1)])
            tries += 1

    def _connect(self) -> socket.socket:
        plain = socket.create_connection((self.place.host, self.place.port), CONNECT_S)
        if not self.place.tls:
            return plain
        try:
            return ssl.create_default_context().wrap_socket(plain, server_hostname=self.place.host)
        except OSError:
            plain.close()
            raise

    def _listen(self, connection: socket.socket, tries: int) -> int:
        """Read until the line drops; answers the number of failed tries, which a login sets back to none."""
        packets, asked = Packets(), False
        self._told = None
        self._ear.begin_again()
        connection.sendall(action("Challenge", ActionID="challenge", AuthType="MD5"))
        with selectors.DefaultSelector() as ready:
            ready.register(connection, selectors.EVENT_READ)
            ready.register(self._asleep, selectors.EVENT_READ)
            while not self._closed.is_set():
                found = {key.fileobj for key, _ in ready.select(PING_S)} if not _pending(connection) else {connection}
                if self._asleep in found:
                    self._asleep.recv(64)
                if connection in found:
                    data = connection.recv(65_536)
                    if not data:
                        return tries
                    asked = False
                    for packet in packets.feed(data):
                        if self._take(packet, connection):
                            tries = 0
                elif not found:
                    if asked:
                        return tries
                    asked = True
                    connection.sendall(action("Ping", ActionID="ping"))
                self._tell_pause(connection)
        return tries

    def _take(self, packet: Packet, connection: socket.socket) -> bool:
        """One packet; answers whether it says that the exchange knows us."""
        asked = packet.get("actionid", "")
        if "response" in packet:
            well = packet["response"].casefold() == "success"
            if not well and asked in ("challenge", "login"):
                raise NoExchange
            if asked == "challenge":
                said = packet.get("challenge", "") + self.place.secret
                # MD5 is what the Manager Interface documents for its challenge; TLS is what protects the line.
                key = hashlib.md5(said.encode(), usedforsecurity=False).hexdigest()
                connection.sendall(
                    action("Login", ActionID="login", AuthType="MD5", Username=self.place.user, Key=key, Events="on")
                )
            elif asked == "login":
                connection.sendall(action("CoreShowChannels", ActionID="channels"))
                self._say_up(up=True)
                return True
            elif asked in _PAUSES and not well:
                self.pause_refused.emit(asked == _PAUSES[1])
            return False
        for heard in self._ear.hear(packet, self._clock.now_ms()):
            self.heard.emit(heard)
        return False

    def _tell_pause(self, connection: socket.socket) -> None:
        wanted = self._paused
        if self._up and wanted is not None and wanted != self._told:
            said, mark = "true" if wanted else "false", _PAUSES[wanted]
            connection.sendall(
                action("QueuePause", ActionID=mark, Interface=self.place.interface, Paused=said, Reason="tram111")
            )
            self._told = wanted

    def _say_up(self, *, up: bool) -> None:
        if up != self._up:
            self._up = up
            self.up.emit(up)


def _pending(connection: socket.socket) -> bool:
    """Whether TLS holds bytes that the system no longer shows as readable."""
    return isinstance(connection, ssl.SSLSocket) and connection.pending() > 0


