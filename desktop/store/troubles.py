"""What can go wrong with a store, each as one sentence; the database's own words never reach a person."""

from __future__ import annotations

import errno

import sqlcipher3.dbapi2 as sqlcipher
from sqlalchemy.exc import DBAPIError

from sync.troubles import Trouble


class WrongPassphrase(Trouble):
    """No key slot opens with this name and passphrase."""

    advice = "Tên hoặc mật khẩu chưa đúng. Chị/anh kiểm tra bộ gõ, phím Caps Lock rồi nhập lại."


class CodeExpired(Trouble):
    """The one-time code is right and too old."""

    advice = "Mã dùng một lần đã hết hạn. Chị/anh nhờ trưởng ca hoặc đồng nghiệp đang ở máy này cấp mã mới."


class NeedsCode(Trouble):
    """The device's secret was made anew since this person signed in last: their passphrase opens nothing here."""

    advice = (
        "Khóa của máy này đã được khôi phục nên mật khẩu cũ không dùng được nữa; bản nháp của chị/anh vẫn còn. "
        "Chị/anh nhờ trưởng ca cấp mã dùng một lần rồi chọn mật khẩu mới."
    )


class LastPerson(Trouble):
    """Without this person nobody could open the desk."""

    advice = "Đây là người cuối cùng mở được máy này. Chị/anh thêm người khác vào máy trước rồi mới bớt người này."


class WrongKey(Trouble):
    """The store does not open with the key of the slots: files of two desks were mixed."""

    advice = (
        "Kho dữ liệu trên máy này không mở được bằng khóa hiện có. "
        "Chị/anh đừng xóa gì và gọi bộ phận kỹ thuật để khôi phục."
    )


class NewerStore(Trouble):
    """The store was written by a newer program; it is left as it is."""

    advice = (
        "Dữ liệu trên máy này thuộc phiên bản Trạm 111 mới hơn. "
        "Chị/anh cài phiên bản mới rồi mở lại; dữ liệu vẫn nguyên vẹn."
    )


class DiskFull(Trouble):
    """The disk has no room for what was to be saved; nothing of it was written, all earlier rows are whole."""

    advice = (
        "Ổ đĩa đã đầy nên CHƯA lưu được. Những gì đang nhập vẫn còn trên màn hình: "
        "chị/anh giải phóng dung lượng rồi bấm lưu lại."
    )


class Damaged(Trouble):
    """The store's file has a damaged page, or the disk fails while reading or writing it."""

    advice = (
        "Kho dữ liệu trên máy này bị hỏng hoặc ổ đĩa có lỗi. "
        "Chị/anh ghi tạm ra giấy, đừng tắt máy và gọi bộ phận kỹ thuật ngay."
    )


class StillOpen(Trouble):
    """The store's file cannot be exchanged while somebody else has it open (a copy is being made)."""

    advice = "Kho dữ liệu đang được sao lưu; phần mềm sẽ tự thử lại sau. Chị/anh cứ làm việc bình thường."


class UnknownCode(Trouble):
    """A coded field holds a code that this desk's lists do not have. `field` is the form's field name."""

    def __init__(self, field: str, label: str) -> None:
        super().__init__(
            f"Ô “{label}” có mã không nằm trong danh mục. Chị/anh chọn lại từ danh sách; các ô khác vẫn giữ nguyên."
        )
        self.field = field


class NotFound(Trouble):
    """The record is not on this desk (yet)."""

    advice = "Chưa có bản ghi này trên máy. Chị/anh chờ đồng bộ xong hoặc tìm lại theo mã."


def translate(fault: BaseException) -> Exception | None:
    """The trouble behind a database or system error; None where it is no trouble of the world but a bug."""
    if isinstance(fault, Trouble):
        return fault
    if isinstance(fault, DBAPIError) and fault.orig is not None:
        fault = fault.orig
    if isinstance(fault, OSError) and fault.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull()
    if isinstance(fault, sqlcipher.DatabaseError):
        text = str(fault)
        if "disk is full" in text:
            return DiskFull()
        if "not a database" in text:
            return WrongKey()
        if "malformed" in text or "disk I/O" in text:
            return Damaged()
    return None


class NotEnrolled(Trouble):
    """The store is there, but no server has registered this desk yet."""

    advice = "Máy này chưa đăng ký với trung tâm. Chị/anh xin trưởng ca mã đăng ký rồi nhập vào màn hình đăng ký."


class AlreadyEnrolled(Trouble):
    """This desk is registered; another registration would orphan what it has not sent yet."""

    advice = "Máy này đã đăng ký rồi. Chị/anh đóng màn hình này và đăng nhập như thường lệ."


class NoSuchCopy(Trouble):
    """There is no file of the name that was given as a backup."""

    advice = "Không có tệp sao lưu ở chỗ đã chỉ. Chị/anh xem lại đường dẫn; kho của máy này chưa bị thay đổi."


class NoCopy(Trouble):
    """There is no backup of this desk's store on this machine."""

    advice = (
        "Trên máy này chưa có bản sao lưu nào. Chị/anh đừng xóa gì và gọi bộ phận kỹ thuật; "
        "những gì đã tới trung tâm vẫn còn ở trung tâm."
    )
