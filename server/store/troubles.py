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
    backup = (
        "Thiếu tệp khóa của bản sao lưu: hãy chép tệp backup.key đã cất giữ vào máy này rồi chỉ tới nó bằng --key."
    )


class BackupUnreadable(Trouble):
    """The file is no backup of ours, is damaged, or was made under another key."""

    advice = (
        "Không đọc được bản sao lưu: tệp bị hỏng, không phải bản sao lưu của Trạm 111, hoặc khóa --key không phải "
        "khóa của nó. Chưa có gì bị thay đổi; hãy thử bản sao lưu khác."
    )


class BackupIncomplete(Trouble):
    """What was copied is not what is in the store: the backup counts for nothing and was removed."""

    advice = (
        "Bản sao lưu vừa tạo không khớp với kho nên đã bị bỏ, chưa được tính: hãy chạy lệnh verify để kiểm kho, "
        "kiểm tra ổ đĩa rồi sao lưu lại."
    )


class StoreInUse(Trouble):
    """Another program has the store open."""

    advice = "Kho đang được một chương trình khác mở: hãy dừng trung tâm (serve) trước, rồi chạy lại lệnh này."


class StoreIsThere(Trouble):
    """A store lies where the backup would go, and nobody said that it may be put aside."""

    advice = (
        "Ở đây đã có kho dữ liệu. Nếu chắc chắn muốn thay bằng bản sao lưu, hãy thêm --force: kho cũ được cất "
        "sang bên, không bị xóa."
    )


class WrongRole(Trouble):
    """The store was made by a server of the other role."""

    advice = (
        "Thư mục dữ liệu này thuộc vai khác (trung tâm hoặc trạm vùng): hãy chọn đúng --data và --role; "
        "chưa có gì bị thay đổi."
    )


class NotAHub(Trouble):
    """A hub was asked for, and this folder holds none that is enrolled."""

    advice = (
        "Trạm vùng này chưa đăng ký với trung tâm: hãy xin mã bằng lệnh code --hub ở trung tâm rồi chạy lệnh "
        "enrol-hub với mã đó."
    )


class NotThisHub(Trouble):
    """A hub that was enrolled before asked to be the same again, and the centre did not take it by this code."""

    advice = (
        "Trung tâm không nhận lại trạm vùng này bằng mã đó: mã sai, đã dùng, hết hạn, hoặc của ghế khác (thêm "
        "--seat); hoặc trạm vùng này đã bị thu hồi, khi đó đăng ký trạm vùng mới với một thư mục --data trống. "
        "Chưa có gì đổi."
    )


class AnotherCentre(Trouble):
    """A hub that holds one centre's records asked another centre to take it."""

    advice = (
        "Địa chỉ --upstream là một trung tâm khác, không phải nơi trạm vùng này từng đăng ký: dữ liệu ở đây không "
        "được trộn với nơi ấy. Hãy sửa --upstream, hoặc dùng một thư mục --data trống. Thư mục này chưa có gì đổi."
    )
