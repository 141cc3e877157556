"""What a passphrase of one's own has to be, said in one sentence where it is not."""

from __future__ import annotations

from typing import Final

from desktop.ui.words import tr

SHORTEST: Final = 8
"""Characters a new passphrase has at least."""


def new_words_fault(words: str, again: str) -> str:
    """Why a new passphrase cannot be taken, in one sentence; empty where it can."""
    if len(words) < SHORTEST:
        return tr("Mật khẩu cần từ 8 ký tự: một câu ngắn dễ nhớ là tốt nhất.")
    if words != again:
        return tr("Hai lần nhập mật khẩu chưa giống nhau. Chị/anh kiểm tra bộ gõ rồi nhập lại.")
    return ""
