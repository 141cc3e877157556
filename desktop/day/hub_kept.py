"""What a kept hub must prove: it holds its centre's share byte for byte, all it took went on, it was in real use."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from desktop.day.kept import Node, Row
from desktop.day.paper import CUT_CENTRE, Paper
from desktop.day.proof import Proof, compare_scopes
from desktop.day.schedule import DYING_HUB, hub_dies_after
from sync.operation import decode_body

_SAME: Final = ("grp", "scope", "kind", "record", "salt", "body")

Place = tuple[str, int, int]


def examine_hubs(centre: Node, hubs: list[Node], desks: list[Node], proof: Proof) -> None:
    """Each hub against the centre and against its desks."""
    logged: dict[Place, Row] = {_place(row): row for row in centre.rows("log")} if hubs else {}
    for hub in hubs:
        mine = [desk for desk in desks if desk.centre == hub.centre]
        compare_scopes(centre, hub, [desk.device for desk in mine], proof.sums, proof)
        _same_bytes(hub, logged, proof)
        proof.faults += _passed_on(hub, centre, mine)
        proof.faults += _who(hub, centre, mine)


def _place(row: Row) -> Place:
    return row["device"], row["incarnation"], row["n"]


def _same_bytes(hub: Node, logged: dict[Place, Row], proof: Proof) -> None:
    """Whatever a hub's log holds, the centre's holds too, unchanged, in its place of the author's chain."""
    lost = altered = 0
    for row in hub.rows("log"):
        there = logged.get(_place(row))
        if there is None:
            lost += 1
        elif any(row[name] != there[name] for name in _SAME) or row["hash"] not in (b"", there["hash"]):
            altered += 1
    proof.lost += lost
    if lost:
        proof.faults.append(f"{hub.name}: {lost} thao tác của trạm vùng chưa tới trung tâm")
    if altered:
        proof.faults.append(f"{hub.name}: {altered} thao tác ở trạm vùng khác với ở trung tâm")


def _passed_on(hub: Node, centre: Node, desks: list[Node]) -> list[str]:
    """The hub knows that the centre has everything its desks wrote, by the centre's own name; no chain parted."""
    reached = {(r["lineage"], r["device"], r["incarnation"]): r["acked"] for r in hub.rows("upstream_chain")}
    faults = [
        f"{hub.name}: không biết rằng trung tâm đã có hết của {desk.name}"
        for desk in desks
        if reached.get((centre.about("lineage"), desk.device, 1)) != len(desk.rows("log"))
    ]
    if hub.about("up_lineage") != centre.about("lineage") or hub.about("equal") != "1" or hub.rows("parted"):
        faults.append(f"{hub.name}: dấu của trạm vùng không đúng")
    if hub.rows("backfill") or hub.rows("withdrawal"):
        faults.append(f"{hub.name}: còn phần chưa lấy về")
    return faults


def _who(hub: Node, centre: Node, desks: list[Node]) -> list[str]:
    """The centre knows it as the hub it says it is; it knows its desks by the keys they have at the centre."""
    faults = []
    accounts = {row["id"]: row for row in centre.rows("device")}
    me = hub.about("hub_device")
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(_key_file(hub)))
    known = accounts.get(me, {})
    if known.get("public_key") != key.public_key().public_bytes_raw() or known.get("centre") != hub.centre:
        faults.append(f"{hub.name}: khóa của trạm vùng không phải khóa mà trung tâm biết")
    if me not in {row["device"] for row in centre.rows("hub")}:
        faults.append(f"{hub.name}: trung tâm không biết đây là trạm vùng")
    told = {row["id"]: (row["public_key"], row["seat"]) for row in hub.rows("device")}
    if told != {d.device: (accounts[d.device]["public_key"], d.about("seat")) for d in desks}:
        faults.append(f"{hub.name}: danh sách máy trạm của trạm vùng không như ở trung tâm")
    return faults


def _key_file(hub: Node) -> str:
    return (hub.folder / "data" / "hub.key").read_text("ascii").strip()


# ---------------------------------------------------------------- was it in use, did it really die?


def lived_through(centre: Node, hubs: Iterable[Node], desks: list[Node], paper: Paper) -> list[str]:
    """By the feed numbers that the centre noted as brought by a hub: all of the cut desk's work in the cut came
    through its hub; of the desk whose hub was killed, some came through that hub and some came by itself."""
    faults = []
    begin, end = paper.cut
    for hub in hubs:
        brought = Brought(centre, hub.about("hub_device"))
        mine = {desk.device for desk in desks if desk.centre == hub.centre}
        rows = [row for row in centre.rows("log") if row["device"] in mine]
        through = [row for row in rows if row["seq"] in brought]
        cut = [row for row in rows if begin <= _stamp_ms(row) < end]
        if hub.centre == CUT_CENTRE and not all(row["seq"] in brought for row in cut):
            faults.append(f"{hub.name}: việc làm trong lúc mất mạng đã không đi qua trạm vùng")
        if not through:
            faults.append(f"{hub.name}: không thao tác nào đi qua trạm vùng")
        if hub.centre == DYING_HUB and hub_dies_after(paper) is not None and len(through) == len(rows):
            faults.append(f"{hub.name}: trạm vùng bị ngắt mà bàn của nó không lần nào tự tới trung tâm")
    return faults


class Brought:
    """The feed numbers that the centre noted as brought by one hub."""

    def __init__(self, centre: Node, hub: str) -> None:
        ranges = sorted((int(r["first"]), int(r["last"])) for r in centre.rows("brought") if r["hub"] == hub)
        self._first = [first for first, _ in ranges]
        self._last = [last for _, last in ranges]

    def __contains__(self, seq: Any) -> bool:
        at = bisect_right(self._first, seq) - 1
        return at >= 0 and int(seq) <= self._last[at]


def _stamp_ms(row: Row) -> int:
    return int(decode_body(row["body"]).stamp[:12], 16)
