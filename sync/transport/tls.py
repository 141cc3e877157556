"""Who a server must prove to be before a byte is sent: contexts that check chains and names, and pins besides."""

from __future__ import annotations

import hashlib
import ssl
import sys
from typing import Final

from sync.trust import Trust

_BY_SYSTEM: Final = sys.platform in ("win32", "darwin")


def context(trust: Trust) -> ssl.SSLContext:
    """A client's context, TLS 1.2 or newer, chain and name always checked: against the provisioned authorities alone
    where there are some (neither the system's store nor the environment adds any), else against the system's."""
    if trust.authorities:
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # knows no authority at all until it is given some
        made.load_verify_locations(cadata=trust.authorities)
    else:
        import truststore  # noqa: PLC0415  # only a desk that trusts the system's authorities pays for it

        made = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    return made


def check_pins(sock: object, trust: Trust) -> None:
    """After a handshake that succeeded, before anything is sent. Raises ssl.SSLCertVerificationError where no
    certificate of the verified chain has a pinned key."""
    if not trust.pins:
        return
    if isinstance(sock, ssl.SSLSocket) and any(_key_hash(one) in trust.pins for one in _chain(sock, trust)):
        return
    raise ssl.SSLCertVerificationError("no pinned key in the chain")


def _chain(sock: ssl.SSLSocket, trust: Trust) -> list[bytes]:
    """The certificates (DER) of the chain that was verified, the server's own first."""
    if _BY_SYSTEM and not trust.authorities:
        # There the system verified, and does not say which chain; the one that OpenSSL shows holds what the server
        # chose to send. Only its own certificate is known to be part of what was verified.
        own = sock.getpeercert(binary_form=True)
        return [own] if own else []
    if sys.version_info >= (3, 13):
        return list(sock.get_verified_chain())
    import _ssl  # noqa: PLC0415  # the same call is public only since Python 3.13

    inner = sock._sslobj  # type: ignore[attr-defined]  # noqa: SLF001  # public only since Python 3.13
    return [one.public_bytes(_ssl.ENCODING_DER) for one in inner.get_verified_chain()]


def _key_hash(der: bytes) -> bytes:
    from cryptography import x509  # noqa: PLC0415  # only a node with pins reads certificates
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415  # only a node with pins, again

    key = x509.load_der_x509_certificate(der).public_key()
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return hashlib.sha256(key.public_bytes(serialization.Encoding.DER, form)).digest()
