"""Files that lie on a desk or are brought to it, bent anyhow: read, taken for none, or one trouble in words."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import cache, partial
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from desktop import app, exchange_command
from desktop.background.exchange.line import Place
from desktop.home import Home
from desktop.operations import calls
from desktop.settings import ALL, EXCHANGE, Settings
from desktop.store import device_secret, draft_seal, first_run, parting, way_back
from desktop.store.copies import Copy, copies, make_copy, prove
from desktop.store.device_secret import DeviceSecretLost, InFile
from desktop.store.key_file import read_file
from desktop.store.keys import KeySlots
from desktop.store.throttle import Throttle, TooSoon
from desktop.store.way_back import UnreadableKey
from desktop.store.wraps import DoesNotOpen
from desktop.ui import liking
from domain.rules.lease import RunTime
from sync import trust
from sync.blobs import spare
from sync.blobs.seal import Broken
from sync.troubles import Trouble
from tests.bent import bent
from tests.conftest import SOAK
from tests.desktop.store.kit import CHEAP, DRAFT_KEYS, NOON, PASSPHRASE, PERSON_KEY, STAFF, STORE_KEY, Bench
from tests.sync.certificates import make

DEEP = b'{"a":' * 100_000
FRESH = settings(suppress_health_check=list(HealthCheck))
"""The folder is one for all examples: each writes the file anew."""


def advice(tried: Callable[[], object]) -> str:
    """The one sentence that refuses it; a full stop where it was taken."""
    try:
        tried()
    except Trouble as refused:
        return refused.advice
    return "."


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A desk with one person and the file that keeps its device's secret."""
    home = Home(tmp_path_factory.mktemp("desk"))
    home.prepare()
    KeySlots(home.slots, CHEAP, calibrate=False).create(STAFF, PASSPHRASE)
    return home


@given(data=st.data())
@FRESH
def test_a_bent_key_file_opens_nothing_and_says_one_sentence(desk: Home, data: st.DataObject) -> None:
    path = desk.root / "bent.json"
    good = desk.slots.read_bytes()
    path.write_bytes(good)
    key = KeySlots(path, CHEAP).open(STAFF, PASSPHRASE)
    said = data.draw(bent(good) | st.just(DEEP))
    path.write_bytes(said)
    opened: list[bytes] = []
    assert advice(lambda: opened.append(KeySlots(path, CHEAP).open(STAFF, PASSPHRASE))).endswith(".")
    assert opened in ([], [key])
    assert path.read_bytes() == said
    for name in (STAFF, "nobody"):
        assert advice(partial(KeySlots(path, CHEAP).open, name, "wrong")).endswith(".")


@pytest.mark.parametrize("name", ["memory_kib", "passes", "lanes"])
def test_a_key_file_that_asks_for_more_than_a_machine_has_is_refused_before_it_is_tried(
    desk: Home, name: str
) -> None:
    held = read_file(desk.slots)
    path = desk.root / "costly.json"
    greedy = msgspec.structs.replace(held.people[0], **{name: 1 << 31})
    path.write_bytes(msgspec.json.encode(msgspec.structs.replace(held, people=[greedy])))
    with pytest.raises(Trouble):
        read_file(path)


@cache
def custodian() -> bytes:
    """A custodian's key under the passphrase `lan`."""
    closing = serialization.BestAvailableEncryption(b"lan")
    key = X25519PrivateKey.from_private_bytes(bytes(range(32)))
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, closing)


def of_another_kind(oid: bytes) -> bytes:
    """A key whose kind nobody knows."""
    der = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return (
        b"-----BEGIN PRIVATE KEY-----\n" + msgspec.json.encode(der.replace(b"\x2b\x65\x70", oid))[1:-1]
        + b"\n-----END PRIVATE KEY-----\n"
    )  # fmt: skip


@given(bent(custodian()) | st.binary(max_size=100), st.sampled_from(["lan", "", "sai"]))
@example(of_another_kind(b"\x2b\x65\x75"), "")
@example(of_another_kind(b"\x2b\x65\x70"), "")
@FRESH
def test_a_bent_share_of_recovery_is_a_key_or_one_sentence(desk: Home, data: bytes, words: str) -> None:
    path = desk.root / "share.pem"
    path.write_bytes(data)
    assert advice(lambda: way_back.read_custodian_key(path, words)) in (".", UnreadableKey.advice)


@given(bent(b'{"address":"https://a","staff":"lan"}'))
@example(DEEP)
@example(b'{"address":"\xff"}')
@FRESH
def test_a_bent_note_of_the_first_run_is_asked_for_anew(desk: Home, data: bytes) -> None:
    desk.begun.write_bytes(data)
    assert isinstance(first_run.read(desk.begun), first_run.Begun)


@given(bent(b'{"since":5,"wiped":false,"volumes":2}'))
@example(DEEP)
@example(b'{"since":"\xff"}')
@FRESH
def test_a_bent_order_of_wiping_wipes_nothing(desk: Home, data: bytes) -> None:
    before = desk.slots.read_bytes()
    (desk.root / "revoked.json").write_bytes(data)
    found = parting.gone(desk)
    (desk.root / "revoked.json").unlink()
    assert found is None or isinstance(found.since, int)
    assert desk.slots.read_bytes() == before


@given(bent(b'"light"') | st.binary(max_size=40))
@example(DEEP)
def test_a_bent_setting_is_its_default(data: bytes) -> None:
    found = Settings({one.name: data.decode("utf-8", "replace") for one in ALL})
    assert all(one.accepts(found[one]) for one in ALL)


@given(bent(msgspec.json.encode(Place("h", 5038, "u", "s", "PJSIP/AG03", "111", tls=True))))
@example(DEEP)
def test_a_bent_place_of_the_exchange_is_none(data: bytes) -> None:
    kept = Settings({EXCHANGE.name: msgspec.json.encode(data.decode("utf-8", "replace")).decode()})
    found = exchange_command.place_of(kept)
    assert found is None or isinstance(found.port, int)


@given(st.binary(max_size=40) | st.sampled_from([b"vi", b"en"]))
@FRESH
def test_a_bent_word_for_the_language_is_vietnamese(desk: Home, data: bytes) -> None:
    desk.language.write_bytes(data)
    assert liking.remembered(desk) in ("vi", "en")
    desk.language.unlink()


@given(data=st.data())
@FRESH
def test_a_bent_secret_of_the_device_is_lost_or_the_secret(desk: Home, data: st.DataObject) -> None:
    good = (desk.root / device_secret.FILE_NAME).read_bytes()
    reference = read_file(desk.slots).reference
    folder = desk.root / "copied"
    folder.mkdir(exist_ok=True)
    (folder / device_secret.FILE_NAME).write_bytes(data.draw(bent(good) | st.binary(max_size=80)))
    try:
        secret = InFile(folder).get(reference)
    except DeviceSecretLost:
        return
    assert len(secret) == device_secret.SECRET_BYTES


@pytest.fixture(scope="module")
def tries(desk: Home) -> tuple[Path, Throttle, bytes]:
    """A file of tries after six wrong ones, and what counts them."""
    path, clock = desk.root / "tries.json", RunTime("boot", 10_000.0)
    counted = Throttle(path, bytes(32), lambda: clock)
    counted.passed("khác")
    for _ in range(5):
        counted.begin(STAFF)
    counted.begin(STAFF)
    with pytest.raises(TooSoon):
        counted.begin(STAFF)
    return path, counted, path.read_bytes()


@given(data=st.data())
@settings(parent=FRESH, max_examples=5_000 if SOAK else 30)
def test_a_bent_count_of_tries_gives_no_free_try_back(
    tries: tuple[Path, Throttle, bytes], data: st.DataObject
) -> None:
    path, counted, good = tries
    path.write_bytes(data.draw(bent(good) | st.just(DEEP)))
    allowed = 0
    with contextlib.suppress(TooSoon):
        while allowed < 3:
            counted.begin(STAFF)
            allowed += 1
    assert allowed <= 1


@given(bent(b"a" * 64 + b"\n" + b"b" * 64 + b"\n"))
@FRESH
def test_a_bent_list_of_chunks_names_chunks_only(desk: Home, lines: bytes) -> None:
    path = desk.root / f"b{spare.LIST}"
    for sealed in (lines, lines + spare._END + sha256(lines).hexdigest().encode() + b"\n"):
        path.write_bytes(sealed)
        try:
            names = spare._read(path)
        except Broken:
            continue
        assert all(len(name) == 64 and set(name) <= set("0123456789abcdef") for name in names)


@given(st.from_regex(r"store-\d{8}T\d{6}\.db", fullmatch=True) | st.sampled_from(["store-20260230T000000.db"]))
@FRESH
def test_a_file_with_a_name_like_a_copys_is_one_or_is_passed_over(desk: Home, name: str) -> None:
    path = desk.backups / name
    path.write_bytes(b"")
    found = copies(desk.backups)
    path.unlink()
    assert all(one.path == path and one.made_ms for one in found)


@given(st.text(max_size=60), st.binary(max_size=60))
def test_a_bent_draft_stays_closed(text: str, junk: bytes) -> None:
    good = draft_seal.close(DRAFT_KEYS, "d", {"summary": "chữ"}, {})
    assert draft_seal.opened(PERSON_KEY, "d", good)[0] == {"summary": "chữ"}
    at = len(junk) * 3 % len(good)
    for said in (text, draft_seal.SEALED + text, good[:at] + text + good[at + 1 :]):
        try:
            assert said == good or draft_seal.opened(PERSON_KEY, "d", said)[0] == {"summary": "chữ"}
        except DoesNotOpen:
            continue


@cache
def provisioned() -> bytes:
    """IT's file with everything in it."""
    authority = make("Trạm 111 thử", ca=True)
    lines = ['servers = ["https://a:8443", "https://b"]', f'pins = ["{authority.pin}"]', 'proxy = "http://p:1"']
    lines += ['direct = ["b"]', "test_machine = true", 'keyring = "file"', 'code = "ABCD-EFGH-JKMN"', 'staff = "lan"']
    return "\n".join([*lines, f'ca = """{authority.pem}"""']).encode()


@given(data=st.data())
@FRESH
def test_a_bent_file_of_it_is_used_whole_or_not_at_all(desk: Home, data: st.DataObject) -> None:
    path = desk.root / "from-it.toml"
    path.write_bytes(data.draw(bent(provisioned())))
    found = trust.read(path)
    if found.fault:
        assert (found.servers, found.pins, found.proxy, found.authorities) == ((), frozenset(), "", "")
        assert found.fault.endswith(".")
        assert "\n" not in found.fault


def state_of(home: Home) -> dict[str, bytes]:
    """Everything that a restore could change."""
    places = [path for path in home.root.rglob("*") if path.is_file() and path.parent != home.logs]
    return {str(path.relative_to(home.root)): path.read_bytes() for path in places}


@pytest.fixture(scope="module")
def with_copy(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, Copy]:
    bench = Bench(tmp_path_factory.mktemp("kept") / "desk")
    bench.home.prepare()
    bench.home.slots.write_text("{}")
    for _ in range(3):
        bench.run(calls.set_outcome(None, "silent"))
    made = make_copy(bench.store, bench.home.slots, bench.home.backups, NOON)
    bench.close()
    return bench.home, made


@given(data=st.data())
@settings(parent=FRESH, max_examples=400 if SOAK else 15)
def test_a_bent_copy_of_the_store_is_refused_and_changes_nothing(
    with_copy: tuple[Home, Copy], tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    home, made = with_copy
    assert prove(made.path, STORE_KEY).operations == 3
    raw = bytearray(made.path.read_bytes())
    for at, put in data.draw(st.lists(st.tuples(st.integers(0, len(raw) - 1), st.integers(1, 255)), max_size=3)):
        raw[at] ^= put
    cut = data.draw(st.none() | st.integers(0, len(raw) - 1))
    said = data.draw(st.sampled_from([bytes(raw), bytes(raw)[:cut], b"", b"SQLite format 3\x00" + bytes(500)]))
    path = tmp_path_factory.mktemp("brought") / "copy.db"
    path.write_bytes(said)
    before = state_of(home)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app, "_key_of", lambda *_given: STORE_KEY)
        if said == made.path.read_bytes():
            return
        refused = advice(lambda: app.restore(home, STAFF, PASSPHRASE, Copy(path, 0), key_cost=CHEAP))
    assert refused != ".", "what is not whole was taken for a store"
    assert refused.endswith(".")
    assert state_of(home) == before


def test_a_copy_that_is_not_there_is_one_sentence_and_makes_no_file(
    with_copy: tuple[Home, Copy], tmp_path: Path
) -> None:
    home, _ = with_copy
    before = state_of(home)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app, "_key_of", lambda *_given: STORE_KEY)
        said = advice(lambda: app.restore(home, STAFF, PASSPHRASE, Copy(tmp_path / "none.db", 0), key_cost=CHEAP))
    assert said.endswith(".")
    assert len(said) > 1
    assert list(tmp_path.iterdir()) == []
    assert state_of(home) == before


