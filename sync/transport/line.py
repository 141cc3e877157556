"""One request and its whole answer over HTTP, or the trouble of the world that came between."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import Final

import requests
import urllib3.exceptions
from urllib3.util import SKIP_HEADER, parse_url

from sync import wire
from sync.transport.connections import Adapter, Sockets
from sync.troubles import Offline, PlainRefused, ServerLied, Trouble, Untrusted
from sync.trust import SYSTEM, Trust, is_here

CONNECT_S: Final = 5.0
"""How long (seconds) reaching the server may take; whether a line is down is known by then."""
MOST_ANSWER: Final = wire.MAX_BYTES
"""Largest answer (bytes, packed) that is read."""

_PART: Final = 64 << 10
_UNREACHED: Final = (
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.ConnectTimeoutError,
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
)
_TOO_SLOW: Final = (TimeoutError, requests.Timeout, urllib3.exceptions.TimeoutError)
_ENDED: Final = (ssl.SSLEOFError, ssl.SSLZeroReturnError)
"""TLS's words for a connection that broke: no doubt about who the server is."""
_FAULTS: Final = (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, read to its end. `kind` is the content type without parameters, `headers` all of
    them by name in lower case."""

    status: int
    kind: str
    body: bytes
    retry_after: str
    headers: Mapping[str, str] = field(default_factory=dict)


Prove = Callable[[str, str, bytes, str], str]
"""Makes the credentials of one request: (method, path with query, body, token)."""


class _Dropped(Exception):
    """The connection ended before a byte of the answer came."""


class Line:
    """One server as seen from here, believed as `trust` says. `ask` may be called from several threads."""

    def __init__(self, base_url: str, trust: Trust = SYSTEM, prove: Prove | None = None) -> None:
        self._base = base_url.rstrip("/")
        self._prove = prove
        self._forbidden = _forbidden(self._base, trust)
        self._sockets = Sockets()
        self._session = requests.Session()
        self._session.trust_env = False  # neither proxy nor netrc: only provisioning says
        self._session.headers.clear()
        # urllib3 would add both of its own; every header is paid for on a slow line.
        self._session.headers.update({"User-Agent": SKIP_HEADER, "Accept-Encoding": SKIP_HEADER})
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._session.adapters.clear()
        scheme = "https://" if self._base.lower().startswith("https:") else "http://"
        self._session.mount(scheme, Adapter(self._sockets, trust, secure=scheme == "https://"))
        proxy = trust.proxy_to(_host(self._base)) if scheme == "https://" else ""
        self._proxies = {"https": proxy} if proxy else {}

    def close(self) -> None:
        """Cut what is under way, from any thread; every later request is Offline."""
        self._sockets.cut()
        self._session.close()

    def ask(
        self,
        method: str,
        path: str,
        timeout_s: float,
        *,
        token: str = "",
        kind: str = "",
        body: bytes = b"",
        further: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request, answered whole within `timeout_s` seconds, with `further` headers. Raises Offline,
        ServerLied; Untrusted before anything is sent where the server does not prove who it is."""
        if self._forbidden is not None:
            raise type(self._forbidden)(self._forbidden.advice)
        headers: dict[str, str] = dict(further or {})
        if kind:
            headers["Content-Type"] = kind
        until = time.monotonic() + timeout_s
        try:
            return self._once(method, path, until, self._proven(headers, method, path, body, token), body)
        except _Dropped as dropped:
            if self._sockets.closed:
                raise Offline from dropped
        # The server may have closed a connection kept for reuse. Whatever this road asks may be asked twice, but no
        # proof serves twice.
        try:
            return self._once(method, path, until, self._proven(headers, method, path, body, token), body)
        except _Dropped as dropped:
            raise Offline from dropped

    def _proven(
        self, headers: Mapping[str, str], method: str, path: str, body: bytes, token: str
    ) -> dict[str, str]:
        if not token:
            return dict(headers)
        said = token if self._prove is None else self._prove(method, path, body, token)
        return {**headers, "Authorization": f"Bearer {said}"}

    def _once(self, method: str, path: str, until: float, headers: dict[str, str], body: bytes) -> Answer:
        left = max(0.01, until - time.monotonic())
        try:
            answer = self._session.request(
                method,
                self._base + path,
                headers=headers,
                data=body or None,
                timeout=(min(CONNECT_S, left), left),
                allow_redirects=False,
                proxies=self._proxies,
                stream=True,
            )
        except _FAULTS as fault:
            raise self._judged(fault, unanswered=True) from fault
        try:
            with answer:
                kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
                again = answer.headers.get("Retry-After", "").strip()
                said = {name.lower(): value for name, value in answer.headers.items()}
                return Answer(answer.status_code, kind, self._read(answer, until), again, said)
        except _FAULTS as fault:
            raise self._judged(fault, unanswered=False) from fault

    def _read(self, answer: requests.Response, until: float) -> bytes:
        """The body to its end; a server that drips is as good as none."""
        parts: list[bytes] = []
        size = 0
        while part := answer.raw.read1(_PART):
            parts.append(part)
            size += len(part)
            if size > MOST_ANSWER:
                raise ServerLied
            if time.monotonic() > until:
                raise Offline(timed_out=True)
        return b"".join(parts)

    def _judged(self, fault: BaseException, *, unanswered: bool) -> Trouble | _Dropped:
        causes = list(_causes(fault))
        if self._sockets.closed:
            return Offline()
        if unanswered and any(isinstance(one, ssl.SSLError) and not isinstance(one, _ENDED) for one in causes):
            return Untrusted()
        if any(isinstance(one, _UNREACHED) for one in causes):
            return Offline()  # not timed_out: a smaller batch would not have come further
        if any(isinstance(one, _TOO_SLOW) for one in causes):
            return Offline(timed_out=True)
        if any(isinstance(one, (ConnectionError, ssl.SSLEOFError)) for one in causes):
            return _Dropped() if unanswered else Offline()
        if any(_is_of_the_system(one) for one in causes):
            return Offline()
        return ServerLied()


def _host(url: str) -> str:
    """The host as requests will understand it; nothing for what it will refuse itself."""
    try:
        return parse_url(url).host or ""
    except urllib3.exceptions.LocationParseError:
        return ""


def _forbidden(url: str, trust: Trust) -> Untrusted | None:
    """Why nothing may be sent there: the provisioning file is at fault, or the way is open to every eye."""
    if trust.fault:
        return Untrusted(trust.fault)
    if url.lower().startswith("http:") and not trust.plain and (host := _host(url)) and not is_here(host):
        return PlainRefused()
    return None


def _is_of_the_system(fault: BaseException) -> bool:
    """A cut body, or a fault of sockets that has no name of its own (no route, network down)."""
    if isinstance(fault, urllib3.exceptions.IncompleteRead):
        return True
    return isinstance(fault, OSError) and not isinstance(fault, (requests.RequestException, ssl.SSLError))


def _causes(fault: BaseException) -> Iterator[BaseException]:
    """The fault and everything that it wraps: requests and urllib3 put the cause into args or reason."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [fault]
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        inner = [*one.args, getattr(one, "reason", None)]
        waiting += [x for x in inner if isinstance(x, BaseException)]
        waiting.append(one.__cause__)
