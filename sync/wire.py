"""Messages of the road: zstd bodies of lines, decoded strictly, the author's bytes carried unparsed."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Final

import msgspec

from sync import packing
from sync.operation import Placed

PROTOCOL: Final = 1
CONTENT_TYPE: Final = "application/x-tram111"
MAX_BYTES: Final = 16 << 20
"""Largest decompressed message (bytes) that a node reads."""


class BadMessage(ValueError):
    """The bytes are no message of this protocol; the text names the part and never its content."""


class PushHead(msgspec.Struct, frozen=True, kw_only=True):
    """First line of a push: whose chain, from where, and one signature of its head.

    `previous` is the device's chain hash before the batch (hex); `signature` covers device, incarnation, last
    number and the head after the batch (base64). `lineage` is the server's as the device knows it (empty at
    the first meeting), `cursor` the feed number up to which the device has pulled. `ahead`: the batch does not wait
    for what comes before it in its chain; what is acknowledged is the chain still.
    """

    p: int
    device: str
    incarnation: int
    lineage: str
    first: int
    count: int
    previous: str
    signature: str
    schema: int
    cursor: int = 0
    urgent: bool = False
    ahead: bool = False


class HeldNotice(msgspec.Struct, frozen=True):
    """An operation of the sender that is held at the server, and why."""

    n: int
    why: str


class PushAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What the server has of the sender's chain now: `acked` here, `centre_acked` at the national centre,
    `backed_up` in a verified backup. `last_seq` is the last feed number given to it in this push,
    or in earlier ones where all of this push was known (0: none yet).

    `head` is the chain's hash at `acked` (hex): who has another hash there, or none, believes only what it sent.
    `centre` is the lineage of the national centre, where a hub answers (empty: it is the answering server).
    `took` is how long (ms) the batch kept the server from all others.
    """

    lineage: str
    acked: int
    centre_acked: int
    backed_up: int = 0
    last_seq: int = 0
    took: int = 0
    held: list[HeldNotice] = []
    time: int = 0
    head: str = ""
    centre: str = ""


class PullHead(msgspec.Struct, frozen=True, kw_only=True):
    """First line of a pull answer: the cursor behind its operations, whether more are there, what is acked.

    `digest` (`count:hex`) is that of all scopes granted to the asker, at feed number `next`; empty where more
    operations are to come. `count` is the number of lines that follow, so that a cut body is found.
    `centre` as in PushAnswer. Hubs alone are told `homes` (audience by scope, of the scopes in this answer) and
    `proofs` (the centre's signatures of its own operations in it, `sync.authorship`).
    """

    lineage: str
    next: int
    more: bool
    count: int
    acked: int
    centre_acked: int
    backed_up: int = 0
    digest: str = ""
    time: int = 0
    centre: str = ""
    homes: dict[str, str] = {}
    proofs: dict[str, str] = {}


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """The body of every answer that is not 200 or 204. `code`: fork, gap, too_large, busy, unknown_device,
    bad_message, bad_signature, unknown_code, newer_protocol, revoked, unknown_segment, unknown_file, already_here,
    unapproved, no_newcomer, may_not.

    Of `revoked`: `since` when (UTC ms), `order` the centre's signature (base64) of `sync.door.wipe_claim`, `lineage`
    of the centre where the last words are still taken (empty at a hub)."""

    code: str
    n: int = 0
    acked: int = 0
    retry_after_ms: int = 0
    lineage: str = ""
    since: int = 0
    order: str = ""


_push_decoder = msgspec.json.Decoder(PushHead)
_pull_decoder = msgspec.json.Decoder(PullHead)
_answer_decoder = msgspec.json.Decoder(PushAnswer)
_problem_decoder = msgspec.json.Decoder(Problem)
_place_decoder = msgspec.json.Decoder(tuple[int, str, int, int, int, str])
_encode = msgspec.json.encode


def text64(raw: bytes) -> str:
    """Bytes as base64 text, the form of signatures and keys on the wire."""
    return base64.b64encode(raw).decode()


def raw64(text: str) -> bytes:
    """The bytes of a base64 text. Raises BadMessage."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as fault:
        raise BadMessage("base64") from fault


def pack(raw: bytes) -> bytes:
    """Compress a body."""
    return packing.pack(raw)


def unpack(data: bytes) -> bytes:
    """Decompress a body of at most MAX_BYTES. Raises BadMessage."""
    try:
        return packing.unpack(data, MAX_BYTES)
    except packing.Unpackable as fault:
        raise BadMessage(str(fault)) from fault


def repacked(data: bytes, dictionary: int) -> bytes:
    """A small body packed anew with the dictionary that the other end has (0: none)."""
    return packing.repacked(data, dictionary, MAX_BYTES)


def _line(one: Placed) -> bytes:
    place = (one.seq, one.device, one.incarnation, one.n, one.group, text64(one.salt))
    return _encode(place) + b"\t" + one.body


def _placed(line: bytes) -> Placed:
    head, tab, body = line.partition(b"\t")
    if not tab:
        raise BadMessage("line")
    try:
        seq, device, incarnation, n, group, salt = _place_decoder.decode(head)
        return Placed(device, incarnation, n, group, base64.b64decode(salt, validate=True), body, seq)
    except (msgspec.MsgspecError, binascii.Error, ValueError) as fault:
        raise BadMessage("line") from fault


def _placed_lines(lines: Sequence[bytes], count: int) -> list[Placed]:
    if len(lines) != count:
        raise BadMessage("count")
    return [_placed(line) for line in lines]


def encode_push(head: PushHead, placed: Sequence[Placed]) -> bytes:
    """A push body: the head's line, then one line an operation."""
    return packing.pack(b"\n".join([_encode(head), *map(_line, placed)]), packing.LEVEL_UP)


def decode_push(data: bytes) -> tuple[PushHead, list[Placed]]:
    """The push in a body. Raises BadMessage; checks that numbers run from `first` without a gap, that all are
    of the named device and incarnation, and that no group is split."""
    first_line, *lines = unpack(data).split(b"\n")
    try:
        head = _push_decoder.decode(first_line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as fault:
        raise BadMessage("head") from fault
    placed = _placed_lines(lines, head.count)
    if not placed:
        raise BadMessage("empty")
    group = 0
    for n, one in enumerate(placed, start=head.first):
        if (one.device, one.incarnation, one.n) != (head.device, head.incarnation, n) or n < 1:
            raise BadMessage("numbers")
        if one.group < n or (group >= n and one.group != group):
            raise BadMessage("groups")
        group = one.group
    if group != placed[-1].n:
        raise BadMessage("groups")
    return head, placed


def encode_pull(head: PullHead, placed: Sequence[Placed]) -> bytes:
    """A pull answer's body."""
    return packing.pack(b"\n".join([_encode(head), *map(_line, placed)]))


def decode_pull(data: bytes) -> tuple[PullHead, list[Placed]]:
    """The pull answer in a body. Raises BadMessage."""
    first_line, *lines = unpack(data).split(b"\n")
    try:
        head = _pull_decoder.decode(first_line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as fault:
        raise BadMessage("head") from fault
    return head, _placed_lines(lines, head.count)


def decode_answer(data: bytes) -> PushAnswer:
    """The answer to a push (plain JSON: it is small). Raises BadMessage."""
    try:
        return _answer_decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as fault:
        raise BadMessage("answer") from fault


def decode_problem(data: bytes) -> Problem:
    """The problem in an answer's body. Raises BadMessage (a web page is no problem of ours)."""
    try:
        return _problem_decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as fault:
        raise BadMessage("problem") from fault
