"""S-20: what comes from outside (pictures, a stick, IT's file, the exchange) is read whole or refused in words."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import zstandard
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QBuffer, QIODevice
from PySide6.QtGui import QColor, QImage

from desktop.background.exchange import ear
from desktop.background.exchange.packets import NoExchange, Packets
from desktop.store import inbox
from desktop.store.inbox import Ring
from desktop.store.sealing import seal_file
from desktop.ui.calls.reconciling import NoRecords, read_file
from desktop.ui.case.pictures import LONGEST_SIDE, MOST_LETTERS, shown
from domain.media import HEAD_BYTES, media_type
from sync import packing, trust
from sync.blobs import seal
from sync.blobs.shelf import Shelf
from sync.courier import letters
from sync.troubles import Trouble

SEED = 20
MOST_TIME = 1 << 53
MUTANTS = 300


def picture(kind: str) -> bytes:
    image = QImage(48, 32, QImage.Format.Format_RGB32)
    image.fill(QColor("#335577"))
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    assert image.save(buffer, kind)  # type: ignore[call-overload]  # the stubs say bytes, PySide takes text only
    return bytes(buffer.data().data())


def drawn(data: bytes) -> QImage | str:
    """What is shown of it, or the sentence that refuses it: nothing else may come of it."""
    try:
        return shown(data)
    except Trouble as refused:
        return refused.advice


def bent(dice: random.Random, data: bytes) -> bytes:
    """The same with some of it flipped, cut, doubled or replaced."""
    raw = bytearray(data)
    for _ in range(dice.randrange(1, 6)):
        at = dice.randrange(len(raw) or 1)
        match dice.randrange(4):
            case 0 if raw:
                raw[at] ^= 1 << dice.randrange(8)
            case 1:
                del raw[at : at + dice.randrange(1, 40)]
            case 2:
                raw[at:at] = raw[at : at + dice.randrange(1, 200)]
            case _:
                raw[at : at + 4] = dice.choice((b"\xff" * 4, b"\0" * 4, b"\x7f\xff\xff\xff", dice.randbytes(4)))
    return bytes(raw)


@pytest.mark.no_qt_log  # the decoders say on their own what is bent
@pytest.mark.parametrize("kind", ["PNG", "JPG", "BMP", "WEBP"])
def test_a_picture_bent_anyhow_is_drawn_small_enough_or_refused_in_words(kind: str, qapp: object) -> None:
    assert qapp is not None
    dice, good = random.Random(SEED), picture(kind)
    for _ in range(MUTANTS):
        found = drawn(bent(dice, good))
        assert isinstance(found, str) or max(found.width(), found.height()) <= LONGEST_SIDE


@given(st.binary(max_size=400))
@example(b"<html><script>alert(1)</script>")
@example("\u202etxt.exe\x00\x1b[2J".encode())
def test_any_bytes_are_a_text_without_controls_or_refused_in_words(data: bytes) -> None:
    found = drawn(data)
    if isinstance(found, str):
        assert len(found) <= MOST_LETTERS
        assert not set(found) & set("\x00\x1b\u202e\u2066")


@given(st.binary(max_size=300))
def test_any_bytes_are_unpacked_within_their_limit_or_refused(data: bytes) -> None:
    for tried in (data, zstandard.compress(data), zstandard.compress(data)[:-1]):
        try:
            assert len(packing.unpack(tried, 100)) <= 100
        except packing.Unpackable:
            continue


@pytest.mark.parametrize("told", [True, False])
def test_a_small_body_that_unfolds_into_gigabytes_is_refused_before_it_does(told: bool) -> None:
    packer = zstandard.ZstdCompressor(write_content_size=told).compressobj(size=1 << 30 if told else -1)
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(1 << 10)) + packer.flush()
    assert len(bomb) < 1 << 20
    with pytest.raises(packing.Unpackable):
        packing.unpack(bomb, 1 << 20)


@given(st.one_of(st.binary(max_size=300), st.text(max_size=300).map(lambda text: text.encode("utf-8", "replace"))))
@example(b'servers = ["https://[::1"]')
@example(b'servers = ["https://x:99999999"]')
@example(b"a = " + b"[" * 5_000)
@example(b'pins = ["\xc2\xb2"]')
@example(b'custodians = ["a", "b", "c"]')
def test_a_provisioning_file_of_any_bytes_is_understood_or_says_so(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.mktemp("it") / "provisioning.toml"
    path.write_bytes(data)
    found = trust.read(path)
    assert not found.fault or (found.servers, found.pins, found.proxy) == ((), frozenset(), "")
    assert "\n" not in found.fault


@given(st.one_of(st.binary(max_size=200), st.binary(max_size=80).map(lambda rest: b'{"w":"push",' + rest)))
@example(b"[" * 100_000)
@example(b'{"w":"close","volume":1e999,"volumes":[]}')
def test_any_letter_of_a_stick_is_read_or_passed_over(data: bytes) -> None:
    found = letters.read(data)
    assert found is None or isinstance(found[1], bytes)


@given(st.binary(max_size=200))
def test_a_ring_file_of_any_bytes_gives_what_is_ours_and_no_more(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    key = X25519PrivateKey.generate()
    path = tmp_path_factory.mktemp("r") / "rings"
    path.write_bytes(data + b"\n")
    ours = Ring("r-1", "0900081502", 5)
    inbox.put(path, key.public_key().public_bytes_raw(), ours)
    assert inbox.read(path, key) == (ours,)


CALLED = (
    b'"","0900081502","111","hotline","""0900081502"" <0900081502>","SIP/trunk-1","SIP/HN03-1","Queue",'
    b'"q111-hn,t","2026-11-20 00:02:06","2026-11-20 00:02:09","2026-11-20 00:02:33",'
    b'"27","24","ANSWERED","DOCUMENTATION","1.0",""\n'
)


@pytest.mark.parametrize("damage", [0, 1])
def test_a_file_of_calls_bent_anyhow_gives_calls_that_can_be_kept_or_is_refused(tmp_path: Path, damage: int) -> None:
    """Lines that are still whole are read, whatever lies between them; times and lengths fit a column."""
    dice, path, read, refused = random.Random(SEED + damage), tmp_path / "Master.csv", 0, 0
    for _ in range(MUTANTS):
        whole = bent(dice, CALLED * 3)
        path.write_bytes(whole if damage else whole + b"\n" + CALLED)
        try:
            reading, _ = read_file(path)
        except NoRecords:
            refused += 1
            continue
        read += len(reading.calls)
        for one in reading.calls:
            times = [one.ring_at, one.end_at, one.answer_at or 0]
            assert all(0 <= value < MOST_TIME for value in times)
            assert not one.number or one.number.removeprefix("+").isdigit()
    assert read > MUTANTS // 2
    assert refused == 0 or damage


NAMES = ("Event", "Uniqueid", "Linkedid", "Channel", "CallerIDNum", "ConnectedLineNum", "Timestamp", "DialStatus",
         "DestUniqueid", "DestLinkedid", "DestChannel", "BridgeUniqueid", "Duration", "Cause", "Exten")  # fmt: skip
EVENTS = ("Newchannel", "DialBegin", "DialEnd", "BridgeEnter", "Hangup", "CoreShowChannel", "FullyBooted",
          "CoreShowChannelsComplete", "NewConnectedLine", "DeviceStateChange")  # fmt: skip
VALUES = st.one_of(
    st.sampled_from(["1", "1.1", "PJSIP/AG03-1", "0900081502", "ANSWER", "1e300", "²:²:²", "1:2:3", "٣"]),
    st.text(max_size=12),
)
fields_of = st.dictionaries(st.sampled_from(NAMES[1:]), VALUES)
packets = st.lists(st.tuples(st.sampled_from(EVENTS), fields_of), max_size=8)


@given(packets, st.integers(1, 40))
@settings(max_examples=300)
def test_whatever_the_exchange_says_in_whatever_pieces_makes_times_that_can_be_kept(
    told: list[tuple[str, dict[str, str]]], step: int
) -> None:
    lines = "".join(
        "".join(f"{name}: {value}\r\n" for name, value in {"Event": event, **fields}.items()) + "\r\n"
        for event, fields in told
    ).encode("utf-8", "replace")
    hearing, collected = ear.Ear("PJSIP/AG03"), Packets()
    for at in range(0, len(lines), step):
        for packet in collected.feed(lines[at : at + step]):
            for heard in hearing.hear(packet, 1_763_600_000_000):
                assert 0 <= heard.at < MOST_TIME


@pytest.mark.parametrize("said", ["1e300", "-5", "nan", "inf", "1e999", "²", "", "9" * 400])
def test_a_time_that_no_clock_says_is_the_desks_own(said: str) -> None:
    assert ear._time({"timestamp": said}, 7) == 7
    assert ear._duration_ms(f"{said}:{said}:{said}") == 0
    assert ear._time({"timestamp": "1763600000.25"}, 7) == 1_763_600_000_250
    assert ear._duration_ms("01:02:03") == 3_723_000


def test_a_line_without_an_end_is_no_exchange() -> None:
    collected = Packets()
    for _ in range(65):
        assert list(collected.feed(b"x" * 1_000)) == []
    with pytest.raises(NoExchange):
        list(collected.feed(b"x" * 1_000))


@given(st.binary(max_size=300), st.text(max_size=30))
@settings(suppress_health_check=list(HealthCheck))
def test_a_file_of_any_bytes_is_sealed_and_comes_out_the_same(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, name: str
) -> None:
    folder = tmp_path_factory.mktemp("chosen")
    shelf = Shelf(folder / "shelf")
    shelf.prepare()
    path = folder / f"{''.join(one for one in name if one.isprintable() and one != '/')[:20]}.tệp"
    path.write_bytes(data)
    sealed = seal_file(path, bytes(32), shelf)
    assert media_type(data[:HEAD_BYTES]) == sealed.media_type
    (chunk,) = sealed.plan.chunks
    assert seal.open_chunk(sealed.naming, 0, shelf.verified(chunk), last=True) == data
    assert data[:20] not in shelf.verified(chunk) or len(data) < 8
