"""Phone numbers: one key for every way of writing a number, how it is shown, how it is hidden.

Rests on the library `phonenumbers`, loaded on first need; it calls 111 invalid, so the short numbers are our
own list.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

SHORT_NUMBERS: Final = frozenset({"111", "112", "113", "114", "115"})
"""Child protection, search and rescue, police, fire, ambulance."""

_MOBILE: Final = re.compile(r"(?:\+84|0084|84|0)([35789]\d{8})")
_HIDDEN: Final = "•"


def _digits(text: str) -> str:
    """The decimal digits of any script, as 0-9."""
    return "".join(str(unicodedata.decimal(char)) for char in text if char.isdecimal())


def _parse(text: str) -> PhoneNumber | None:
    import phonenumbers  # noqa: PLC0415 - 47 MB on disk; the ring path and start-up rarely need it

    try:
        number = phonenumbers.parse(text, "VN")
    except phonenumbers.NumberParseException:
        return None
    return number if phonenumbers.is_valid_number(number) else None


def normalise(text: str) -> str:
    """The key under which a number is stored and compared; empty when the text holds no digit ("anonymous").

    A valid number gives E.164 ("+84900081502"), a short number itself. Any other number that looks Vietnamese
    (old eleven digits, invented ones) still gets one key however it is written: "+84" and the rest. What
    remains gives its bare digits.
    """
    text = unicodedata.normalize("NFKC", text).strip()
    digits = _digits(text)
    if not digits:
        return ""
    if digits in SHORT_NUMBERS:
        return digits
    plain = ("+" if text.startswith(("+", "(+")) else "") + digits
    mobile = _MOBILE.fullmatch(plain)
    if mobile is not None:
        return "+84" + mobile[1]
    if len(digits) <= 6 and not plain.startswith("+"):
        return digits
    if plain.startswith("00"):
        plain = "+" + digits[2:]
    number = _parse(plain)
    if number is not None:
        return f"+{number.country_code}{_national(number)}"
    if plain.startswith("+"):
        return "+84" + digits[3:] if plain.startswith("+840") else plain
    if digits.startswith("84") and len(digits) in (11, 12):
        return "+" + digits
    return "+84" + digits[1:] if digits.startswith("0") and len(digits) in (10, 11) else digits


def _national(number: PhoneNumber) -> str:
    import phonenumbers  # noqa: PLC0415 - see `_parse`

    return phonenumbers.national_significant_number(number)


def domestic(key: str) -> str:
    """The digits as a person in Vietnam dials and remembers them: "+84900081502" → "0900081502"; others as
    they are.
    """
    if key.startswith(("+841800", "+841900")):
        return key[3:]
    return "0" + key[3:] if key.startswith("+84") else key


def display(text: str) -> str:
    """The number for reading aloud: "0900 081 502", "024 3812 3456", "+1 202-555-0143", "111"; "" for no
    number.
    """
    key = normalise(text)
    if not key.startswith("+"):
        return key
    if key.startswith("+84") and len(key) == 12 and key[3] in "35789":
        own = domestic(key)
        return f"{own[:4]} {own[4:7]} {own[7:]}"
    number = _parse(key)
    if number is not None:
        import phonenumbers  # noqa: PLC0415 - see `_parse`

        style = phonenumbers.PhoneNumberFormat
        home = number.country_code == 84
        return phonenumbers.format_number(number, style.NATIONAL if home else style.INTERNATIONAL)
    return domestic(key)


def masked(text: str) -> str:
    """The number where it must be recognised but not read: first two and last two digits stay ("09•• •••
    •02").

    Short numbers are no person's and stay readable; any other number of at most five digits is hidden whole.
    """
    shown = display(text)
    if shown in SHORT_NUMBERS:
        return shown
    places = [place for place, char in enumerate(shown) if char.isdecimal()]
    kept = {*places[:2], *places[-2:]} if len(places) > 5 else set()
    hidden = set(places) - kept
    return "".join(_HIDDEN if place in hidden else char for place, char in enumerate(shown))


def tail_key(text: str) -> str:
    """The number backwards, so that "ends with 502" is a search for the beginning "205": digits only, as
    dialled.
    """
    return _digits(domestic(normalise(text)))[::-1]


def tail_query(typed: str) -> str:
    """What was typed as last digits, turned to match the beginning of `tail_key`; empty when no digit was
    typed.

    A whole number may be typed in any of its forms, also with +84.
    """
    digits = _digits(typed)
    return tail_key(typed) if len(digits) >= 9 else digits[::-1]


def last_digits(text: str, count: int = 3) -> str:
    """The last `count` digits, by which counsellors name a number to each other; fewer when the number is
    shorter.
    """
    return _digits(normalise(text))[-count:] if count > 0 else ""
