"""What each node knows of itself and of the others, and what it derives: accounts, road marks, search index."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from desktop.day.compare import national
from desktop.day.kept import Node, Row


def standing(centre: Node, desks: list[Node], hubs: list[Node]) -> list[str]:
    """Faults in words."""
    server = {hub.centre: hub for hub in hubs}
    return [
        *_accounts(centre, desks, hubs),
        *_marks(centre, desks, server),
        *(fault for node in (centre, *hubs) for fault in _granted(node)),
        *_receipts(centre, desks, server),
        *(fault for desk in desks for fault in _countersigned(server.get(desk.centre, centre), desk)),
        *_searchable(desks),
    ]


def _accounts(centre: Node, desks: list[Node], hubs: list[Node]) -> list[str]:
    """The centre knows exactly these desks and hubs, by the keys they hold, each made by a code of its own."""
    faults = []
    accounts = {row["id"]: row for row in centre.rows("device")}
    known = {desk.device for desk in desks} | {hub.about("hub_device") for hub in hubs}
    if set(accounts) != known or any(r["revoked_at"] for r in accounts.values()):
        faults.append(f"{centre.name}: danh sách máy trạm không phải ba bàn của ngày")
    for desk in desks:
        secret = next((r["value"] for r in desk.rows("secret") if r["name"] == "device_signing_key"), b"")
        row = accounts.get(desk.device, {})
        if len(secret) != 32 or _public(secret) != row.get("public_key"):
            faults.append(f"{desk.name}: khóa ký của bàn không phải khóa mà trung tâm biết")
        if (row.get("centre"), row.get("seat")) != (desk.centre, desk.about("seat")):
            faults.append(f"{desk.name}: trung tâm biết bàn này ở chỗ khác")
    codes = {(r["device"], r["centre"], r["seat"]): r for r in centre.rows("code")}
    due = {(d.device, d.centre, d.about("seat")) for d in desks}
    due |= {(h.about("hub_device"), h.centre, h.name) for h in hubs}
    if set(codes) != due or not all(
        row["used_at"] and row["used_at"] <= row["expires"] for row in codes.values()
    ):
        faults.append(f"{centre.name}: mã đăng ký không khớp với các bàn")
    return faults


def _public(secret: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()


def _marks(centre: Node, desks: list[Node], hubs: Mapping[str, Node]) -> list[str]:
    """Each desk: who it is, which history it follows (that of its hub, where it has one), everything acknowledged
    there and at the centre, compared equal, nothing open."""
    faults = []
    for desk in desks:
        server = hubs.get(desk.centre, centre)
        lineage, feed = server.about("lineage"), int(server.about("feed"))
        own = len(desk.rows("log"))
        due = {
            "device": desk.device,
            "centre": desk.centre,
            "lineage": lineage,
            "incarnation": "1",
            f"acked:{lineage}:1": str(own),
            f"acked:{centre.about('lineage')}:1": str(own),
            "equal": "1",
        }
        wrong = [key.partition(":")[0] for key, value in due.items() if desk.about(key) != value]
        reached = desk.about(f"cursor:{lineage}")
        if not reached.isdecimal() or not 0 < int(reached) <= feed:
            wrong.append("cursor")
        if not _stamp_holds(desk):
            wrong.append("stamp")
        faults += [f"{desk.name}: dấu «{name}» của bàn không đúng" for name in wrong]
        if desk.rows("draft") or desk.rows("backfill"):
            faults.append(f"{desk.name}: còn bản nháp hoặc phần chưa lấy về")
    if not centre.about("lineage") or not _stamp_holds(centre):
        faults.append(f"{centre.name}: dấu của trung tâm không đúng")
    return faults


def _stamp_holds(node: Node) -> bool:
    """The clock's last stamp is kept, so that no stamp is ever given twice."""
    own = [bytes(r["body"]) for r in node.rows("log") if r["device"] == node.device]
    last = node.about("stamp").encode()
    return len(last) == 29 and all(last[:20] >= body.partition(b'"t":"')[2][:20] for body in own)


def _granted(centre: Node) -> list[str]:
    """The running digest of what a device was granted beyond its centre is that of those scopes."""
    due: dict[str, tuple[int, int]] = {}
    sums: dict[str, list[Row]] = {}
    for row in centre.rows("digest"):
        sums.setdefault(row["scope"], []).append(row)
    for grant in centre.rows("scope_grant"):
        count, total = due.get(grant["device"], (0, 0))
        for row in sums.get(grant["scope"], []):
            count, total = count + int(row["count"]), (total + int(row["total"], 16)) % (1 << 256)
        due[grant["device"]] = (count, total)
    kept = {r["device"]: (int(r["count"]), int(r["total"], 16)) for r in centre.rows("granted_digest")}
    return [] if {k: v for k, v in kept.items() if v[0]} == due else [
        f"{centre.name}: tổng kiểm của phần được cấp không khớp"
    ]


def _receipts(centre: Node, desks: list[Node], hubs: Collection[str]) -> list[str]:
    """Every desk was proven equal, and what either end keeps of it bears the centre's signature: one at the centre
    itself always, one behind a hub where the hub could ask the centre for it. The centre's may be the newer one, or
    the only one: an answer is lost when the line is cut."""
    faults = []
    given, lineage = {row["device"]: row for row in centre.rows("proven")}, centre.about("lineage")
    held = {desk.device: json.loads(desk.about("receipt") or "{}") for desk in desks}
    due = [d for d in desks if d.centre not in hubs or held[d.device].get("lineage") == lineage]
    if not {desk.device for desk in due} <= set(given) <= {desk.device for desk in desks}:
        faults.append(f"{centre.name}: biên nhận khớp không phải của ba bàn")
    for desk in desks:
        key = base64.b64decode(desk.about("centre_key") or "")
        row = given.get(desk.device)
        told = {**row, "lineage": lineage, "time": row["at"]} if row else {}
        kept = ([held[desk.device], told] if desk in due else []) + ([told] if row else [])
        if not all(_receipt_holds(key, one, desk.device) for one in kept):
            faults.append(f"{desk.name}: biên nhận khớp không mang chữ ký của trung tâm")
    return faults


def _countersigned(server: Node, desk: Node) -> list[str]:
    """Where the desk was told that its audit chain is countersigned, its server keeps that word, for an entry that
    stands in its own copy of the chain."""
    told = int(desk.about("audit_signed") or "0")
    kept = next((row for row in server.rows("countersigned") if row["device"] == desk.device), None)
    if kept is None:
        return [f"{server.name}: thiếu chữ ký nhận nhật ký của {desk.name}"] if told else []
    links = {row["n"]: row["link"] for row in server.records("audit_entry") if row["device"] == desk.device}
    claim = json.dumps([desk.device, kept["n"], kept["link"], kept["at"]], separators=(",", ":")).encode()
    signed = server.role != "centre" or _is_signed(desk, claim, kept["signature"])
    if told > kept["n"] or links.get(kept["n"]) != kept["link"] or not signed:
        return [f"{server.name}: chữ ký nhận nhật ký của {desk.name} không khớp"]
    return []


def _is_signed(desk: Node, claim: bytes, signature: str) -> bool:
    try:
        public = Ed25519PublicKey.from_public_bytes(base64.b64decode(desk.about("centre_key")))
        public.verify(base64.b64decode(signature), b"tram111/audit/1\x00" + claim)
    except (InvalidSignature, ValueError):
        return False
    return True


def _receipt_holds(key: bytes, one: Mapping[str, Any], device: str) -> bool:
    try:
        said = [one["device"], one["lineage"], one["seq"], one["digest"], one["time"]]
        claim = json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()
        public = Ed25519PublicKey.from_public_bytes(key)
        public.verify(base64.b64decode(one["signature"]), b"tram111/receipt/1\x00" + claim)
    except (InvalidSignature, KeyError, ValueError):
        return False
    return bool(one["device"] == device)


def _searchable(desks: Iterable[Node]) -> list[str]:
    """Every number, name, text and code of a desk is found by its index, and nothing else is."""
    faults = []
    for desk in desks:
        tails = {
            (national(row["number"])[::-1].replace("+", ""), row["id"], kind)
            for kind in ("call", "phone")
            for row in desk.records(kind)
            if row["number"]
        }
        if tails != {(r["tail"], r["record"], r["kind"]) for r in desk.rows("search_phone")}:
            faults.append(f"{desk.name}: tìm theo số máy không khớp các bản ghi")
        named = {(r["id"], "person") for r in desk.records("person") if r["full_name"]}
        named |= {(r["id"], "alias") for r in desk.records("alias") if r["name"]}
        named |= {(r["id"], "contact") for r in desk.records("contact") if r["summary"]}
        entries = {(r["record"], r["kind"]) for r in desk.rows("search_entry")}
        if not named <= entries or len(desk.rows("search_text")) != len(desk.rows("search_entry")):
            faults.append(f"{desk.name}: tìm theo tên không khớp các bản ghi")
        coded = {r["id"] for kind in ("contact", "case") for r in desk.records(kind) if r["code"]}
        if coded != {r["record"] for r in desk.rows("search_code")} or _uneven(desk):
            faults.append(f"{desk.name}: tìm theo mã không khớp các bản ghi")
    return faults


def _uneven(desk: Node) -> bool:
    """Whether some record has a key that is no part of its code."""
    codes = {r["id"]: r["code"] or "" for kind in ("contact", "case") for r in desk.records(kind)}
    keys = Counter((r["record"], r["key"]) for r in desk.rows("search_code"))
    plain = {record: "".join(char for char in code if char.isalnum()).lower() for record, code in codes.items()}
    return any(not key or key.lower().lstrip("0") not in plain.get(record, "") for record, key in keys)
