"""What stands above a dossier in a special state: restricted to a few, or here for an emergency read only."""

from __future__ import annotations

from desktop.store.reads import CaseView, ContactView
from desktop.store.reads_readers import Closed
from desktop.ui.theme.tokens import Status
from desktop.ui.widgets.said import Mark
from desktop.ui.words import clock_text, tr
from domain.clock import MINUTE
from domain.rules.emergency import READ_MS


class RestrictedBanner(Mark):
    """How many read a restricted case, and that whoever sits here may lack its key."""

    def __init__(self) -> None:
        super().__init__(Status.QUIET, "", wraps=True)
        self.setObjectName("banner.restricted")
        self.hide()

    def show_view(self, view: CaseView | ContactView) -> None:
        """Write it anew, or hide it."""
        closed = view.closed if isinstance(view, CaseView) else None
        self.setVisible(closed is not None)
        if closed is not None:
            self.say(*closed_words(closed))


class EmergencyBanner(Mark):
    """How long the file of another centre stays; it leaves by this desk's own run time."""

    def __init__(self) -> None:
        super().__init__(Status.URGENT, "", wraps=True)
        self.setObjectName("banner.emergency")
        self.hide()

    def show_view(self, view: CaseView | ContactView | None, now_ms: int) -> None:
        """Write it anew, or hide it."""
        until = view.emergency_until if view is not None else None
        self.setVisible(until is not None)
        if until is not None:
            minutes = max(0, min(-(-(until - now_ms) // MINUTE), READ_MS // MINUTE))
            words = tr(
                "Xem khẩn cấp hồ sơ của trung tâm khác: còn {minutes} phút (đến {time}), rồi máy tự xóa bản này. "
                "Trung tâm giữ hồ sơ thấy ai đã xem và vì sao."
            )
            self.say(Status.URGENT, words.format(minutes=minutes, time=clock_text(until)))


def closed_words(closed: Closed) -> tuple[Status, str]:
    """Shape and words of the banner of a restricted case."""
    if closed.mine:
        return Status.GOOD, tr("Hồ sơ hạn chế · {count} người đọc được").format(count=closed.readers)
    words = tr(
        "Hồ sơ hạn chế · {count} người đọc được. Chị/anh chưa được trao khóa nên chữ hiện là dấu chấm: nhờ người phụ "
        "trách ca trao khóa."
    )
    return Status.WAITING, words.format(count=closed.readers)
