"""Which servers a node believes: the provisioning file that whoever installs lays beside its data, strictly read."""

from __future__ import annotations

import base64
import binascii
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec

from sync.decoding import known
from sync.door import is_code

NAME: Final = "provisioning.toml"
"""The file's name, in a desk's home, in a hub's data folder, or in the machine's own configuration folder."""
MOST: Final = 256 << 10
"""Largest provisioning file (bytes) that is read."""

CUSTODIANS: Final = 3
"""How many custodians a centre has, any two of whom bring a desk back (settled point 21)."""

_CUSTODIAN: Final = "x25519/"
_PIN: Final = "sha256/"
_DOOR: Final = (
    "Tệp cấu hình kết nối (provisioning.toml) không dùng được: {why}. Máy này chưa gửi gì ra ngoài và dữ liệu vẫn an "
    "toàn trên máy; hãy báo bộ phận kỹ thuật sửa tệp rồi mở lại."
)


@dataclass(frozen=True, slots=True)
class Trust:
    """What a road may believe and where it may go. `authorities` (PEM): only these count, never the system's;
    empty: the system's. `pins`: SHA-256 of a SubjectPublicKeyInfo (32 bytes), one of which the verified chain must
    hold, besides and never instead of a valid chain and name. `proxy` is `http://host:port`; hosts in `direct` are
    reached without it. `plain` allows http beyond this machine (a marked test machine). `keyring` is `file` on a test
    machine whose desk keeps its secret in a marked file. `custodians`: X25519 public keys (raw) of the centre's
    three custodians, any two of whom bring a desk back. `code` and `staff` let a new desk enrol without a question:
    its one-time code and the login name of its first person. With a `fault` (a sentence) nothing is ever
    sent: a file that cannot be read must not become the absence of one."""

    servers: tuple[str, ...] = ()
    authorities: str = ""
    pins: frozenset[bytes] = frozenset()
    proxy: str = ""
    direct: frozenset[str] = frozenset()
    plain: bool = False
    keyring: str = ""
    custodians: tuple[bytes, ...] = ()
    code: str = field(default="", repr=False)
    staff: str = ""
    fault: str = ""

    def proxy_to(self, host: str) -> str:
        """The proxy that stands before this host, or nothing: none ever stands before this machine itself."""
        return "" if host.lower() in self.direct or is_here(host) else self.proxy


SYSTEM: Final = Trust()
"""Without a provisioning file: the system's authorities, no proxy, plain http to this machine only."""


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    # Unknown names are refused: `pin = …` for `pins = …` would else be a desk without a pin.
    servers: list[str] = []
    ca: str = ""
    pins: list[str] = []
    proxy: str = ""
    direct: list[str] = []
    test_machine: bool = False
    keyring: str = ""
    custodians: list[str] = []
    code: str = ""
    staff: str = ""


class _Unfit(Exception):
    """Why the file cannot be used; no contents of it."""


def read(*paths: Path) -> Trust:
    """The trust of the first of these files that exists; SYSTEM where none does. Never raises: a file that cannot be
    read or used gives a Trust with a `fault`, over which nothing is sent, while the desk itself works on."""
    for path in paths:
        try:
            with path.open("rb") as file:
                data = file.read(MOST + 1)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError:
            return Trust(fault=_DOOR.format(why="không đọc được tệp"))
        try:
            return _understood(data)
        except _Unfit as unfit:
            return Trust(fault=_DOOR.format(why=unfit))
    return SYSTEM


def tidy_address(text: str) -> str:
    """A server's address as it is kept: scheme, host, port; https where none was written. Raises ValueError."""
    said = text.strip()
    if "://" not in said:
        said = f"https://{said}"
    parts = urlsplit(said)
    port = f":{parts.port}" if parts.port else ""
    host = parts.hostname or ""
    spare = parts.path.strip("/") or parts.query or parts.fragment or parts.username or parts.password
    if parts.scheme not in ("http", "https") or not host or spare or any(ch.isspace() for ch in said):
        raise ValueError("not an address of a server")
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{port}"


def is_here(host: str) -> bool:
    """Whether a host is this machine itself."""
    name = host.strip("[]").lower()
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _understood(data: bytes) -> Trust:
    if len(data) > MOST:
        raise _Unfit("tệp quá lớn")
    try:
        said = msgspec.toml.decode(data, type=known(_File))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as bad:
        raise _Unfit("có mục lạ hoặc viết sai dạng") from bad
    for url in said.servers:
        _check_server(url)
    if said.proxy:
        _check_proxy(said.proxy)
    if said.ca:
        _check_authorities(said.ca)
    if said.keyring not in ("", "os", "file") or (said.keyring == "file" and not said.test_machine):
        raise _Unfit("mục keyring chỉ nhận os, hoặc file trên máy thử (test_machine = true)")
    if len(said.custodians) not in (0, CUSTODIANS):
        raise _Unfit("mục custodians cần đúng ba khóa")
    if said.code and not (is_code(said.code) and said.servers):
        raise _Unfit("mục code cần mã đăng ký 12 ký tự, và mục servers")
    return Trust(
        tuple(said.servers),
        said.ca,
        frozenset(_pin(one) for one in said.pins),
        said.proxy,
        frozenset(host.lower() for host in said.direct),
        said.test_machine,
        said.keyring,
        tuple(_custodian(one) for one in said.custodians),
        said.code,
        " ".join(said.staff.split()),
    )


def _check_server(url: str) -> None:
    parts = _split(url, "địa chỉ máy chủ")
    if parts[0] not in ("http", "https"):
        raise _Unfit("địa chỉ máy chủ phải bắt đầu bằng https://")


def _check_proxy(url: str) -> None:
    # The way to the proxy is plain; what goes through it is TLS from end to end, so it reads nothing.
    if _split(url, "địa chỉ proxy")[0] != "http":
        raise _Unfit("địa chỉ proxy phải có dạng http://máy:cổng")


def _split(url: str, what: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  # reading it is the check: it raises for what is no port
    except ValueError as bad:
        raise _Unfit(f"{what} viết sai") from bad
    spare: Sequence[str | None] = (parts.path.strip("/"), parts.query, parts.fragment, parts.username, parts.password)
    if not parts.hostname or any(spare) or any(ch.isspace() or ch == "\\" for ch in url):
        raise _Unfit(f"{what} viết sai")
    return parts.scheme, parts.hostname


def _check_authorities(pem: str) -> None:
    from cryptography import x509  # noqa: PLC0415  # only a node with an authority of its own reads certificates
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415  # only where certificates are read

    try:
        found = x509.load_pem_x509_certificates(pem.encode())
    except ValueError as bad:
        raise _Unfit("mục ca không phải là chứng thư PEM") from bad
    for one in found:
        try:
            kind = one.extensions.get_extension_for_class(x509.BasicConstraints).value
        except (x509.ExtensionNotFound, x509.DuplicateExtension, UnsupportedAlgorithm, ValueError) as bad:
            raise _Unfit("mục ca có chứng thư không phải của cơ quan cấp chứng thư") from bad
        if not kind.ca:
            # A server's own certificate taken for an authority would make its key an authority's.
            raise _Unfit("mục ca có chứng thư không phải của cơ quan cấp chứng thư")


def _pin(text: str) -> bytes:
    try:
        raw = base64.b64decode(text.removeprefix(_PIN), validate=True)
    except (binascii.Error, ValueError) as bad:
        raise _Unfit("mục pins viết sai") from bad
    if not text.startswith(_PIN) or len(raw) != 32:
        raise _Unfit("mục pins phải có dạng sha256/… (32 byte, base64)")
    return raw


def _custodian(text: str) -> bytes:
    try:
        raw = base64.b64decode(text.removeprefix(_CUSTODIAN), validate=True)
    except (binascii.Error, ValueError) as bad:
        raise _Unfit("mục custodians viết sai") from bad
    if not text.startswith(_CUSTODIAN) or len(raw) != 32:
        raise _Unfit("mục custodians phải có dạng x25519/… (32 byte, base64)")
    return raw
