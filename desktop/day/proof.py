"""What every store must prove by itself and against the centre: chains, refold, digests, siblings, nothing held.

Chains are hashed anew from salt and body; record rows are compared with a fold of the centre's whole log and with
their own heads; digests are counted anew from rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

from desktop.day.kept import Node, Row
from desktop.day.same import due_scopes
from domain.records.fields import Merge
from domain.records.kinds import KINDS
from sync import digest
from sync.digest import NOTHING, Digest
from sync.merge import State, apply, siblings
from sync.operation import Undecodable, decode_body
from sync.replica.rows import base_of, row_of, state_of

GENESIS: Final = bytes(32)
CENTRE_DEVICE: Final = "centre"

Sums = dict[tuple[str, str], Digest]


@dataclass(slots=True)
class Proof:
    """Faults in words (no personal data: kinds, ids, numbers only), and what the checker counts."""

    faults: list[str] = field(default_factory=list)
    held: int = 0
    siblings: int = 0
    lost: int = 0
    duplicated: int = 0
    digests_equal: bool = True
    sums: dict[str, Sums] = field(default_factory=dict)


def prove(centre: Node, desks: Iterable[Node], hubs: Iterable[Node] = ()) -> Proof:
    """Examine all nodes: each by itself, desks against the centre (hubs against it: `desktop.day.hub_kept`)."""
    proof = Proof()
    sums, servers = proof.sums, [centre, *hubs]
    desks = list(desks)
    for node in [*servers, *desks]:
        _log(node, proof)
        _rows(node, proof)
        _held(node, proof)
        sums[node.name] = _recounted(node, proof)
    for server in servers:
        _refold(server, proof)
    proof.siblings = len(centre.rows("sibling"))
    for desk in desks:
        _chain_arrived(centre, desk, proof)
        _same_scopes(centre, desk, sums, proof)
    return proof


def link(previous: bytes, row: Row) -> bytes:
    """The chain's hash after a log row, counted from its salt and body."""
    place = [row["device"], row["incarnation"], row["n"], row["grp"]]
    header = json.dumps(place, separators=(",", ":"), ensure_ascii=False).encode()
    sealed = sha256(row["salt"] + row["body"]).digest()
    return sha256(previous + sha256(header).digest() + sealed).digest()


def chains(node: Node) -> dict[tuple[str, int], list[Row]]:
    """Log rows by (device, incarnation), in order of their numbers."""
    found: dict[tuple[str, int], list[Row]] = {}
    for row in sorted(node.rows("log"), key=lambda r: (r["device"], r["incarnation"], r["n"])):
        found.setdefault((row["device"], row["incarnation"]), []).append(row)
    return found


def _log(node: Node, proof: Proof) -> None:
    if not _numbers_hold(node):
        proof.faults.append(f"{node.name}: số thứ tự nhật ký thao tác có chỗ hổng hoặc trùng")
    heads = {(r["device"], r["incarnation"]): (r["n"], bytes(r["head"])) for r in node.rows("chain")}
    found = chains(node)
    for key, logged in found.items():
        # At a hub some are shown by the centre without what comes before in their chain: they are compared with the
        # centre's own rows (`desktop.day.hub_kept`).
        rows = [row for row in logged if row["hash"] or node.role != "hub"]
        previous = GENESIS
        for expected, row in enumerate(rows, start=1):
            if row["n"] != expected:
                proof.faults.append(f"{node.name}: chuỗi của {key[0]} đứt ở số {expected}")
                break
            previous = link(previous, row)
            if previous != bytes(row["hash"]):
                proof.faults.append(f"{node.name}: chuỗi của {key[0]} sai băm ở số {expected}")
                break
            _names_match(node, row, proof)
        else:
            if heads.pop(key, (0, GENESIS)) != (len(rows), previous):
                proof.faults.append(f"{node.name}: đầu chuỗi của {key[0]} không khớp nhật ký")
            continue
        heads.pop(key, None)
    if node.role != "desk" and heads:
        proof.faults.append(f"{node.name}: có đầu chuỗi mà không có thao tác")


def _numbers_hold(node: Node) -> bool:
    """Feed numbers run without a gap to the counter. A hub gives an operation that it was shown a later number when
    its author brings it with its chain, and counts the numbers so given up."""
    numbers = sorted(row["seq"] for row in node.rows("log"))
    feed = int(node.about("feed"))
    if node.role == "hub":
        moved = int(node.about("moved") or 0)
        return len(set(numbers)) == len(numbers) == feed - moved and numbers[-1:] == [feed]
    return numbers == list(range(1, feed + 1))


def _names_match(node: Node, row: Row, proof: Proof) -> None:
    try:
        body = decode_body(row["body"])
    except Undecodable:
        return
    if (body.kind, body.id, body.scope) != (row["kind"], row["record"], row["scope"]):
        proof.faults.append(f"{node.name}: dòng nhật ký {row['seq']} ghi sai bản ghi của nó")


def _rows(node: Node, proof: Proof) -> None:
    """Each row's columns are what its own heads say, and the sibling table is what the heads leave beside."""
    beside: set[tuple[str, ...]] = set()
    for kind in KINDS.values():
        for row in node.records(kind.name):
            state = state_of(kind, row)
            again = row_of(kind, row["id"], row["scope"], state, base_of(row))
            if any(row[name] != again.get(name) for name in kind.fields):
                proof.faults.append(f"{node.name}: {kind.name} {row['id']} có cột không khớp phiên bản của nó")
            beside |= _beside(kind.name, row, state)
    names = ("kind", "record", "scope", "field", "version", "value")
    kept = {tuple(str(r[name]) for name in names) for r in node.rows("sibling") if r["id"] == _sibling_id(r)}
    if kept != beside or len(kept) != len(node.rows("sibling")):
        proof.faults.append(f"{node.name}: bảng bản song song không khớp các phiên bản của bản ghi")
    if node.rows("parked_record"):
        proof.faults.append(f"{node.name}: có bản ghi thuộc loại không biết")


def _sibling_id(row: Row) -> str:
    return sha256("\n".join(row[name] for name in ("kind", "record", "field", "version")).encode()).hexdigest()


def _beside(kind: str, row: Row, state: State) -> set[tuple[str, ...]]:
    found: set[tuple[str, ...]] = set()
    for name, held in state.items():
        spec = KINDS[kind].fields.get(name)
        if spec is None or spec.merge is Merge.SET:
            continue
        for version, head in siblings(spec.merge, held.heads):
            value = json.dumps(head.value, separators=(",", ":"), ensure_ascii=False)
            found.add((kind, row["id"], row["scope"], name, version, value))
    return found


def _held(node: Node, proof: Proof) -> None:
    held = {(r["device"], r["incarnation"], r["n"]) for r in node.rows("waiting")}
    held |= {(r["device"], r["incarnation"], r["n"]) for r in node.rows("log") if r["held"]}
    if held:
        proof.held += len(held)
        proof.faults.append(f"{node.name}: {len(held)} thao tác đang bị giữ")


def recount(node: Node) -> Sums:
    """Digest per (scope, kind), counted from rows."""
    found: Sums = {}
    for kind in KINDS.values():
        for row in node.records(kind.name):
            one = digest.of_state(kind.name, row["id"], row["scope"], state_of(kind, row))
            key = (row["scope"], kind.name)
            found[key] = found.get(key, NOTHING).plus(one)
    return found


def _recounted(node: Node, proof: Proof) -> Sums:
    counted = recount(node)
    running = {
        (r["scope"], r["kind"]): Digest(int(r["count"]), int(r["total"], 16)) for r in node.rows("digest")
    }
    if {k: v for k, v in running.items() if v != NOTHING} != counted:
        proof.digests_equal = False
        proof.faults.append(f"{node.name}: tổng kiểm đếm lại từ bản ghi khác tổng kiểm đang giữ")
    homes = {r["scope"]: r["audience"] for r in node.rows("scope_home")} if node.role != "desk" else {}
    totals: dict[str, Digest] = {}
    for (scope, _), one in counted.items():
        home = homes.get(scope, "")
        totals[home] = totals.get(home, NOTHING).plus(one)
    kept = {r["audience"]: Digest(int(r["count"]), int(r["total"], 16)) for r in node.rows("audience_digest")}
    if {k: v for k, v in kept.items() if v != NOTHING} != totals:
        proof.digests_equal = False
        proof.faults.append(f"{node.name}: tổng kiểm theo nơi nhận không khớp bản ghi")
    return counted


def _refold(centre: Node, proof: Proof) -> None:
    """A server's rows are exactly what its whole log makes, folded here once more in memory."""
    states: dict[tuple[str, str, str], State] = {}
    for row in centre.rows("log"):
        if not row["held"]:
            body = decode_body(row["body"])
            apply(states.setdefault((body.kind, body.id, body.scope), {}), body)
    rows = {
        (kind.name, row["id"], row["scope"]): state_of(kind, row)
        for kind in KINDS.values()
        for row in centre.records(kind.name)
    }
    missing, extra = states.keys() - rows.keys(), rows.keys() - states.keys()
    for key in sorted(missing)[:20]:
        proof.faults.append(f"{centre.name}: mất bản ghi {key[0]} {key[1]}")
    for key in sorted(extra)[:20]:
        proof.faults.append(f"{centre.name}: bản ghi {key[0]} {key[1]} không có thao tác nào tạo ra")
    for key in states.keys() & rows.keys():
        if _heads(states[key]) != _heads(rows[key]):
            proof.faults.append(f"{centre.name}: {key[0]} {key[1]} khác điều nhật ký thao tác nói")


def _heads(state: State) -> Mapping[str, dict[str, tuple[Any, int]]]:
    return {
        key: {version: (head.value, head.rank) for version, head in held.heads.items()}
        for key, held in state.items()
        if held.heads
    }


def _chain_arrived(centre: Node, desk: Node, proof: Proof) -> None:
    """Every operation made at a desk is at the centre exactly once, byte for byte."""
    names = ("incarnation", "n", "grp", "scope", "kind", "record", "salt", "body", "hash")
    here = [tuple(r[name] for name in names) for r in desk.rows("log") if r["device"] == desk.device]
    there = [tuple(r[name] for name in names) for r in centre.rows("log") if r["device"] == desk.device]
    if len(here) != len(desk.rows("log")):
        proof.faults.append(f"{desk.name}: nhật ký của bàn có thao tác không phải của nó")
    missing, unknown = set(here) - set(there), set(there) - set(here)
    proof.lost += len(missing)
    proof.duplicated += len(there) - len(set(there)) + len(unknown)
    if missing:
        proof.faults.append(f"{desk.name}: {len(missing)} thao tác chưa tới trung tâm nguyên vẹn")
    if unknown or len(there) != len(set(there)):
        proof.faults.append(f"{desk.name}: trung tâm có thao tác mà bàn không làm hoặc có hai lần")


def _same_scopes(centre: Node, desk: Node, sums: Mapping[str, Sums], proof: Proof) -> None:
    """A desk holds exactly the scopes that are its own or granted, each equal to the centre's."""
    compare_scopes(centre, desk, [desk.device], sums, proof)


def compare_scopes(
    centre: Node, node: Node, devices: Iterable[str], sums: Mapping[str, Sums], proof: Proof
) -> None:
    """A node holds exactly the scopes that these devices of its centre may see, each equal to the centre's."""
    due = due_scopes(centre.tables, node.centre, devices)
    there = {key: value for key, value in sums[centre.name].items() if key[0] in due}
    here = sums[node.name]
    if here == there:
        return
    proof.digests_equal = False
    differing = {scope for scope, _ in {k for k in here.keys() | there.keys() if here.get(k) != there.get(k)}}
    proof.faults.append(f"{node.name}: {len(differing)} phạm vi khác với trung tâm")
