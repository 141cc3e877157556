"""Says, in one sentence over the pages, that existing records are closed because no server was met for 35 days."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer, Slot

from desktop.store import lease
from desktop.store.throttle import uptime
from desktop.ui.words import tr

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow

LOOK_MS: Final = 60_000


class LeaseNotice(QObject):
    """Looks once a minute; says it once, and again only after it was open in between."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.closed = False
        timer = QTimer(self)
        timer.setInterval(LOOK_MS)
        timer.timeout.connect(self.look)
        timer.start()
        self.look()

    @Slot()
    def look(self) -> None:
        """Ask the store."""
        lane = self._window.desk.lane
        lane.query(partial(lease.closed_before, wall_ms=lane.clock.now_ms(), now=uptime()), self._looked, None)

    def _looked(self, since: int | None) -> None:
        if since is not None and not self.closed:
            self._window.trouble.say(
                tr(
                    "Đã hơn 35 ngày máy này chưa gặp máy chủ nên hồ sơ cũ tạm đóng; không mất gì. Nhận cuộc gọi, "
                    "lập hồ sơ mới, viết tiếp bản nháp vẫn như thường. Chị/anh báo bộ phận kỹ thuật nối lại mạng."
                )
            )
        self.closed = since is not None
