"""How far apart two colours are for an eye, also one without red, green or blue cones.

Simulation by the matrices of Machado, Oliveira and Fernandes (2009) at full severity in linear RGB; distance is
CIE76 in CIELAB (D65). Only arithmetic: nothing of Qt.
"""

from __future__ import annotations

import math
from typing import Final

Triple = tuple[float, float, float]
Matrix = tuple[Triple, Triple, Triple]

EYES: Final[dict[str, Matrix]] = {
    "all cones": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    "no red": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "no green": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "no blue": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}
_XYZ: Final[Matrix] = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
_WHITE: Final[Triple] = (0.95047, 1.0, 1.08883)


def apart(one: str, other: str, eye: str) -> float:
    """CIE76 distance of two colours like #1B2A2E for this eye: 0 is the same, about 2 is just seen."""
    return math.dist(_lab(one, EYES[eye]), _lab(other, EYES[eye]))


def _lab(colour: str, eye: Matrix) -> Triple:
    red, green, blue = (_linear(int(colour[place : place + 2], 16) / 255) for place in (1, 3, 5))
    seen = [min(1.0, max(0.0, part)) for part in _times(eye, (red, green, blue))]
    x, y, z = _times(_XYZ, (seen[0], seen[1], seen[2]))
    fx, fy, fz = (_root(part / white) for part, white in zip((x, y, z), _WHITE, strict=True))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def _times(matrix: Matrix, parts: Triple) -> Triple:
    rows = [sum(factor * part for factor, part in zip(row, parts, strict=True)) for row in matrix]
    return rows[0], rows[1], rows[2]


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


def _root(part: float) -> float:
    return part ** (1 / 3) if part > 216 / 24389 else (24389 / 27 * part + 16) / 116
