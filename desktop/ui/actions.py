"""The one registry of actions and keys: feeds shortcuts, the key strip and the manual.

The map of function keys is `domain.rules.outcomes.KEYS` (hotline.md §2): function keys, because Telex and VNI
typing uses letters and digits for tone marks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from PySide6.QtGui import QKeySequence

from desktop.ui.words import tr
from domain.rules.outcomes import KEYS, Deed

OUTCOME: Final = "outcome."
"""Beginning of the ids of actions that give a call its outcome; the code of `contact_outcome` follows."""

SECOND_ROW: Final = (
    ("Shift+F2", "test_call"),
    ("Shift+F3", "technical_failure"),
    ("Shift+F4", "out_of_scope"),
    ("Shift+F5", "callback_scheduled"),
    ("Shift+F6", "feedback"),
    ("Shift+F7", "transferred"),
)
"""No-file outcomes that are rarer: the same keys with Shift."""


@dataclass(frozen=True, slots=True)
class Action:
    """One thing a person can do. `key` is a portable key sequence; `scope` is where the key works."""

    id: str
    key: str
    label: str
    group: str
    scope: str = "window"

    @property
    def outcome(self) -> str:
        """The outcome code this action gives a call, or an empty string."""
        return self.id.removeprefix(OUTCOME) if self.id.startswith(OUTCOME) else ""

    @property
    def key_text(self) -> str:
        """The key as it is written on the screen."""
        return self.key.replace("Return", "Enter")


class TwiceError(ValueError):
    """Two actions of one scope have one key or one id."""


class Registry:
    """Actions by id, in the order in which the sheet of keys shows them. Raises `TwiceError` for a double key."""

    def __init__(self, actions: Iterable[Action]) -> None:
        self._by_id: dict[str, Action] = {}
        keys: dict[tuple[str, str], str] = {}
        for action in actions:
            place = (action.scope, QKeySequence(action.key).toString())
            if action.id in self._by_id or place in keys or not place[1]:
                raise TwiceError(f"{action.id}: {action.key} ({keys.get(place, 'twice or not a key')})")
            self._by_id[action.id] = action
            keys[place] = action.id

    def __getitem__(self, action_id: str) -> Action:
        return self._by_id[action_id]

    def __iter__(self) -> Iterator[Action]:
        return iter(self._by_id.values())

    def __len__(self) -> int:
        return len(self._by_id)

    def strip(self) -> tuple[Action, ...]:
        """F2 to F9, as they stand along the foot of the window."""
        return tuple(a for a in self if a.key in {f"F{number}" for number in range(2, 10)})

    def groups(self) -> dict[str, list[Action]]:
        """Actions by the heading under which the sheet of keys shows them."""
        found: dict[str, list[Action]] = {}
        for action in self:
            found.setdefault(action.group, []).append(action)
        return found


def outcome_words() -> dict[str, str]:
    """Short words of outcomes for keys, where the label of the code list is too long."""
    return {
        "silent": tr("Im lặng"),
        "hang_up": tr("Gác máy"),
        "wrong_number": tr("Nhầm số"),
        "prank": tr("Trêu đùa"),
        "abusive_caller": tr("Quấy rối"),
        "information": tr("Thông tin"),
        "test_call": tr("Gọi thử"),
        "technical_failure": tr("Lỗi đường truyền"),
        "out_of_scope": tr("Ngoài phạm vi"),
        "callback_scheduled": tr("Hẹn gọi lại"),
        "feedback": tr("Góp ý"),
        "transferred": tr("Chuyển máy"),
    }


def desk_actions() -> Registry:
    """Every action of the desk."""
    words = outcome_words()
    quick, writing = tr("Kết quả cuộc gọi: một phím là lưu"), tr("Ghi chép")
    moving, desk = tr("Đi lại"), tr("Bàn làm việc")
    by_deed = {
        Deed.FILE: Action("open_file", "F8", tr("Hồ sơ tư vấn"), writing),
        Deed.REPORT: Action("open_report", "F9", tr("Báo tin Mẫu 01"), writing),
        Deed.ADD_TO_CASE: Action("add_to_case", "F10", tr("Gắn vào ca đã có"), writing),
        Deed.INTERPRETER: Action("interpreter", "F11", tr("Cần phiên dịch"), writing),
        Deed.PRIVACY: Action("privacy", "F12", tr("Che màn hình"), desk),
        Deed.HELP: Action("help", "F1", tr("Hướng dẫn, bảng phím"), desk),
    }
    actions: list[Action] = []
    for key in KEYS:
        if key.deed is Deed.OUTCOME:
            code = key.outcomes[0]
            actions.append(Action(OUTCOME + code, key.key, words[code], quick))
    actions += [Action(OUTCOME + code, key, words[code], quick) for key, code in SECOND_ROW]
    actions += [by_deed[key.deed] for key in KEYS if key.deed in by_deed]
    actions += [
        Action("more_outcomes", "Shift+F8", tr("Kết quả khác, rồi một phím số"), quick),
        Action("list_unclassified", "Ctrl+U", tr("Cuộc chưa phân loại: một phím cho nhiều cuộc"), quick),
        Action("list_missed", "Ctrl+N", tr("Cuộc gọi nhỡ"), quick),
        Action("call_back", "Ctrl+G", tr("Gọi lại số của dòng đang chọn"), quick),
        Action("call_back_time", "Ctrl+Shift+N", tr("Gọi lại lúc nào thì an toàn: hẹn giờ, đổi giờ"), quick),
        Action("number_alert", "Ctrl+Shift+D", tr("Đánh dấu số máy: không tiết lộ…"), quick),
        Action("reconcile", "Ctrl+Shift+G", tr("Đối chiếu với tệp cuộc gọi của tổng đài"), quick),
        Action("pause", "Ctrl+P", tr("Nghỉ, trở lại nhận cuộc gọi"), desk),
        Action("rest", "Ctrl+Shift+B", tr("Nghỉ một nhịp sau cuộc gọi nặng (không ghi, không đếm)"), desk),
        Action("switch_person", "Ctrl+Shift+L", tr("Đổi người: khóa kín máy, mở màn hình vào ca"), desk),
        Action("leave", "Ctrl+Shift+Q", tr("Đóng trạm (bản nháp giữ nguyên)"), desk),
        Action("people", "Ctrl+Shift+P", tr("Người ở máy này: thêm đồng nghiệp, cấp mã, đổi mật khẩu"), desk),
        Action("undo", "Ctrl+Z", tr("Hoàn tác kết quả vừa ghi (10 giây)"), quick),
        Action("save_form", "Ctrl+Return", tr("Lưu biểu mẫu, ghi chép"), writing),
        Action("attach_file", "Ctrl+Shift+A", tr("Đính kèm tệp vào hồ sơ đang mở"), writing),
        Action("letter", "Ctrl+Shift+W", tr("Văn bản Word của hồ sơ đang mở: Mẫu 01, công văn chuyển tin"), writing),
        Action("history", "Ctrl+H", tr("Lịch sử của hồ sơ hay cuộc gọi: ai sửa gì, lúc nào"), writing),
        Action("conflicts", "Ctrl+Shift+X", tr("Giá trị khác nhau và bản ghi đang giữ: xem, chọn"), writing),
        Action("same_child", "Ctrl+Shift+T", tr("Trẻ đã biết chưa: vì sao, gắn, gỡ; lần gọi trước"), writing),
        Action("restrict", "Ctrl+Shift+H", tr("Hạn chế hồ sơ: khóa riêng, chọn ai đọc được"), writing),
        Action("verify_caller", "Ctrl+Shift+V", tr("Xác minh người gọi: ghi cách rồi hồ sơ mới hiện"), writing),
        Action("show_masked", "Shift+F12", tr("Hiện phần đã che (60 giây, ghi nhật ký)"), desk),
        Action("next_form", "Ctrl+Tab", tr("Sang biểu mẫu đang gác"), writing),
        Action("go_calls", "Ctrl+1", tr("Cuộc gọi"), moving),
        Action("go_file", "Ctrl+2", tr("Hồ sơ"), moving),
        Action("go_case", "Ctrl+3", tr("Ca"), moving),
        Action("go_search", "Ctrl+4", tr("Tìm"), moving),
        Action("go_road", "Ctrl+5", tr("Đường truyền"), moving),
        Action("go_directory", "Ctrl+6", tr("Danh bạ"), moving),
        Action("go_queue", "Ctrl+7", tr("Hàng đợi"), moving),
        Action("go_shift", "Ctrl+8", tr("Ca trực"), moving),
        Action("queue_next", "Ctrl+J", tr("Nhận mục kế tiếp của hàng đợi"), moving),
        Action("list_call_backs", "Ctrl+9", tr("Lời hẹn gọi lại theo giờ: quá giờ, sắp đến giờ"), moving),
        Action("queue_more", "Ctrl+PgDown", tr("Hàng đợi: đọc tiếp trang sau"), moving),
        Action("queue_enter", "Ctrl+Shift+J", tr("Nhập thư, báo chí, công văn vào hàng đợi"), writing),
        Action("requests", "Ctrl+Shift+R", tr("Yêu cầu về dữ liệu cá nhân: sổ, hạn, bước tiếp theo"), writing),
        Action("audit", "Ctrl+Shift+K", tr("Nhật ký kiểm toán: ai xem gì, khi nào; chuỗi còn nguyên không"), desk),
        Action("exports", "Ctrl+Shift+S", tr("Xuất số liệu không nêu ai, danh sách đã che"), writing),
        Action("palette", "Ctrl+K", tr("Bảng lệnh: gõ việc cần làm, tên, mã"), moving),
        Action("search", "Ctrl+F", tr("Tìm tên, số máy, mã"), moving),
        Action("back", "Esc", tr("Quay lại (không bỏ chữ nào)"), moving),
        Action("zoom_in", "Ctrl++", tr("Chữ to hơn"), desk),
        Action("zoom_out", "Ctrl+-", tr("Chữ nhỏ hơn"), desk),
        Action("zoom_reset", "Ctrl+0", tr("Chữ cỡ thường"), desk),
        Action("language", "Ctrl+Shift+E", tr("Ngôn ngữ của màn hình: tiếng Việt, English"), desk),
        Action("theme", "Ctrl+Shift+M", tr("Đổi màu: sáng, tối, tương phản cao"), desk),
    ]
    return Registry(actions)
