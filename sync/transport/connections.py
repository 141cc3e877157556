"""Connections that another thread may cut in the middle of a held request, and that trust the machine's own CAs."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import weakref
from typing import Any, Final

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

KEPT: Final = 4
"""Connections kept for reuse: a push, a held pull, a back-fill, one to spare."""


class Sockets:
    """Every open socket of one transport, so that `cut` ends what waits in any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self.closed = False

    def took(self, connection: HTTPConnection) -> None:
        """A connection was made. Raises OSError after `cut`."""
        with self._lock:
            if connection.sock is not None and not self.closed:
                self._open.add(connection.sock)
                return
        connection.close()
        raise OSError("the transport is closed")

    def cut(self) -> None:
        """Shut every socket down; whoever reads from it gets an end at once."""
        with self._lock:
            self.closed = True
            sockets = list(self._open)
        for one in sockets:
            with contextlib.suppress(OSError):
                # Not SSLSocket's own, which would take the session away under the reading thread.
                socket.socket.shutdown(one, socket.SHUT_RDWR)


class Adapter(HTTPAdapter):
    """requests' adapter over watched connections. No retries of its own: the engine decides when to ask again."""

    def __init__(self, sockets: Sockets, *, secure: bool) -> None:
        self._context = _system_context() if secure else None
        super().__init__(pool_connections=1, pool_maxsize=KEPT, max_retries=0)
        plain, tls = _pools(sockets)
        self.poolmanager.pool_classes_by_scheme = {"http": plain, "https": tls}

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **more: Any) -> None:
        """With the system's certificate store where TLS is spoken."""
        if self._context is not None:
            more["ssl_context"] = self._context
        super().init_poolmanager(connections, maxsize, block, **more)

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:  # noqa: ARG002  # requests' signature
        """Certificates are checked against the system's store alone; requests would add its own bundle."""
        conn.cert_reqs = "CERT_REQUIRED"
        conn.ca_certs = None
        conn.ca_cert_dir = None


def _system_context() -> ssl.SSLContext:
    import truststore  # noqa: PLC0415  # only a desk that speaks TLS pays for it

    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _pools(sockets: Sockets) -> tuple[type[HTTPConnectionPool], type[HTTPSConnectionPool]]:
    class Plain(HTTPConnection):
        def connect(self) -> None:
            super().connect()
            sockets.took(self)

    class Secure(HTTPSConnection):
        def connect(self) -> None:
            super().connect()
            sockets.took(self)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return PlainPool, SecurePool
