"""Connections that another thread may cut in the middle of a held request, and that believe whom they are told to."""

from __future__ import annotations

import contextlib
import socket
import threading
import weakref
from typing import Any, Final

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from sync.transport import tls
from sync.trust import Trust

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

    def __init__(self, sockets: Sockets, trust: Trust, *, secure: bool) -> None:
        self._context = tls.context(trust) if secure else None
        super().__init__(pool_connections=1, pool_maxsize=KEPT, max_retries=0)
        plain, over_tls = _pools(sockets, trust)
        self._pools = {"http": plain, "https": over_tls}
        self.poolmanager.pool_classes_by_scheme = self._pools

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **more: Any) -> None:
        """With the context of whom we trust where TLS is spoken."""
        if self._context is not None:
            more["ssl_context"] = self._context
        super().init_poolmanager(connections, maxsize, block, **more)

    def proxy_manager_for(self, proxy: str, **more: Any) -> Any:
        """Through a proxy the same is demanded of the server at its end, and the same sockets are cut."""
        if self._context is not None:
            more["ssl_context"] = self._context
        manager = super().proxy_manager_for(proxy, **more)
        manager.pool_classes_by_scheme = self._pools
        return manager

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:  # noqa: ARG002  # requests' signature
        """Certificates are checked by our context alone; requests would add its own bundle."""
        conn.cert_reqs = "CERT_REQUIRED"
        conn.ca_certs = None
        conn.ca_cert_dir = None


def _pools(sockets: Sockets, trust: Trust) -> tuple[type[HTTPConnectionPool], type[HTTPSConnectionPool]]:
    class Plain(HTTPConnection):
        def connect(self) -> None:
            super().connect()
            sockets.took(self)

    class Secure(HTTPSConnection):
        def connect(self) -> None:
            super().connect()
            try:
                tls.check_pins(self.sock, trust)
            except BaseException:
                self.close()
                raise
            sockets.took(self)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return PlainPool, SecurePool
