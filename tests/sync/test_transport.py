"""The transport believes nothing that is not an answer of ours, and says each failure in one clear sentence."""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
import ssl
import threading
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sync import door, transport, wire
from sync.operation import Placed
from sync.transport import HttpTransport
from sync.troubles import (
    Behind,
    Forked,
    Offline,
    Revoked,
    ServerLied,
    ServerTrouble,
    SignedOut,
    TooLarge,
    Trouble,
)
from sync.trust import Trust
from sync.wire import Problem, PullHead, PushAnswer
from tests.sync.liar import Liar, Says, bytes_of, http

HTML = b"<html><body>Wi-Fi login</body></html>"
GOOD = msgspec.json.encode(PushAnswer(lineage="aa", acked=3, centre_acked=3))
HEAD = PullHead(lineage="aa", next=9, more=False, count=1, acked=0, centre_acked=0, digest="0:0")
LINE = Placed("d", 1, 1, 1, b"s", b"{}", 9)
PAGE = wire.encode_pull(HEAD, [LINE])


def problem(code: str, **more: Any) -> bytes:
    return msgspec.json.encode(Problem(code=code, **more))


def road(liar: Liar) -> HttpTransport:
    return HttpTransport(liar.url, "d", 1, lambda data: bytes(64))


def pushed(says: Says, timeout_s: float = 5.0) -> tuple[Trouble, list[str]]:
    """The trouble of one push to such a server, and what was asked of it."""
    with Liar(says) as liar:
        one = road(liar)
        with pytest.raises(Trouble) as told:
            one.push(b"batch", timeout_s)
        one.close()
    return told.value, liar.asked


def pulled(body: bytes, kind: str = wire.CONTENT_TYPE, status: int = 200) -> Trouble:
    with Liar(bytes_of(http(status, body, kind))) as liar:
        one = road(liar)
        with pytest.raises(Trouble) as told:
            one.pull("aa", 0, 100, 0, 5.0)
        one.close()
    return told.value


def test_an_honest_answer_is_believed() -> None:
    with Liar(bytes_of(http(200, GOOD))) as liar:
        one = road(liar)
        assert one.push(b"batch", 5.0).acked == 3
        one.close()
    with Liar(bytes_of(http(200, PAGE, wire.CONTENT_TYPE))) as liar:
        one = road(liar)
        assert one.pull("aa", 0, 100, 0, 5.0) == (HEAD, [LINE])
        one.close()
    assert liar.asked[-1] == "GET /v1/pull?c=aa.0&limit=100 HTTP/1.1"


LIES: dict[str, bytes] = {
    "a login page": http(200, HTML, "text/html"),
    "a login page that calls itself JSON": http(200, HTML),
    "JSON of another program": http(200, b'{"status":"ok"}'),
    "JSON with a name of the wrong kind": http(200, b'{"lineage":"aa","acked":"3","centre_acked":3}'),
    "an answer cut inside, told as whole": http(200, GOOD[:-5]),
    "an empty success": http(200, b""),
    "no content for a push": http(204, b""),
    "a redirect to the login page": http(302, b"", "text/html", {"Location": "http://portal.invalid/"}),
    "a redirect for good": http(308, b"", "text/html", {"Location": "/v1/push/"}),
    "a page that forbids": http(403, HTML, "text/html"),
    "a page that asks to sign in": http(401, HTML, "text/html"),
    "a page not found": http(404, HTML, "text/html"),
    "another protocol": b"220 mail.example ESMTP\r\n",
    "packed by gzip though nobody asked": http(200, b"\x1f\x8b\x08\x00", more={"Content-Encoding": "gzip"}),
    "a negative acknowledgement": http(200, b'{"lineage":"aa","acked":-3,"centre_acked":3}'),
}


@pytest.mark.parametrize("what", LIES)
def test_what_is_no_answer_of_ours_is_a_lie(what: str) -> None:
    trouble, asked = pushed(bytes_of(LIES[what]))
    assert type(trouble) is ServerLied
    assert trouble.advice.startswith("Máy chủ trả lời không đúng")
    assert [line.split(" ")[1] for line in asked] == [door.NONCE, door.SESSION, door.PUSH]


TOLD: list[tuple[str, bytes, type[Trouble], dict[str, object], str]] = [
    ("500 of a proxy", http(500, HTML, "text/html"), ServerTrouble, {"retry_after_ms": None}, "tự gửi lại"),
    ("502", http(502, HTML, "text/html", {"Retry-After": "7"}), ServerTrouble, {"retry_after_ms": 7_000}, "đang bận"),
    ("503", http(503, problem("busy", retry_after_ms=1_500)), ServerTrouble, {"retry_after_ms": 1_500}, "đang bận"),
    ("503 with a date", http(503, b"", more={"Retry-After": "Mon, 23 Nov 2026 00:00:00 GMT"}), ServerTrouble,
     {"retry_after_ms": None}, "đang bận"),
    ("429", http(429, problem("busy", retry_after_ms=60_000)), ServerTrouble, {"retry_after_ms": 60_000}, "đang bận"),
    ("fork", http(409, problem("fork", n=7)), Forked, {"n": 7}, "số hiệu mới"),
    ("gap", http(409, problem("gap", acked=4)), Behind, {"acked": 4}, "đang gửi lại"),
    ("too large", http(413, problem("too_large")), TooLarge, {}, "chia nhỏ"),
    ("too large for the proxy", http(413, HTML, "text/html"), TooLarge, {}, "chia nhỏ"),
    ("revoked", http(403, problem("revoked", lineage="aa", since=5, order="x")), Revoked,
     {"lineage": "aa", "since": 5, "order": "x"}, "trưởng ca"),
    ("signature", http(403, problem("bad_signature")), SignedOut, {}, "chữ ký"),
    ("unreadable", http(400, problem("bad_message")), ServerTrouble, {"retry_after_ms": None}, "phiên bản"),
    ("newer", http(400, problem("newer_protocol")), ServerTrouble, {"retry_after_ms": None}, "phiên bản"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "answer", "kind", "figures", "sentence"), TOLD, ids=[one[0] for one in TOLD])
def test_each_refusal_is_one_trouble_with_its_figures(
    name: str, answer: bytes, kind: type[Trouble], figures: dict[str, object], sentence: str
) -> None:
    trouble, _ = pushed(bytes_of(answer))
    assert type(trouble) is kind
    assert {key: getattr(trouble, key) for key in figures} == figures
    assert sentence in trouble.advice


def test_pages_that_cannot_be_right_are_lies() -> None:
    raw = wire.unpack(PAGE)
    assert type(pulled(HTML, "text/html")) is ServerLied
    assert type(pulled(PAGE[:-3])) is ServerLied
    assert type(pulled(wire.pack(raw.split(b"\n")[0]))) is ServerLied  # one line is missing
    assert type(pulled(wire.pack(raw + b"\n" + raw.split(b"\n")[1]))) is ServerLied
    assert type(pulled(PAGE, "application/json")) is ServerLied
    assert type(pulled(b"", status=204)) is ServerLied  # nothing was waited for
    beyond = wire.encode_pull(HEAD, [Placed("d", 1, 1, 1, b"s", b"{}", 10)])
    assert type(pulled(beyond)) is ServerLied
    twice = wire.encode_pull(
        PullHead(lineage="aa", next=9, more=False, count=2, acked=0, centre_acked=0), [LINE, LINE]
    )
    assert type(pulled(twice)) is ServerLied


def test_a_connection_closed_in_the_middle_of_an_answer_is_a_line_that_broke() -> None:
    trouble, asked = pushed(bytes_of(http(200, GOOD)[:-10]))
    assert type(trouble) is Offline
    assert not trouble.timed_out
    assert len([line for line in asked if door.PUSH in line]) == 1


def test_a_connection_closed_before_the_answer_is_tried_once_more_and_then_told() -> None:
    trouble, asked = pushed(bytes_of(b""))
    assert type(trouble) is Offline
    assert len([line for line in asked if door.PUSH in line]) == 2


def test_a_connection_kept_too_long_by_the_server_costs_one_more_try_and_no_trouble() -> None:
    answers = iter([b"", http(200, GOOD)])
    with Liar(lambda one: one.sendall(next(answers))) as liar:
        one = road(liar)
        assert one.push(b"batch", 5.0).acked == 3
        one.close()


def test_a_server_that_says_nothing_is_too_slow() -> None:
    with Liar() as liar:
        one = road(liar)
        with pytest.raises(Offline) as told:
            one.push(b"batch", 0.2)
        one.close()
    assert told.value.timed_out
    assert "dữ liệu nằm an toàn trên máy này" in told.value.advice


def test_a_server_that_drips_is_too_slow_as_a_whole() -> None:
    def drip(one: socket.socket) -> None:
        one.sendall(http(200, GOOD)[:-20])
        pause = threading.Event()
        for byte in GOOD[-20:]:
            pause.wait(0.1)  # each byte alone comes in time
            one.sendall(bytes([byte]))

    began = time.monotonic()
    trouble, _ = pushed(drip, timeout_s=0.5)
    assert type(trouble) is Offline
    assert trouble.timed_out
    assert time.monotonic() - began < 1.9


def test_an_answer_without_end_is_a_lie() -> None:
    def endless(one: socket.socket) -> None:
        one.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
        for _ in range(wire.MAX_BYTES // 65_536 + 2):
            one.sendall(bytes(65_536))

    trouble, _ = pushed(endless, timeout_s=30.0)
    assert type(trouble) is ServerLied


def test_nobody_listening_and_no_such_name_are_offline_and_no_reason_for_smaller_batches() -> None:
    with socket.create_server(("127.0.0.1", 0)) as door_:
        port = door_.getsockname()[1]
    for url in (f"http://127.0.0.1:{port}", "http://no-such-host.invalid:1", "not a url", "http://[::1"):
        one = HttpTransport(url, "d", 1, lambda data: bytes(64), Trust(plain=True))
        with pytest.raises(Offline) as told:
            one.push(b"batch", 2.0)
        assert not told.value.timed_out
        one.close()


def test_a_session_forgotten_by_the_server_is_opened_once_more_and_no_oftener() -> None:
    trouble, asked = pushed(bytes_of(http(401, problem("unknown_device"))))
    assert type(trouble) is SignedOut
    assert "trưởng ca" in trouble.advice
    paths = [line.split(" ")[1] for line in asked]
    assert paths == [door.NONCE, door.SESSION, door.PUSH] * 2


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (http(200, HTML, "text/html"), ServerLied),
        (http(200, b'{"nonce":5}'), ServerLied),
        (http(200, b'{"nonce":"n","token":"' + b"x" * 25 + b'","expires_ms":1}'), ServerLied),
        (http(503, b""), ServerTrouble),
        (http(403, problem("revoked")), SignedOut),
    ],
)
def test_a_lie_at_the_entrance_is_told_before_anything_is_sent(answer: bytes, kind: type[Trouble]) -> None:
    def lies(one: socket.socket) -> None:
        one.sendall(answer)

    with Liar(lies, honest_entrance=False) as liar:
        one = road(liar)
        with pytest.raises(kind):
            one.push(b"the words of a child", 5.0)
        one.close()
    assert not [line for line in liar.asked if door.PUSH in line]


def test_closing_cuts_a_request_in_flight_from_another_thread() -> None:
    with Liar() as liar:
        one = road(liar)
        told: list[Exception] = []

        def ask() -> None:
            try:
                one.pull("aa", 0, 100, 30.0, 60.0)
            except Offline as fault:
                told.append(fault)

        asking = threading.Thread(target=ask)
        asking.start()
        assert liar.waiting.wait(5.0)
        began = time.monotonic()
        one.close()
        asking.join(5.0)
        assert time.monotonic() - began < 1.0
    assert [type(fault) for fault in told] == [Offline]


def test_enrolment_says_what_is_wrong_with_a_code() -> None:
    with (
        Liar(bytes_of(http(403, problem("unknown_code")))) as liar,
        pytest.raises(SignedOut, match="xin trưởng ca một mã mới"),
    ):
        transport.enrol(liar.url, "ABCD", bytes(32), "máy")
    with Liar(bytes_of(http(200, HTML, "text/html"))) as liar, pytest.raises(ServerLied):
        transport.enrol(liar.url, "ABCD", bytes(32), "máy")


def test_no_proxy_of_the_environment_stands_between(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY")
    monkeypatch.delenv("no_proxy")
    with Liar(bytes_of(http(200, GOOD))) as liar:
        one = road(liar)
        assert one.push(b"batch", 5.0).acked == 3
        one.close()


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[ssl.SSLContext, Path]:
    """A server certificate for localhost by a CA of our own, and the CA's file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName(
                [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
            ),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    public, private = tmp_path / "ca.pem", tmp_path / "key.pem"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return context, public


def test_a_server_of_an_unknown_authority_is_a_lie_and_hears_nothing(
    certificate: tuple[ssl.SSLContext, Path],
) -> None:
    with Liar(bytes_of(http(200, GOOD)), tls=certificate[0]) as liar:
        one = road(liar)
        with pytest.raises(ServerLied):
            one.push(b"the words of a child", 5.0)
        one.close()
    assert liar.asked == []


def test_a_server_of_an_authority_the_machine_trusts_is_believed(
    certificate: tuple[ssl.SSLContext, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[1]))
    with Liar(bytes_of(http(200, GOOD)), tls=certificate[0]) as liar:
        one = road(liar)
        assert one.push(b"batch", 5.0).acked == 3
        one.close()


def test_a_plain_server_behind_a_tls_address_is_a_lie() -> None:
    with Liar(bytes_of(http(200, GOOD))) as liar:
        one = HttpTransport(liar.url.replace("http:", "https:"), "d", 1, lambda data: bytes(64))
        with pytest.raises(ServerLied):
            one.push(b"batch", 5.0)
        one.close()
