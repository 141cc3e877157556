"""What a stick says: one JSON line a letter, and behind some of them a message of the road as it is."""

from __future__ import annotations

from typing import Final

import msgspec

from sync.wire import HeldNotice

VERSION: Final = 1


class _Letter(msgspec.Struct, frozen=True, kw_only=True, tag_field="w"):
    """`bundle` names one export (16 hexadecimal digits drawn at random); device and incarnation say whose
    chain the letter is about."""

    bundle: str
    device: str
    incarnation: int


class Opening(_Letter, frozen=True, kw_only=True, tag="open"):
    """First letter of every volume of a desk: where it stands, and how it may be answered.

    `to`: lineage of the server it is sealed for; `lineage`, `cursor`, `backfills` (scope, upto, past) as the
    engine's View has them with that server; `chains`: [incarnation, last number] of all it ever wrote under, each of
    which is to be answered; `reply_key` raw X25519, `reply_secret` what an answer must be proven with (both
    base64); `made` UTC ms.
    """

    p: int
    to: str
    lineage: str
    cursor: int
    reply_key: str
    reply_secret: str
    made: int
    chains: list[tuple[int, int]] = []
    backfills: list[tuple[str, int, int]] = []


class Part(_Letter, frozen=True, kw_only=True, tag="push"):
    """Whole groups of the desk's chain; behind it stands an ordinary push body, which has the same numbers, the
    hash before them and the signature of the head behind them."""

    volume: int
    first: int
    last: int


class Chunk(_Letter, frozen=True, kw_only=True, tag="chunk"):
    """One sealed chunk of an attachment's bytes; behind it stands the chunk as it is, named by its own hash in the
    attachment's record (`index`: 0, 1, …)."""

    record: str
    index: int


class ChainSaid(msgspec.Struct, frozen=True, kw_only=True):
    """What a server has of one incarnation of the desk: `top` is the last number there, `acked` the same but never
    beyond the number that the stick named; `head`: hex of the chain's hash at `acked`. `centre_acked`, `backed_up`,
    `last_seq` and `held` as in the answer to a push. `fork`: 0, or from where on the stick's numbers are known with
    other bytes: before it all is the same. `gap`: numbers behind `top` are missing, what came beyond them is kept."""

    incarnation: int
    top: int
    acked: int
    head: str
    centre_acked: int = 0
    backed_up: int = 0
    last_seq: int = 0
    fork: int = 0
    gap: bool = False
    held: list[HeldNotice] = []


class Answered(_Letter, frozen=True, kw_only=True, tag="answer"):
    """First letter of every volume of a server: what it has of the desk's chains.

    `asked_lineage`: the lineage the desk named; `lineage`: the server's own; `centre`: the national centre's, where
    a hub answers. `courier_key`: what sticks for this server are sealed to. `files`: attachments of which every chunk
    is there, verified, since sticks brought some.
    """

    asked_lineage: str
    lineage: str
    chains: list[ChainSaid]
    centre: str = ""
    courier_key: str = ""
    time: int = 0
    files: list[str] = []


class FeedPage(_Letter, frozen=True, kw_only=True, tag="pull"):
    """Behind it stands an ordinary pull answer, read after feed number `start` as `incarnation`."""

    start: int


class ScopePage(_Letter, frozen=True, kw_only=True, tag="scope"):
    """Behind it stands an ordinary scope answer: its history with `past` < seq ≤ the answer's `next`."""

    scope: str
    past: int


class VolumeNote(msgspec.Struct, frozen=True, kw_only=True):
    """One volume of a bundle: hex SHA-256 and length (bytes) of all before its closing letter, and which
    numbers (a desk's n; 0 for none) of which incarnation it holds, with the hash before them and the signature
    behind them."""

    sha256: str
    size: int
    incarnation: int = 0
    first: int = 0
    last: int = 0
    previous: str = ""
    signature: str = ""


class Closing(_Letter, frozen=True, kw_only=True, tag="close"):
    """Last letter of every volume: which one it is (1, 2, …), and what all of the bundle are."""

    volume: int
    volumes: list[VolumeNote]


Letter = Opening | Part | Chunk | Answered | FeedPage | ScopePage | Closing

_decode = msgspec.json.Decoder(Letter)


def write(letter: Letter, body: bytes = b"") -> bytes:
    """The plain text of one letter."""
    return msgspec.json.encode(letter) + b"\n" + body


def read(plain: bytes) -> tuple[Letter, bytes] | None:
    """The letter and what stands behind it; None for one of a newer program."""
    line, _, body = plain.partition(b"\n")
    try:
        return _decode.decode(line), body
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
