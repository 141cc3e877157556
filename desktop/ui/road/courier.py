"""The card for when every line is dead: unsent work onto a stick, the centre's reply back from it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QLineEdit, QWidget

from desktop.background.aside import AsideLane
from desktop.operations import courier
from desktop.operations.courier import CourierDesk, Exported, TakenReply
from desktop.ui.theme.tokens import TONE_ROOM, Status
from desktop.ui.widgets.file_choice import FileChoice
from desktop.ui.widgets.flowing import Flowing
from desktop.ui.widgets.said import Card, Mark, Said, button
from desktop.ui.words import spoken, tr
from sync.troubles import Trouble


class CourierModel(QObject):
    """Writes and reads on the aside lane; says in one sentence what became of it. One thing at a time."""

    changed = Signal()
    taken = Signal()

    def __init__(self, aside: AsideLane, desk: CourierDesk) -> None:
        super().__init__()
        self._aside, self._desk = aside, desk
        self.busy = False
        self.status, self.words = Status.QUIET, ""

    def export(self, folder: str) -> None:
        """Write what is unsent into the folder."""
        if self._may_begin(folder, tr("Đang ghi ra USB, chị/anh cứ làm việc tiếp…")):
            self._aside.submit(partial(courier.export, self._desk, Path(folder)), self._exported, self._failed)

    def take_reply(self, folder: str) -> None:
        """Take what the centre answered from the folder."""
        if self._may_begin(folder, tr("Đang đọc hồi đáp, chị/anh cứ làm việc tiếp…")):
            self._aside.submit(partial(courier.take_reply, self._desk, Path(folder)), self._took, self._failed)

    def _may_begin(self, folder: str, words: str) -> bool:
        if self.busy:
            return False
        if not folder.strip():
            self._say(Status.WAITING, tr("Chị/anh chọn thư mục trên USB trước."))
            return False
        self.busy = True
        self._say(Status.MOVING, words)
        return True

    def _exported(self, done: Exported) -> None:
        self.busy = False
        volumes = done.volumes[0]
        if len(done.volumes) > 1:
            volumes = tr("{count} tập, {first} đến {last}").format(
                count=len(done.volumes), first=done.volumes[0], last=done.volumes[-1]
            )
        if done.operations:
            words = tr(
                "Đã ghi {count} bản ghi chưa gửi ra USB ({volumes}). Chị/anh mang USB về trung tâm; "
                "chỉ trung tâm mở được, dữ liệu vẫn giữ trên máy này."
            )
        else:
            words = tr(
                "Không có bản ghi nào chờ gửi. Đã ghi lời xin tin mới ({volumes}): trung tâm sẽ ghi hồi đáp vào USB."
            )
        if done.operations and done.is_hub:
            words = tr(
                "Đã ghi {count} bản ghi chưa gửi ra USB ({volumes}). Chị/anh mang USB đến trạm vùng; "
                "chỉ trạm vùng mở được, dữ liệu vẫn giữ trên máy này."
            )
        if done.files_out:
            words += " " + tr("Kèm {out} tệp đính kèm.")
        if done.files:
            words += " " + tr("{files} tệp đính kèm chưa ghi được ra USB này, chờ USB khác hoặc có đường truyền.")
        count = f"{done.operations:,}".replace(",", ".")
        self._say(Status.GOOD, words.format(files=done.files, out=done.files_out, count=count, volumes=volumes))

    def _took(self, done: TakenReply) -> None:
        self.busy = False
        self.taken.emit()
        words = tr("Trung tâm đã nhận {new} bản ghi của máy này, còn {waiting} chờ gửi. Đã lấy về {came} bản ghi.")
        new = max(0, done.acked - done.acked_before)
        said = [words.format(new=new, waiting=done.waiting, came=done.came)]
        if done.files:
            said.append(tr("Trung tâm đã có đủ {count} tệp đính kèm.").format(count=done.files))
        if done.again:
            said = [
                tr(
                    "Máy này từng được sao chép nên trung tâm cần nhận lại {waiting} bản ghi: "
                    "chị/anh bấm “Ghi ra USB” một lần nữa."
                ).format(waiting=done.waiting)
            ]
        if done.missing:
            said.append(tr("Hồi đáp còn thiếu tập: chị/anh chép đủ các tập rồi đọc lại."))
        if done.damaged:
            said.append(tr("Có đoạn trên USB không đọc được, phần đọc được đã dùng."))
        if done.held:
            said.append(tr("{count} bản ghi trung tâm đang giữ lại, chờ người xem.").format(count=done.held))
        uncertain = done.again or done.missing or done.damaged or done.held
        self._say(Status.WAITING if uncertain else Status.GOOD, " ".join(said))

    def _failed(self, fault: Exception) -> None:
        self.busy = False
        self._say(Status.URGENT, spoken((fault if isinstance(fault, Trouble) else Trouble).advice))

    def _say(self, status: Status, words: str) -> None:
        self.status, self.words = status, words
        self.changed.emit()


class CourierCard(Card):
    """Folder, two buttons and one sentence; no dialog stands in the way of a call."""

    def __init__(self, model: CourierModel) -> None:
        super().__init__(margins=16, space=8)
        self.model = model
        self.inside.addWidget(Said(tr("Bằng USB khi mọi đường đều đứt"), "section"))
        self.folder = QLineEdit()
        self.folder.setObjectName("box.usb_folder")
        self.folder.setPlaceholderText(tr("Thư mục trên USB"))
        self.folder.setAccessibleName(tr("Thư mục trên USB"))
        self.choose = button("usb_choose", tr("Chọn thư mục…"))
        self.write = button("usb_export", tr("Ghi ra USB"), tip=tr("Niêm phong mọi bản ghi chưa gửi cho trung tâm"))
        self.read = button("usb_reply", tr("Đọc hồi đáp"), tip=tr("Đọc những gì trung tâm đã ghi lại vào USB"))
        parts = QWidget()
        row = Flowing(parts)
        row.add(self.folder, 1)
        for one in (self.choose, self.write, self.read):
            row.add(one)
        self.inside.addWidget(parts)
        self.said = Mark(Status.QUIET, "", wraps=True)
        self.said.words.setObjectName("label.usb")
        # Two lines from the start: what became of a stick must not push the page about, nor be cut.
        self.said.words.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.said.words.setMinimumHeight(2 * self.said.words.fontMetrics().lineSpacing() + 3 * TONE_ROOM)
        self.inside.addWidget(self.said)
        self._dialog: QFileDialog | None = None
        self.choose.clicked.connect(self._choose)
        self.write.clicked.connect(self._write)
        self.read.clicked.connect(self._read)
        self.folder.returnPressed.connect(self.write.setFocus)
        model.changed.connect(self._changed)
        self._changed()

    @Slot()
    def _choose(self) -> None:
        """Qt's own list of folders, beside the window and not over it."""
        if self._dialog is None:
            self._dialog = FileChoice(self, tr("Thư mục trên USB"), self.folder.text())
            self._dialog.setFileMode(QFileDialog.FileMode.Directory)
            self._dialog.setOption(QFileDialog.Option.ShowDirsOnly)
            self._dialog.setModal(False)
            self._dialog.fileSelected.connect(self._chosen)
        self._dialog.show()

    @Slot(str)
    def _chosen(self, folder: str) -> None:
        self.folder.setText(folder)
        self.write.setFocus()

    @Slot()
    def _write(self) -> None:
        self.model.export(self.folder.text())

    @Slot()
    def _read(self) -> None:
        self.model.take_reply(self.folder.text())

    @Slot()
    def _changed(self) -> None:
        for one in (self.write, self.read):
            one.setEnabled(not self.model.busy)
        words = self.model.words or tr(
            "Ghi những gì chưa gửi ra USB đã niêm phong, mang về trung tâm, rồi đọc hồi đáp. "
            "Mất USB cũng không lộ gì ngoài dung lượng."
        )
        self.said.say(self.model.status, words)
