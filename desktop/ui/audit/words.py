"""What the audit log says in words: acts, kinds of things, levels, reasons, and whether the chain is whole."""

from __future__ import annotations

from collections.abc import Sequence

from desktop.store.reads_audit import AuditView
from desktop.store.reads_audit_entries import EntryRow
from desktop.store.reads_awaited import EMERGENCY, Awaited
from desktop.ui.theme.tokens import Status
from desktop.ui.words import tr
from domain.clock import date_text, vn_date, vn_text
from domain.codes.catalogue import Catalogue
from domain.records import audit as acts
from domain.rules import emergency
from domain.rules.unusual import MANY_EXPORTS, MANY_FILES

_PURPOSES = "export_purpose"
AWAITED_SHOWN = 4
"""Of what waits to be looked at so many are told one by one, oldest first."""


def act_words() -> dict[str, str]:
    """Every act that is audited."""
    return {
        acts.OPEN: tr("Mở xem"),
        acts.UNMASK: tr("Hiện phần đã che"),
        acts.VERIFY: tr("Xác minh người gọi"),
        acts.SEARCH: tr("Tìm"),
        acts.EXPORT: tr("Xuất ra ngoài"),
        acts.PRINT: tr("In"),
        acts.BREAK_GLASS: tr("Đọc khẩn"),
        acts.SIGN_IN: tr("Vào ca"),
        acts.SIGN_OUT: tr("Ra ca"),
        acts.LOCK: tr("Khóa màn hình"),
        acts.UNLOCK: tr("Mở khóa"),
        acts.LET_GO: tr("Gỡ người khỏi máy"),
        acts.RECOUNT: tr("Máy đếm lại, có số lệch"),
    }


def thing_words(row: EntryRow) -> str:
    """Which thing an entry is about: its kind, and its code as far as the person may know it."""
    kinds = {
        "contact": tr("Hồ sơ"), "case": tr("Ca"), "call": tr("Cuộc gọi"), "attachment": tr("Tệp đính kèm"),
        "subject_request": tr("Yêu cầu dữ liệu"), "staff": tr("Người"), "audit_entry": tr("Nhật ký kiểm toán"),
        "figures": tr("Số liệu không nêu ai"), "list_calls": tr("Danh sách cuộc gọi"),
        "list_queue": tr("Danh sách hàng đợi"), "digest": tr("Số đối chiếu"),
    }  # fmt: skip
    return " ".join(part for part in (kinds.get(row.kind, row.kind), row.code) if part)


def level_words(level: str) -> str:
    """How sensitive what was touched is."""
    return {
        "P0": tr("P0 công khai"), "P1": tr("P1 nội bộ"), "P2": tr("P2 cá nhân"), "P3": tr("P3 nhạy cảm"),
        "P4": tr("P4 hạn chế"),
    }.get(level, level)  # fmt: skip


def reason_words(row: EntryRow, catalogue: Catalogue) -> str:
    """The reason given, or what a note of codes says."""
    if row.erased:
        return tr("lời đã xóa theo lệnh")
    facts = row.facts or {}
    said = [row.reason] if row.reason else []
    if "hits" in facts:
        said.append(tr("tìm thấy {count}").format(count=facts["hits"]))
    if "purpose" in facts:
        said.append(catalogue[_PURPOSES].label(facts["purpose"]))
    return " · ".join(said)


def status_of(row: EntryRow) -> Status:
    """Shape before an entry: what left or broke a rule with a reason stands out."""
    if row.action in (acts.BREAK_GLASS, acts.RECOUNT):
        return Status.URGENT
    return Status.WAITING if row.action in (acts.EXPORT, acts.PRINT, acts.UNMASK) else Status.QUIET


def chain_line(view: AuditView | None) -> tuple[Status, str]:
    """Whether the chains are whole or where the first breaks, and how far the centre countersigned the own one."""
    if view is None:
        return Status.QUIET, tr("Đang đếm lại chuỗi…")
    count = f"{view.entries:,}".replace(",", ".")
    broken = next((one for one in view.findings if not one.whole), None)
    if broken is not None:
        return Status.URGENT, tr(
            "Chuỗi của máy {device} đứt ở mục {n}. Chị/anh báo người phụ trách, đừng xóa gì trên máy này."
        ).format(device=short(broken.device), n=broken.broken_at or "?")
    if view.cut:
        cut = f"{view.cut:,}".replace(",", ".")
        count = tr("{count} (và {cut} mục quá hạn lưu đã cắt, có chữ ký của trung tâm)").format(count=count, cut=cut)
    if not view.signed_n:
        return Status.WAITING, tr("Chuỗi nguyên vẹn · {count} mục · trung tâm chưa ký").format(count=count)
    return Status.GOOD, tr("Chuỗi nguyên vẹn · {count} mục · trung tâm đã ký đến mục {n} lúc {when}").format(
        count=count, n=view.signed_n, when=vn_text(view.signed_at_ms)
    )


def awaited_lines(found: Sequence[Awaited], catalogue: Catalogue, now_ms: int) -> tuple[Status, str]:
    """What waits to be looked at: how many, how many too long, then the oldest one by one; nothing where none."""
    if not found:
        return Status.QUIET, ""
    late = sum(one.due_ms is not None and one.due_ms < now_ms for one in found)
    count = tr("Chờ chị/anh rà soát: {count}").format(count=len(found))
    if late:
        count = tr("{count}, trong đó {late} đã quá hạn 7 ngày").format(count=count, late=late)
    lines = [count, *(_awaited_line(one, catalogue) for one in found[:AWAITED_SHOWN])]
    if len(found) > AWAITED_SHOWN:
        lines.append(tr("và {count} mục nữa").format(count=len(found) - AWAITED_SHOWN))
    lines.append(tr("Xem xong, chị/anh báo người trực máy chủ ghi lại: chỉ máy chủ trung tâm ghi ai đã rà soát."))
    return (Status.URGENT if late else Status.WAITING), "\n".join(lines)


def _awaited_line(one: Awaited, catalogue: Catalogue) -> str:
    when = vn_text(one.at_ms)
    if one.reason == EMERGENCY:
        said = [
            tr("{when} · {staff} đọc khẩn hồ sơ {code}").format(when=when, staff=one.staff, code=one.code or "•••"),
            catalogue[emergency.REASONS].label(one.why), one.words,
            tr("hạn {day}").format(day=date_text(vn_date(one.due_ms))) if one.due_ms is not None else "",
        ]  # fmt: skip
        return " · ".join(part for part in said if part)
    much = {
        MANY_FILES.reason: tr("mở hơn {most} hồ sơ trong một giờ").format(most=MANY_FILES.most),
        MANY_EXPORTS.reason: tr("xuất hơn {most} lần trong một ngày").format(most=MANY_EXPORTS.most),
    }.get(one.reason, one.reason)
    return f"{when} · {one.staff} {much}"


def short(device: str) -> str:
    """A device's id as far as a person compares it."""
    return device[:8] or "?"
