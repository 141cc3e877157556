"""The state of the road in plain calm words; the shape says it without colour."""

from __future__ import annotations

from desktop.background.change_bus import RoadState, RoadStatus
from desktop.store.reads_audit import AuditView
from desktop.store.reads_road import RoadView
from desktop.ui.theme.tokens import Status
from desktop.ui.words import minute_text, span_text, spoken, tr, when_text


def road_line(status: RoadStatus | None, now_ms: int) -> tuple[Status, str]:
    """The status line: one shape, few words."""
    if status is None:
        return Status.QUIET, tr("Chưa nối máy chủ")
    if status.state is RoadState.UNAPPROVED:
        return Status.WAITING, tr("Máy mới, chờ trưởng ca duyệt · {count} mục chờ").format(count=status.waiting)
    if status.line_down_since_ms is not None or status.state is RoadState.OFFLINE:
        since = now_ms - (status.line_down_since_ms or now_ms)
        return Status.URGENT, tr("Mất máy chủ {span} · {count} mục chờ, an toàn trên máy này").format(
            span=span_text(since), count=status.waiting
        )
    if status.filling:
        return Status.MOVING, spoken(status.filling)
    if status.state is RoadState.SIGNED_OUT:
        return Status.URGENT, tr("Máy chủ không nhận ra máy này · {count} mục chờ").format(count=status.waiting)
    if status.state is RoadState.HELD:
        return Status.CONFLICT, tr("{count} mục đang giữ, cần người xem").format(count=status.held)
    if status.state is RoadState.SENDING:
        return Status.MOVING, tr("Đang gửi {count} mục").format(count=status.waiting)
    if status.waiting:
        return Status.WAITING, tr("{count} mục chờ gửi").format(count=status.waiting)
    if status.equal and status.equal_at_ms is not None and status.at_hub is not None:
        return Status.GOOD, tr("Khớp trạm vùng lúc {time}").format(time=minute_text(status.equal_at_ms))
    if status.equal and status.equal_at_ms is not None:
        return Status.GOOD, tr("Khớp trung tâm lúc {time}").format(time=minute_text(status.equal_at_ms))
    return Status.MOVING, tr("Đã gửi hết, đang so khớp")


def road_story(status: RoadStatus | None, now_ms: int) -> tuple[Status, str]:
    """The road page's first sentence: what it means for the person at the desk."""
    if status is None:
        return Status.QUIET, tr("Chưa có tin từ đường truyền. Chị/anh cứ làm việc bình thường.")
    if status.state is RoadState.UNAPPROVED:
        return Status.WAITING, spoken(status.advice)
    if status.line_down_since_ms is not None or status.state is RoadState.OFFLINE:
        since = status.line_down_since_ms or now_ms
        return Status.URGENT, tr(
            "Không tới được máy chủ từ {when} ({span}). Chị/anh cứ làm việc bình thường, dữ liệu nằm an toàn "
            "trên máy này và tự gửi khi có đường truyền."
        ).format(when=when_text(since, now_ms), span=span_text(now_ms - since))
    if status.filling:
        return Status.MOVING, spoken(status.filling)
    if status.advice:
        return Status.WAITING, spoken(status.advice)
    if status.waiting:
        return Status.MOVING, tr("Đường truyền thông. Đang gửi nốt {count} mục về trung tâm.").format(
            count=status.waiting
        )
    if status.at_hub is not None and status.at_centre < status.saved_here:
        return Status.WAITING, tr(
            "Trạm vùng đã giữ mọi thứ lưu trên máy này; {count} mục sẽ tới trung tâm khi trạm vùng có đường truyền. "
            "Các máy cùng trung tâm vẫn dùng chung ca với nhau."
        ).format(count=status.saved_here - status.at_centre)
    if status.at_hub is not None and status.equal and status.equal_at_ms is not None:
        return Status.GOOD, tr(
            "Trạm vùng và trung tâm có đủ mọi thứ đã lưu trên máy này, so khớp lúc {time}."
        ).format(time=minute_text(status.equal_at_ms))
    if status.equal and status.equal_at_ms is not None:
        return Status.GOOD, tr("Trung tâm có đủ mọi thứ đã lưu trên máy này, so khớp lúc {time}.").format(
            time=minute_text(status.equal_at_ms)
        )
    if status.equal is False:
        return Status.CONFLICT, tr("Đã gửi hết nhưng hai bên chưa khớp. Phần mềm đang tự lấy phần còn thiếu.")
    return Status.MOVING, tr("Đã gửi hết. Đang chờ trung tâm so khớp.")


def servers_line(status: RoadStatus | None) -> str:
    """The servers of this desk, best first, and which of them it speaks to."""
    if status is None or not status.servers:
        return tr("Chưa biết")
    up = status.line_down_since_ms is None and status.state is not RoadState.OFFLINE
    lines = []
    for place, url in enumerate(status.servers, start=1):
        line = f"{place}. {url}"
        if url == status.server:
            line = tr("{line} (đang dùng)").format(line=line) if up else tr("{line} (đang thử)").format(line=line)
        lines.append(line)
    return "\n".join(lines)


def recount_line(view: RoadView | None, now_ms: int) -> tuple[Status, str]:
    """When the running figures were last counted anew from the rows themselves, and what was found."""
    if view is None or (view.recounted_at_ms is None and not view.slipped):
        return Status.QUIET, tr("Chưa tới lượt, máy tự làm mỗi tuần khi không ai gõ")
    when = "" if view.recounted_at_ms is None else when_text(view.recounted_at_ms, now_ms)
    if not view.slipped:
        return Status.GOOD, tr("Đếm lại {when}, mọi số đều đúng").format(when=when)
    return Status.CONFLICT, tr(
        "{count} số lệch, đã sửa và đang so lại với máy chủ: chị/anh báo người phụ trách"
    ).format(count=view.slipped)


def audit_line(view: AuditView | None, now_ms: int) -> tuple[Status, str]:
    """Whether the audit chains held here are whole, how long they are, how far the centre has signed the own one."""
    if view is None:
        return Status.QUIET, tr("Đang đếm lại")
    if not view.whole:
        return Status.URGENT, tr("Chuỗi bị đứt hoặc bị sửa: chị/anh báo người phụ trách, đừng xóa gì trên máy này")
    count = f"{view.entries:,}".replace(",", ".")
    if not view.entries:
        return Status.QUIET, tr("Chưa có mục nào")
    if not view.signed_n:
        return Status.WAITING, tr("Chuỗi nguyên vẹn · {count} mục · trung tâm chưa ký").format(count=count)
    when = when_text(view.signed_at_ms, now_ms)
    return Status.GOOD, tr("Chuỗi nguyên vẹn · {count} mục · trung tâm ký {when}").format(count=count, when=when)
