"""Troubles of the world, each with one clear sentence of advice: anything else that is raised is a bug."""

from __future__ import annotations


class Trouble(Exception):
    """The world's fault: told to the person in one Vietnamese sentence, and work goes on.

    `advice` never holds personal data.
    """

    advice = "Có trục trặc ngoài phần mềm. Chị/anh cứ làm việc tiếp và báo bộ phận kỹ thuật."

    def __init__(self, advice: str = "") -> None:
        super().__init__(advice or self.advice)
        if advice:
            self.advice = advice


class Offline(Trouble):
    """The server cannot be reached: refused, no route, timed out, name not found."""

    advice = "Chưa tới được máy chủ. Chị/anh cứ làm việc bình thường, dữ liệu nằm an toàn trên máy này."

    def __init__(self, advice: str = "", *, timed_out: bool = False) -> None:
        super().__init__(advice)
        self.timed_out = timed_out


class ServerLied(Trouble):
    """What came back is no answer of ours: a web page, a cut body, another program."""

    advice = (
        "Máy chủ trả lời không đúng (có thể đường truyền bị chặn bởi trang đăng nhập mạng). "
        "Dữ liệu vẫn an toàn trên máy này; hãy báo bộ phận kỹ thuật nếu kéo dài."
    )


class Untrusted(ServerLied):
    """The server did not prove that it is ours (certificate, name, pin, old TLS): nothing was sent to it."""

    advice = (
        "Máy chủ không chứng minh được là của tổng đài nên máy này không gửi gì. Dữ liệu vẫn an toàn trên máy; "
        "hãy báo bộ phận kỹ thuật kiểm tra chứng thư của máy chủ và ngày giờ của máy này."
    )


class PlainRefused(Untrusted):
    """The address is not encrypted and lies beyond this machine: nothing is sent there."""

    advice = (
        "Địa chỉ máy chủ không mã hóa (http://) nên máy này không gửi gì. Dữ liệu vẫn an toàn trên máy; "
        "hãy xin bộ phận kỹ thuật địa chỉ bắt đầu bằng https://."
    )


class ServerTrouble(Trouble):
    """The server says that it cannot now (5xx, 429). `retry_after_ms` is what it asked for, or None."""

    advice = "Máy chủ đang bận hoặc gặp lỗi. Phần mềm sẽ tự gửi lại; chị/anh cứ làm việc bình thường."

    def __init__(self, advice: str = "", *, retry_after_ms: int | None = None) -> None:
        super().__init__(advice)
        self.retry_after_ms = retry_after_ms


class SignedOut(Trouble):
    """The server does not know this device, or its session has ended and could not be renewed."""

    advice = "Máy chủ không nhận ra máy trạm này. Dữ liệu vẫn ở trên máy; hãy báo trưởng ca để đăng ký lại."


class Unapproved(SignedOut):
    """The device is enrolled and no shift leader has let it in yet: nothing goes either way until then."""

    advice = (
        "Máy mới đang chờ trưởng ca duyệt: chị/anh gọi trưởng ca và đọc tám từ của máy. "
        "Cứ làm việc bình thường, dữ liệu nằm an toàn trên máy này."
    )


class Revoked(SignedOut):
    """The device was taken out of service: no news for it any more, and the order to wipe itself.

    `lineage` is that of the centre, where the last words are still taken (empty: a hub said so); `since` UTC ms;
    `order` the centre's signature (base64) of `sync.door.wipe_claim`, to be checked before anything is wiped.
    """

    advice = (
        "Máy này đã được trung tâm thu hồi. Phần mềm đang gửi nốt những gì chưa gửi rồi xóa dữ liệu trên máy; "
        "chị/anh hãy gọi trưởng ca."
    )

    def __init__(self, advice: str = "", *, lineage: str = "", since: int = 0, order: str = "") -> None:
        super().__init__(advice)
        self.lineage, self.since, self.order = lineage, since, order


class Forked(Trouble):
    """The server holds other operations under this device's numbers: a cloned or restored desk."""

    advice = "Máy này từng được sao chép hoặc khôi phục. Phần mềm sẽ tự gửi lại dưới số hiệu mới."

    def __init__(self, advice: str = "", *, n: int = 0) -> None:
        super().__init__(advice)
        self.n = n


class Behind(Trouble):
    """The server lacks operations before this batch; `acked` is the last one it has."""

    advice = "Máy chủ còn thiếu dữ liệu cũ; phần mềm đang gửi lại."

    def __init__(self, advice: str = "", *, acked: int = 0) -> None:
        super().__init__(advice)
        self.acked = acked


class TooLarge(Trouble):
    """The batch is larger than the server takes."""

    advice = "Gói dữ liệu quá lớn; phần mềm sẽ chia nhỏ và gửi lại."


class NotGiven(Trouble):
    """The centre gives no emergency read of that file: it knows none by that code that this person may read."""

    advice = (
        "Trung tâm không tìm thấy hồ sơ có mã này, hoặc hồ sơ không được xem khẩn cấp. "
        "Chị/anh xem lại mã; nếu đúng mã, hãy gọi trưởng ca."
    )


class HereAlready(NotGiven):
    """The file belongs to this desk anyhow."""

    advice = "Hồ sơ này thuộc về máy này: chị/anh tìm lại bằng mã, hoặc chờ máy nhận xong dữ liệu."


class NoNewcomer(Trouble):
    """No device waits at that seat whose key has these words."""

    advice = (
        "Không có máy nào đang chờ ở ghế này với tám từ đó. Chị/anh nghe đọc lại từng từ; "
        "nếu vẫn không khớp thì đừng duyệt và báo bộ phận kỹ thuật."
    )


class MayNot(Trouble):
    """The table of roles does not let this person."""

    advice = "Vai trò của chị/anh không duyệt được máy của trung tâm này. Chị/anh chuyển cho trưởng ca."


class SegmentGone(Trouble):
    """A segment of a manifest was built anew since: the next manifest names others."""

    advice = "Máy chủ vừa sắp xếp lại dữ liệu; phần mềm đang lấy lại phần còn thiếu."
