"""What a counsellor types: made-up sentences that hold every Vietnamese letter and tone, and slips set right."""

from __future__ import annotations

SAID = (
    "Cháu bé 7 tuổi kể: tối qua bố uống rượu rồi đánh, cháu sợ lắm.",
    "Chị hàng xóm nghe tiếng khóc, gọi 111 lúc 22 giờ 15.",
    "Người gọi muốn giữ kín; nghi phạm là cậu ruột, ở cùng nhà.",
    "Đã liên hệ Ủy ban nhân dân xã Mỹ Hòa Hưng, hẹn sáng mai 8h.",
    "Trẻ nghỉ học từ tuần trước vì bị bạn bắt nạt, ngại đến lớp.",
    "Em Đặng Thị Quỳnh Như, sinh năm 2014, dân tộc Khmer, học lớp 5.",
    "ĐỒNG THÁP, THỪA THIÊN HUẾ, BÀ RỊA, ẴM BẾ, ỖNG ẸO",
    "ằ ẳ ẵ ặ ầ ẩ ẫ ậ ề ể ễ ệ ồ ổ ỗ ộ ờ ở ỡ ợ ừ ử ữ ự ỳ ỷ ỹ ỵ",
    "quyển truyện, khuỷu tay, nguệch ngoạc, xoèn xoẹt, thuở nhỏ",
    "Không ai nghe máy; thử lại 3 lần (0296 3852 222).",
)
# Keys with slips, and what must stand after them: \b is Backspace.
CORRECTIONS = (
    ("bij\b\bbij ddanhs", "bị đánh"),
    ("hojc sinhh\b mowis", "học sinh mới"),
    ("sowj\b\bsowj lawms", "sợ lắm"),
    ("chasu\b\b\b\bchaus bes", "cháu bé"),
    ("Xax Phus Myx\b\bMyx DDinhf", "Xã Phú Mỹ Đình"),
)
