"""A key said over the phone: eight everyday Vietnamese words, told apart even without their tones."""

from __future__ import annotations

from hashlib import sha256
from typing import Final

from domain.text import fold

COUNT: Final = 8
"""So many words stand for a key: 64 bits. Whoever wants another key with the same words has to make about 2^64."""

_BOUND: Final = b"tram111/words/1\x00"

_WORDS: Final = """
áo · bàn · bánh · bát · bắp · bèo · bếp · biển · bòng · bút · bưởi · cá · cam · cau · cây · chài · chanh ·
chăn · chậu · chèo · chén · chiếu · chim · chò · chong chóng · chổi · chuối · chuông · cò · cốc · cối · cua
· cúc · cừu · dao · dâu · dế · dép · dòng sông · diều · dưa · đàn · đá · đèn · đêm · đinh · đĩa · đò · đồi ·
đồng · đu đủ · đường · ếch · én · gà · gạo · gấm · gấu · ghe · giày · giếng · gió · gỗ · gối · gừng · hạc ·
hành · hạt · hẹ · hiên · hoa · hồ · hộp · hươu · kem · kẹo · kèn · khăn · khế · khoai · khóa · khói · kiến ·
kim · kính · khỉ · lá · lạc · lan · lau · lê · len · lịch · lò · lồng · lụa · lưới · lươn · mai · mây · mận
· mắm · me · mèo · mía · mít · mõ · mỏ neo · mưa · mực · muối · muỗng · mũ · nai · nắng · nấm · ná · nem ·
ngan · ngao · ngô · ngói · ngọc · ngỗng · ngựa · nghé · nhà · nhãn · nhện · nho · nhung · nón · nồi · nơ ·
núi · nước · nứa · ong · ổi · ốc · ô tô · ớt · phà · phấn · phố · phượng · quạ · quạt · quần · quế · quýt ·
rạ · rau · rắn · rêu · rìu · rổ · rồng · rùa · rừng · ruộng · sách · sao · sân · sen · sim · sò · sóc · sóng
· sỏi · sơn · sung · suối · súp · sữa · tàu · táo · tằm · tem · tết · thảm · thang · thác · thìa · thỏ ·
thông · thước · thuyền · tía tô · tỏi · tôm · tranh · trà · trai · trăng · trâu · tre · trống · trứng ·
trường · tủ · túi · tường · tuyết · vải · vạc · váy · vẹt · vịt · voi · vòng · vở · vườn · xà phòng · xe ·
xoài · xôi · xuồng · xương rồng · xẻng · yến · yếm · bơ · bướm · cáo · cát · cốm · dây · đài · gươm · hến ·
hải âu · hành lang · bạch đàn · bàng · bầu · bí · cà rốt · cà phê · bồ câu · ca nô · cánh đồng · chè · chim
sẻ · đom đóm · hoàng hôn · hướng dương · khinh khí cầu · la bàn · máy bay · mặt trời · mật ong · nhà ga ·
ngôi sao · con đường · sầu riêng
"""

WORDS: Final = tuple(" ".join(word.split()) for word in _WORDS.split("·"))
"""256 names of things, one for each byte; no two are alike when their tones are dropped (a bad line drops them)."""


def words_of(key: bytes) -> tuple[str, ...]:
    """The eight words of a public key (raw bytes)."""
    return tuple(WORDS[byte] for byte in sha256(_BOUND + key).digest()[:COUNT])


def said_of(key: bytes) -> str:
    """As they are shown and read aloud."""
    return " · ".join(words_of(key))


def plain(said: str) -> str:
    """Words as somebody typed them, without tones, capitals, marks between them: what is compared."""
    return " ".join("".join(one if one.isalnum() else " " for one in fold(said)).split())


def are_of(said: str, key: bytes) -> bool:
    """Whether these are the words of that key, in their order."""
    return plain(said) == plain(" ".join(words_of(key)))
