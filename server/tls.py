"""The centre's own certificate: a TLS 1.2+ context for serving, or one sentence that says what is wrong with it."""

from __future__ import annotations

import ssl
from pathlib import Path

from sync.troubles import Trouble


class BadCertificate(Trouble):
    """The certificate and key cannot be served with."""

    advice = (
        "Không dùng được chứng thư hoặc khóa TLS: --tls-cert cần tệp PEM gồm chứng thư của máy chủ rồi tới các chứng "
        "thư trung gian, --tls-key cần khóa riêng của chính chứng thư đó, không đặt mật khẩu."
    )


def serving_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """A context that serves with these PEM files. Raises BadCertificate."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        made.load_cert_chain(certificate, key, password=_none)
    except (OSError, ValueError) as unfit:
        raise BadCertificate from unfit
    return made


def _none() -> bytes:
    """OpenSSL would ask a terminal for the key's password; a service has none."""
    return b""
