"""The centre and the hub over TLS: a whole enrolment, push and pull, and what is said of bad certificates."""

from __future__ import annotations

import contextlib
import os
import signal
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server.app import Serving, listen, url_of
from server.operations.centre import HUB, Centre
from server.operations.enrolment import make_code
from server.operations.hub import enrol_hub, link
from server.store.engine import open_store
from server.tls import BadCertificate, serving_context
from sync import transport, trust
from sync.troubles import Offline, ServerLied, Untrusted
from sync.trust import Trust
from tests.server.ground import PATIENCE_S, Desk, HandClock, InThread, Running
from tests.server.hub_ground import PACE, due, has, until
from tests.server.hub_ground import digest as digest_of
from tests.server.test_the_commands import Command, announced, command, said
from tests.sync.certificates import authority, lay, make

__all__ = ["command"]

OURS = authority()
BETWEEN = make("CA của máy chủ", OURS, ca=True)
LEAF = make("127.0.0.1", BETWEEN)


def provisioning(*, ca: bool = True, pins: tuple[str, ...] = ()) -> str:
    """The file as whoever installs writes it."""
    lines = [f'ca = """\n{OURS.pem}"""'] if ca else []
    return "\n".join([*lines, f"pins = [{', '.join(repr(pin) for pin in pins)}]"]) + "\n"


def believing(folder: Path, text: str) -> Trust:
    path = folder / trust.NAME
    path.write_text(text, "utf-8")
    found = trust.read(path)
    assert found.fault == ""
    return found


@contextlib.contextmanager
def over_tls(folder: Path) -> Iterator[Running]:
    """A centre behind a certificate that an authority below ours signed."""
    clock = HandClock()
    centre = Centre(open_store(folder / "centre", None), clock, os.urandom)
    tls = serving_context(*lay(folder, LEAF, BETWEEN))
    ready = threading.Event()
    try:
        with listen("127.0.0.1", 0) as door:
            serving = Serving(centre, door, ready.set, tls=tls)
            thread = threading.Thread(target=serving.run_here, name="centre-over-tls")
            thread.start()
            try:
                assert ready.wait(PATIENCE_S), "the centre did not come up"
                yield Running(centre, serving, url_of(door, secure=True), clock)
            finally:
                serving.stop()
                thread.join()
    finally:
        centre.close()


@contextlib.contextmanager
def enrolled(centre: Running, believed: Trust, seat: str = "AG01") -> Iterator[Desk]:
    key = Ed25519PrivateKey.generate()
    made = transport.enrol(centre.url, centre.code(seat), key.public_key().public_bytes_raw(), "may-thu", believed)
    desk = Desk(made, key, centre.url)
    desk.road.close()
    desk.road = transport.HttpTransport(centre.url, made.device, 1, key.sign, believed)
    try:
        yield desk
    finally:
        desk.close()


@pytest.mark.parametrize("how", ["authority", "authority and pin", "pin"])
def test_a_desk_enrols_pushes_and_pulls_over_tls(
    how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if how == "pin":
        system = tmp_path / "system.pem"
        system.write_text(OURS.pem)
        monkeypatch.setenv("SSL_CERT_FILE", str(system))
    text = provisioning(ca="authority" in how, pins=(BETWEEN.pin,) if "pin" in how else ())
    believed = believing(tmp_path, text)
    with over_tls(tmp_path) as centre, enrolled(centre, believed) as one, enrolled(centre, believed, "AG02") as two:
        one.write_contact("a", case=True)
        assert one.push().acked == len(one.node.outbox(0)) >= 2
        assert two.pull() >= 2
        one.pull()
        assert (one.digest, two.digest) == (one.own_digest(), two.own_digest())
        assert transport.health(centre.url, trust=believed).lineage == centre.centre.lineage
        for wrong in (trust.SYSTEM, Trust(authorities=authority().pem)):
            if how != "pin" or wrong.authorities:
                with pytest.raises(Untrusted):
                    transport.health(centre.url, trust=wrong)
        with pytest.raises((ServerLied, Offline)):
            transport.health(centre.url.replace("https:", "http:"))


def test_a_hub_reaches_its_centre_over_tls_by_the_provisioning_file_in_its_folder(tmp_path: Path) -> None:
    data = tmp_path / "hub"
    with over_tls(tmp_path) as centre:
        hub = Centre(open_store(data, None), HandClock(), os.urandom, HUB)
        try:
            code = make_code(centre.centre, "an_giang", "AG00", hub=True)
            with pytest.raises(Untrusted):
                enrol_hub(hub, data, centre.url, code)
            believing(data, provisioning(pins=(LEAF.pin,)))
            enrol_hub(hub, data, centre.url, code)
            with enrolled(centre, believing(tmp_path, provisioning())) as desk:
                desk.write_contact("a")
                desk.push()
            uplink = link(hub, data, centre.url, PACE)
            uplink.start()
            try:
                until(lambda: has(hub, "contact", "a"), "the hub has what the desk pushed")
                until(lambda: digest_of(hub) == due(centre), "hub and centre are equal")
            finally:
                uplink.close()
        finally:
            hub.close()


def test_a_served_centre_speaks_tls_only_and_ends_cleanly_under_a_held_pull(command: Command, tmp_path: Path) -> None:
    certificate, key = lay(tmp_path, LEAF, BETWEEN)
    serving = command("serve", "--port", "0", "--announce", "--tls-cert", str(certificate), "--tls-key", str(key))
    told = announced(serving)
    assert told["url"].startswith("https://127.0.0.1:")
    believed = believing(tmp_path, provisioning())
    own = Ed25519PrivateKey.generate()
    code = said(command("code", "--centre", "an_giang", "--seat", "AG05", "--no-approval")).strip()
    made = transport.enrol(told["url"], code, own.public_key().public_bytes_raw(), "máy 5", believed)
    desk = Desk(made, own, told["url"])
    desk.road.close()
    desk.road = transport.HttpTransport(told["url"], made.device, 1, own.sign, believed)
    desk.pull()
    waiting = InThread(lambda: desk.road.pull(desk.lineage, desk.cursor, 100, 30.0, 40.0))
    assert serving_context(certificate, key).minimum_version == ssl.TLSVersion.TLSv1_2
    began = time.monotonic()
    serving.send_signal(signal.SIGTERM)
    said(serving)
    assert time.monotonic() - began < 2.5
    with contextlib.suppress(Offline):
        assert waiting.outcome() is None
    desk.close()


@pytest.mark.parametrize("wrong", ["swapped", "another key", "no file", "a key with a password"])
def test_what_cannot_be_served_with_is_refused_before_anything_is_opened(wrong: str, tmp_path: Path) -> None:
    certificate, key = lay(tmp_path, LEAF, BETWEEN)
    match wrong:
        case "swapped":
            certificate, key = key, certificate
        case "another key":
            key.write_text(OURS.key_pem)
        case "no file":
            key.unlink()
        case _:
            locked = serialization.BestAvailableEncryption(b"abc")
            encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
            key.write_bytes(LEAF.key.private_bytes(encoding, form, locked))
    with pytest.raises(BadCertificate, match="--tls-key"):
        serving_context(certificate, key)


ALONE = ["--tls-cert", "server.pem"]


@pytest.mark.parametrize("words", [[*ALONE, "--tls-key", "none.key"], ALONE])
def test_serving_with_such_files_is_one_sentence(words: list[str], command: Command, tmp_path: Path) -> None:
    one = command("serve", "--port", "0", *words)
    _, err = one.communicate(timeout=30)
    assert one.returncode == 2
    assert len(err.splitlines()) == 1, err
    assert "--tls-key" in err
