"""S-10: a server that does not prove to be ours hears no body and no token, in every way in which it may fail to."""

from __future__ import annotations

import contextlib
import ssl
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from cryptography.x509.oid import ExtendedKeyUsageOID
from requests.adapters import HTTPAdapter

from sync import door, transport, trust
from sync.transport import BlobRoad, HttpTransport, client
from sync.transport.line import Answer, Line, Prove
from sync.troubles import Offline, PlainRefused, ServerLied, Trouble, Untrusted
from sync.trust import Trust
from tests.sync.certificates import DAY, Made, authority, make, serving
from tests.sync.hostile import PREFIX, Hostile
from tests.sync.proxy import Proxy

WORDS = "lời của một đứa trẻ".encode()
CODE = "ABCD-EFGH-IJKL"
OURS = authority()
"""The private authority of every desk here; made once, keys are dear."""
THEIRS = authority("CA khác")
TRUST = Trust(authorities=OURS.pem)


def pins(*ones: Made) -> frozenset[bytes]:
    return frozenset(trust._pin(one.pin) for one in ones)


@dataclass
class Scene:
    """Where a desk is sent, whom it believes, and every server that would like to hear it."""

    url: str
    trust: Trust
    ears: list[Hostile]

    def heard_nothing(self) -> bool:
        return not any(ear.heard.bodies or ear.heard.tokens for ear in self.ears)


Stage = Callable[[Path, contextlib.ExitStack], Scene]


def shown(one: Made, *behind: Made, newest: ssl.TLSVersion | None = None, believed: Trust = TRUST) -> Stage:
    """A server with this certificate."""

    def stage(folder: Path, stack: contextlib.ExitStack) -> Scene:
        ear = stack.enter_context(Hostile(serving(folder, one, *behind, newest=newest)))
        return Scene(ear.url, believed, [ear])

    return stage


def to_itself(folder: Path, stack: contextlib.ExitStack) -> Scene:
    """Ours by its certificate, but every path leads to another of the same host."""
    tls = serving(folder, make("localhost", OURS))
    ear = stack.enter_context(Hostile(tls, lambda path: "" if path.startswith(PREFIX) else PREFIX + path))
    return Scene(ear.url, TRUST, [ear])


def to_another(folder: Path, stack: contextlib.ExitStack) -> Scene:
    """Ours by its certificate, but every path leads to a server that is open to every eye."""
    other = stack.enter_context(Hostile())
    tls = serving(folder, make("localhost", OURS))
    ear = stack.enter_context(Hostile(tls, lambda path: other.url + path))
    return Scene(ear.url, TRUST, [ear, other])


def stripped(folder: Path, stack: contextlib.ExitStack) -> Scene:
    """Somebody on the way took TLS off: plain words answer at the address of a TLS server."""
    ear = stack.enter_context(Hostile())
    return Scene(ear.url.replace("http:", "https:"), TRUST, [ear])


def leaf_as_authority() -> Stage:
    leaf = make("máy chủ khác", OURS, hosts=["other.invalid"])
    return shown(make("localhost", leaf), leaf)


SCENES: Mapping[str, Stage] = {
    "unknown CA": shown(make("localhost", THEIRS), THEIRS),
    "self-signed": shown(make("localhost")),
    "wrong host": shown(make("localhost", OURS, hosts=["other.invalid", "127.0.0.2"])),
    "expired": shown(make("localhost", OURS, starts=-2 * DAY, ends=-timedelta(minutes=5))),
    "not yet valid": shown(make("localhost", OURS, starts=DAY, ends=2 * DAY)),
    "wrong pin": shown(make("localhost", OURS), believed=Trust(authorities=OURS.pem, pins=pins(THEIRS))),
    "leaf used as CA": leaf_as_authority(),
    "wrong key usage": shown(make("localhost", OURS, usage=ExtendedKeyUsageOID.CLIENT_AUTH)),
    "TLS 1.1 only": shown(make("localhost", OURS), newest=ssl.TLSVersion.TLSv1_1),
    "redirect to the same host": to_itself,
    "redirect elsewhere": to_another,
    "HTTP downgrade": stripped,
}
REDIRECTS = {"redirect to the same host", "redirect elsewhere"}

ASKS: Mapping[str, Callable[[HttpTransport, BlobRoad, Scene], object]] = {
    "push": lambda road, blobs, scene: road.push(WORDS, 5.0),
    "pull": lambda road, blobs, scene: road.pull("aa", 0, 100, 0, 5.0),
    "scope": lambda road, blobs, scene: road.scope("dossier:a", 1, 0, 5.0),
    "blob": lambda road, blobs, scene: blobs.send("a", 9, 0, WORDS),
    "enrol": lambda road, blobs, scene: transport.enrol(scene.url, CODE, bytes(32), "máy", scene.trust),
    "health": lambda road, blobs, scene: transport.health(scene.url, 5.0, scene.trust),
}


@contextlib.contextmanager
def roads(scene: Scene) -> Iterator[tuple[HttpTransport, BlobRoad]]:
    road = HttpTransport(scene.url, "d", 1, lambda data: bytes(64), scene.trust)
    blobs = BlobRoad(scene.url, "d", 1, lambda data: bytes(64), scene.trust)
    try:
        yield road, blobs
    finally:
        road.close()
        blobs.close()


def test_there_are_twelve_scenes() -> None:
    assert len(SCENES) == 12


@pytest.mark.parametrize("what", SCENES)
def test_a_hostile_server_hears_no_body_and_no_token(what: str, tmp_path: Path) -> None:
    with contextlib.ExitStack() as stack:
        scene = SCENES[what](tmp_path, stack)
        with roads(scene) as (road, blobs):
            for asked, ask in ASKS.items():
                with pytest.raises(Trouble) as told:
                    ask(road, blobs, scene)
                assert isinstance(told.value, ServerLied if what in REDIRECTS else Untrusted), (asked, told.value)
                assert "Dữ liệu vẫn an toàn trên máy" in told.value.advice
    assert all(ear.heard.connections for ear in scene.ears[:1]), "nobody even came: the scene proves nothing"
    assert scene.heard_nothing(), [(ear.heard.bodies, ear.heard.tokens) for ear in scene.ears]
    assert not any(ear.heard.requests for ear in scene.ears[1:]), "the redirect was followed"
    assert what in REDIRECTS or not any(ear.heard.requests for ear in scene.ears), "not even a path is told"


class LaxAdapter(HTTPAdapter):
    """Believes everybody and speaks every old TLS."""

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **more: object) -> None:
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
        made.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            made.minimum_version = ssl.TLSVersion.TLSv1
        super().init_poolmanager(connections, maxsize, block, ssl_context=made)


class LaxSession(requests.Session):
    """Carries the token wherever a redirect leads."""

    def rebuild_auth(self, prepared_request: object, response: object) -> None:
        """Nothing is taken off."""


class LaxLine(Line):
    """What must not be: checks nothing, follows everything, falls back to plain http."""

    def __init__(self, base_url: str, _trust: Trust = trust.SYSTEM, prove: Prove | None = None) -> None:
        super().__init__(base_url, prove=prove)
        self._lax = LaxSession()
        self._lax.mount("https://", LaxAdapter())

    def close(self) -> None:
        self._lax.close()
        super().close()

    def ask(
        self, method: str, path: str, timeout_s: float, *, token: str = "", kind: str = "", body: bytes = b"",
        further: Mapping[str, str] | None = None,
    ) -> Answer:  # fmt: skip
        headers = {**(further or {}), "Authorization": f"Bearer {token}"} if token else dict(further or {})
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for base in (self._base, self._base.replace("https:", "http:")):
                with contextlib.suppress(requests.ConnectionError):
                    said = self._lax.request(
                        method, base + path, headers=headers, data=body or None, timeout=timeout_s, verify=False
                    )
                    return Answer(said.status_code, said.headers["Content-Type"], said.content, "")
        raise Offline


@pytest.mark.parametrize("what", SCENES)
def test_the_same_server_hears_body_token_and_code_from_a_lax_transport(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "Line", LaxLine)
    with contextlib.ExitStack() as stack:
        scene = SCENES[what](tmp_path, stack)
        with roads(scene) as (road, _):
            assert road.push(WORDS, 5.0).acked == 3
        transport.enrol(scene.url, CODE, bytes(32), "máy", scene.trust)
        assert not scene.heard_nothing()
        last = scene.ears[-1].heard
        assert last.holds(WORDS)
        assert last.holds(CODE.encode())
        assert any(token.startswith("Bearer ") for token in last.tokens)


@pytest.mark.parametrize("past", [door.PUSH, door.SESSION])
def test_a_server_that_turns_hostile_after_the_entrance_sends_nobody_elsewhere(past: str, tmp_path: Path) -> None:
    with contextlib.ExitStack() as stack:
        tls = serving(tmp_path, make("localhost", OURS))
        other = stack.enter_context(Hostile(tls))
        ear = stack.enter_context(Hostile(tls, lambda path: other.url + path if path == past else ""))
        with roads(Scene(ear.url, TRUST, [])) as (road, _), pytest.raises(ServerLied):
            road.push(WORDS, 5.0)
    assert past in ear.heard.lines[-1]
    assert other.heard.connections == 0


HONEST = make("localhost", OURS)
BELIEVING: Mapping[str, Trust] = {
    "with its authority": TRUST,
    "with its authority and the server's key pinned": Trust(authorities=OURS.pem, pins=pins(HONEST)),
    "with its authority pinned, and a spare": Trust(authorities=OURS.pem, pins=pins(THEIRS, OURS)),
    "with the system's authorities and the server's key pinned": Trust(pins=pins(HONEST)),
    "with the system's authorities and one of them pinned": Trust(pins=pins(OURS)),
}


@pytest.mark.parametrize("how", BELIEVING)
def test_an_honest_server_is_believed(how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    system = tmp_path / "system.pem"
    system.write_text(OURS.pem if "system" in how else THEIRS.pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(system))
    with Hostile(serving(tmp_path, HONEST)) as ear, roads(Scene(ear.url, BELIEVING[how], [])) as (road, _):
        assert road.push(WORDS, 5.0).acked == 3
    assert ear.heard.holds(WORDS)


def test_the_systems_authorities_do_not_count_beside_a_private_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = tmp_path / "system.pem"
    system.write_text(THEIRS.pem)
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, str(system))
    with Hostile(serving(tmp_path, make("localhost", THEIRS))) as ear:
        with roads(Scene(ear.url, TRUST, [])) as (road, _), pytest.raises(Untrusted):
            road.push(WORDS, 5.0)
        assert ear.heard.requests == 0
        with roads(Scene(ear.url, Trust(pins=pins(OURS)), [])) as (road, _), pytest.raises(Untrusted):
            road.push(WORDS, 5.0)  # the chain is whole, but no pinned key is in it
        assert ear.heard.requests == 0
        with roads(Scene(ear.url, trust.SYSTEM, [])) as (road, _):
            assert road.push(WORDS, 5.0).acked == 3


def test_proxy_and_netrc_of_the_environment_are_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine localhost login ai password do\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with Hostile() as spy, Hostile(serving(tmp_path, HONEST)) as ear, Hostile() as plain:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            for written in (name, name.lower()):
                monkeypatch.setenv(written, spy.url)
        for url in (ear.url, plain.url):
            with roads(Scene(url, TRUST, [])) as (road, _):
                assert road.push(WORDS, 5.0).acked == 3
        assert spy.heard.connections == 0
        tokens = [*ear.heard.tokens, *plain.heard.tokens]
        assert tokens
        assert all(token.startswith("Bearer ") for token in tokens)
        # The same environment leads a session astray that heeds it: both traps are real.
        with requests.Session() as lax:
            lax.get(plain.url, timeout=5.0)
        assert spy.heard.connections > 0
        assert any(token.startswith("Basic ") for token in spy.heard.tokens)


def test_a_proxy_stands_between_only_where_the_provisioning_file_names_it_and_reads_nothing(tmp_path: Path) -> None:
    name = "trung-tam.test"
    with (
        Hostile(serving(tmp_path / "a", make(name, OURS, hosts=[name])), host=name) as ear,
        Hostile(serving(tmp_path / "b", make(name, THEIRS, hosts=[name])), host=name) as false,
        Proxy() as proxy,
    ):
        through = Trust(authorities=OURS.pem, proxy=proxy.url)
        with roads(Scene(ear.url, through, [])) as (road, _):
            assert road.push(WORDS, 5.0).acked == 3
        assert proxy.asked[0].startswith(f"CONNECT {name}:{ear.port} HTTP/1.")
        assert len(proxy.carried) > len(WORDS)
        assert WORDS not in proxy.carried
        assert b"Bearer" not in proxy.carried
        with roads(Scene(false.url, through, [])) as (road, _), pytest.raises(Untrusted):
            road.push(WORDS, 5.0)
        assert false.heard.requests == 0
        wrong = Trust(authorities=OURS.pem, proxy=proxy.url, pins=pins(THEIRS))
        with roads(Scene(ear.url, wrong, [])) as (road, _), pytest.raises(Untrusted):
            road.push(WORDS, 5.0)
        before = len(proxy.asked)
        for direct in (TRUST, Trust(authorities=OURS.pem, proxy=proxy.url, direct=frozenset({name}))):
            with roads(Scene(ear.url, direct, [])) as (road, _), pytest.raises(Offline):
                road.push(WORDS, 5.0)  # nobody but the proxy knows that name
        assert len(proxy.asked) == before


def test_a_dead_proxy_is_a_line_that_is_down(tmp_path: Path) -> None:
    with Hostile() as gone:
        dead = gone.url
    through = Trust(authorities=OURS.pem, proxy=dead)
    with roads(Scene("https://trung-tam.test:8111", through, [])) as (road, _), pytest.raises(Offline):
        road.push(WORDS, 2.0)


def test_plain_http_goes_no_further_than_this_machine_unless_it_is_a_marked_test_machine() -> None:
    # By this name a server on loopback is reached on Linux, and it is none of loopback's own.
    with Hostile(host="0.0.0.0") as ear:
        with roads(Scene(ear.url, trust.SYSTEM, [])) as (road, blobs):
            for asked, ask in ASKS.items():
                with pytest.raises(PlainRefused, match="https://") as told:
                    ask(road, blobs, Scene(ear.url, trust.SYSTEM, []))
                assert told.value.advice.count(".") <= 2, asked
        assert ear.heard.connections == 0
        with roads(Scene(ear.url, Trust(plain=True), [])) as (road, _):
            assert road.push(WORDS, 5.0).acked == 3
    for url in ("http://[::1]:9", "http://127.8.9.1:9", "HTTP://LocalHost:9"):
        with roads(Scene(url, trust.SYSTEM, [])) as (road, _), pytest.raises(Offline):
            road.push(WORDS, 2.0)
    for url in ("http://trung-tam:9", "http://127.0.0.1.evil.invalid:9", "http://localhost@evil.invalid",
        "HTTP://10.0.0.1"):
        with roads(Scene(url, trust.SYSTEM, [])) as (road, _), pytest.raises(PlainRefused):
            road.push(WORDS, 2.0)


LEAF = make("localhost", OURS)
FAULTY: Mapping[str, str] = {
    "an unknown member": 'pin = ["sha256/AAAA"]',
    "no TOML": "servers = [",
    "a member of another kind": "servers = 3",
    "a pin of another length": 'pins = ["sha256/AAAA"]',
    "a pin without its hash's name": f'pins = ["{OURS.pin.removeprefix("sha256/")}"]',
    "a pin that is no base64": 'pins = ["sha256/đây"]',
    "no certificate": 'ca = "xin chào"',
    "a broken certificate": 'ca = """' + OURS.pem.replace("M", "N") + '"""',
    "a server's certificate as an authority": f'ca = """{LEAF.pem}"""',
    "a server's certificate behind an authority": f'ca = """{OURS.pem}{LEAF.pem}"""',
    "a proxy with a password": 'proxy = "http://a:b@10.0.0.1:3128"',
    "a proxy of another kind": 'proxy = "socks5://10.0.0.1:3128"',
    "a server without a scheme": 'servers = ["trung-tam:8111"]',
    "a server with a path": 'servers = ["https://trung-tam/a"]',
    "a port that is none": 'servers = ["https://trung-tam:99999"]',
    "too large": "#" * (trust.MOST + 1),
}


@pytest.mark.parametrize("what", FAULTY)
def test_a_provisioning_file_that_cannot_be_used_closes_the_road_and_says_so(what: str, tmp_path: Path) -> None:
    path = tmp_path / trust.NAME
    path.write_text(FAULTY[what], "utf-8")
    found = trust.read(path)
    assert found.fault.startswith("Tệp cấu hình kết nối")
    with Hostile() as ear, roads(Scene(ear.url, found, [])) as (road, blobs):
        for ask in ASKS.values():
            with pytest.raises(Untrusted) as told:
                ask(road, blobs, Scene(ear.url, found, []))
            assert told.value.advice == found.fault
    assert ear.heard.connections == 0


def test_a_provisioning_file_is_read_whole_and_the_machines_own_wins(tmp_path: Path) -> None:
    first, second = tmp_path / "machine.toml", tmp_path / "home.toml"
    second.write_text(
        f'servers = ["https://hub.test:8111", "https://trung-tam.test"]\nca = """\n{OURS.pem}"""\n'
        f'pins = ["{OURS.pin}"]\nproxy = "http://10.0.0.1:3128"\ndirect = ["Hub.test"]\n',
        "utf-8",
    )
    said = trust.read(first, second)
    assert said.fault == ""
    assert said.servers == ("https://hub.test:8111", "https://trung-tam.test")
    assert said.pins == pins(OURS)
    assert not said.plain
    assert [said.proxy_to(host) for host in ("HUB.test", "trung-tam.test", "127.0.0.1")] == [
        "", "http://10.0.0.1:3128", "",
    ]  # fmt: skip
    first.write_text("test_machine = true\n")
    assert trust.read(first, second) == Trust(plain=True)
    assert trust.read(tmp_path / "none.toml") == trust.SYSTEM
    assert trust.read(tmp_path, second).fault, "what cannot be read is not what is not there"
