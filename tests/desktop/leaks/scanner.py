"""Looks for canaries in files, texts and archives, in every way that bytes may hold a word."""

from __future__ import annotations

import base64
import io
import re
import secrets
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

import zstandard

NUMBERS = "931770"
"""Every canary number is +84 931 770 and three digits."""
_MOST_PACKED, _MOST_INFLATED = 1 << 20, 16 << 20


class Canaries:
    """Words and numbers that occur nowhere else: each holds the same mark, drawn for this run."""

    def __init__(self, mark: str = "") -> None:
        # Letters only: the diary masks long runs of digits, and a mark that it masks would find nothing.
        self.mark = mark or "Bé-" + "".join(secrets.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(12))
        self.made = 0
        self.patterns = _patterns(self.mark)
        digits = NUMBERS.encode()
        self._number = re.compile(rb"(?<![0-9])(?:\+?84|0)?" + digits + rb"[0-9]{3}(?![0-9])")
        self._wide = {"utf-16": NUMBERS.encode("utf-16-le"), "utf-32": NUMBERS.encode("utf-32-le")}
        self._hex = digits.hex().encode()

    def word(self, of: str = "") -> str:
        """The next one."""
        self.made += 1
        return f"KTRA_Nguyễn_Thị_{self.mark}_{self.made:03d}{f' {of}' if of else ''}"

    def number(self) -> str:
        """The next telephone number, as a caller's number comes."""
        self.made += 1
        return f"0{NUMBERS}{self.made % 1000:03d}"

    def found_in(self, data: bytes, inside: bool = True) -> set[str]:
        """In which encodings a canary lies in these bytes, also within what was packed in them."""
        found = {name for name, patterns in self.patterns.items() if any(one in data for one in patterns)}
        found |= {"number"} if self._number.search(data) else set()
        found |= {f"number {name}" for name, pattern in self._wide.items() if pattern in data}
        found |= {"number hex"} if self._hex in data else set()
        if inside:
            for packed in unpacked(data):
                found |= {f"packed {name}" for name in self.found_in(packed, inside=False)}
        return found


def _patterns(mark: str) -> dict[str, tuple[bytes, ...]]:
    plain, apart = mark.encode(), unicodedata.normalize("NFD", mark).encode()
    return {
        "utf-8": (plain, mark.lower().encode()),
        "utf-8 apart": (apart,),
        "folded": (unicodedata.normalize("NFD", mark).replace("\u0301", "").lower().encode(),),
        "utf-16": (mark.encode("utf-16-le"), mark.encode("utf-16-be")),
        "utf-32": (mark.encode("utf-32-le"), mark.encode("utf-32-be")),
        "base64": tuple(_base64(plain, shift) for shift in range(3)),
        "hex": (plain.hex().encode(), plain.hex().upper().encode()),
        "percent": (quote(mark).encode(), quote(mark).lower().encode()),
        "escaped": (mark.encode("unicode_escape"), mark.encode("ascii", "xmlcharrefreplace")),
    }


def _base64(plain: bytes, shift: int) -> bytes:
    """What is the same in the base64 of every text that holds these bytes at such a place."""
    whole = base64.b64encode(b"\0" * shift + plain)
    return whole[(shift * 8 + 5) // 6 : (shift + len(plain)) * 8 // 6]


def unpacked(data: bytes) -> Iterator[bytes]:
    """Whatever in these bytes was deflated, gzipped, packed with zstandard or zipped."""
    if data.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            yield from (archive.read(name) for name in archive.namelist())
    for match in re.finditer(rb"\x1f\x8b\x08|\x28\xb5\x2f\xfd|\x78[\x01\x5e\x9c\xda]", data):
        kind, rest = match[0], data[match.start() : match.start() + _MOST_PACKED]
        try:
            if kind == b"\x28\xb5\x2f\xfd":
                yield zstandard.ZstdDecompressor().decompressobj().decompress(rest)
            else:
                yield zlib.decompressobj(31 if kind == b"\x1f\x8b\x08" else 15).decompress(rest, _MOST_INFLATED)
        except (zstandard.ZstdError, zlib.error):
            continue  # these bytes only looked like it


def files(*roots: Path) -> list[Path]:
    """Every regular file under these places that can be read."""
    found: list[Path] = []
    for root in roots:
        if root.is_dir():
            found += [path for path in root.rglob("*") if path.is_file() and not path.is_symlink()]
        elif root.is_file():
            found.append(root)
    return found


def names_of(paths: Iterable[Path], root: Path) -> bytes:
    """The names themselves: a file's name can tell as much as the file."""
    return "\n".join(str(path.relative_to(root)) for path in paths).encode()


def sweep(canaries: Canaries, places: Mapping[str, Iterable[bytes | Path]]) -> dict[str, set[str]]:
    """Where canaries lie: place → encodings, only places that hold one. A file that goes meanwhile is none."""
    found: dict[str, set[str]] = {}
    for place, held in places.items():
        hits: set[str] = set()
        for one in held:
            if isinstance(one, Path):
                try:
                    hits |= canaries.found_in(one.read_bytes()) | canaries.found_in(one.name.encode())
                except FileNotFoundError:
                    continue
            else:
                hits |= canaries.found_in(one)
        if hits:
            found[place] = hits
    return found
