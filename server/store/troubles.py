"""Troubles of the centre's store, each with one sentence for the person who runs the centre."""

from __future__ import annotations

from sync.troubles import Trouble


class StoreUnavailable(Trouble):
    """The disk is full, the file is locked too long, or PostgreSQL does not answer: nothing was written."""

    advice = (
        "Kho dữ liệu của trung tâm không ghi hoặc đọc được lúc này: hãy kiểm tra dung lượng đĩa và máy chủ "
        "PostgreSQL; các máy trạm sẽ tự gửi lại."
    )


class NewerStore(Trouble):
    """The store was written by a newer program."""

    advice = (
        "Kho dữ liệu này do phiên bản mới hơn của Trạm 111 ghi: hãy cài phiên bản mới rồi chạy lại; "
        "chưa có gì bị thay đổi."
    )


class WrongKey(Trouble):
    """The key beside the database does not open it."""

    advice = (
        "Khóa server.key không mở được kho centre.db: hãy đặt lại đúng tệp khóa đã lưu cùng kho này; "
        "chưa có gì bị thay đổi."
    )


class WrongAddress(Trouble):
    """The URL of the database is none that this program can open."""

    advice = "Địa chỉ --database không đúng: hãy viết như postgresql+psycopg://tên@máy/kho."


class KeyMissing(Trouble):
    """There is a database and no key beside it; a new key could never open it."""

    advice = "Thiếu tệp khóa server.key bên cạnh kho centre.db: hãy chép lại tệp khóa từ bản lưu rồi chạy lại."
