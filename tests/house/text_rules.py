"""House rules about any committed text: no place of one machine, no registry's address, NFC, whole locks."""

from __future__ import annotations

import re
import unicodedata

from tests.house.reading import Source

# Each with one letter in brackets, so that this file does not contain what it looks for.
MACHINE = re.compile(r"(?<![\w.:/-])/(wor[k]|tm[p]|roo[t]|hom[e]|User[s])/[\w.]|[A-Z]:\\User[s]\b|\.pyen[v]\b")
REGISTRY = re.compile(
    r"index-ur[l]|find-link[s]|files\.pythonhoste[d]|pypi\.(or[g]|pytho[n])|(deb|ftp|security)\.debia[n]\b"
    r"|registry\.npmj[s]|proxy\.golan[g]|crates\.i[o]|archive\.ubunt[u]",
    re.IGNORECASE,
)


def names_no_machine(source: Source) -> list[str]:
    """No path of somebody's machine and no address of a package registry."""
    found = []
    for number, line in enumerate(source.lines, 1):
        for kind, pattern in (("a path of one machine", MACHINE), ("a registry's address", REGISTRY)):
            if hit := pattern.search(line):
                found.append(source.at(number, f"{kind}: {hit[0]}"))
    return found


def is_nfc(source: Source) -> list[str]:
    """Text is stored composed: a decomposed tone mark looks the same and compares unequal."""
    if unicodedata.is_normalized("NFC", source.text):
        return []
    return [
        source.at(number, "not NFC")
        for number, line in enumerate(source.lines, 1)
        if not unicodedata.is_normalized("NFC", line)
    ]


def entries(source: Source) -> list[str]:
    """The entries of a lock, each on one line with its hashes."""
    joined = re.sub(r"\s*\\\n\s*", " ", source.text)
    return [line for line in joined.splitlines() if line.strip() and not line.lstrip().startswith("#")]


def pinned(source: Source) -> dict[str, str]:
    """Name and version of every package of a lock."""
    found = (re.match(r"([\w.-]+)==([^\s;]+)", entry) for entry in entries(source))
    return {match[1]: match[2] for match in found if match}


def is_a_whole_lock(source: Source) -> list[str]:
    """Each entry is one exact version with hashes, and nothing says where it comes from."""
    found = []
    for number, entry in enumerate(entries(source), 1):
        name = entry.split(" ")[0]
        if not re.match(r"[A-Za-z0-9][\w.-]*==[^\s;]+( ; [^@]+?)?( --hash=sha256:[0-9a-f]{64})+$", entry):
            found.append(source.at(number, f"{name}: one exact version with sha256 hashes and nothing else"))
        if "://" in entry or " @ " in entry:
            found.append(source.at(number, f"{name}: says where it comes from"))
    return found
