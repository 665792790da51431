"""Identicons: avatars drawn as inline SVG from a hash of the username.

As files they would be thirty requests a page, each with more header than picture.
"""

import hashlib
from functools import cache, lru_cache

from markupsafe import Markup

_SIDE = 5  # cells; the right half mirrors the left one
_HALF = (_SIDE + 1) // 2
_FILLED = (1 << _HALF) - 1  # a row of the half
_CELLS = (1 << _SIDE * _HALF) - 1
_SVG = (
    '<svg class="face" viewBox="-1 -1 7 7" aria-hidden="true" '
    'fill="hsl({hue} 50% 54%)">'
    '<path fill-opacity=".16" d="M-1-1h7v7h-7z"/><path d="{cells}"/></svg>'
)


@lru_cache(maxsize=4096)
def identicon(username: str) -> Markup:
    """Return the avatar of a username as SVG."""
    digest = hashlib.sha256(username.encode()).digest()
    hue = int.from_bytes(digest[:2], "big") % 360
    bits = _balanced(int.from_bytes(digest[2:], "big"))
    cells = "".join([_row(y, bits >> y * _HALF & _FILLED) for y in range(_SIDE)])
    return Markup(_SVG.format(hue=hue, cells=cells))  # noqa: S704 (numbers only)


def _balanced(bits: int) -> int:
    """Drop bits until between 6 and 11 of the 15 cells are filled."""
    while bits and not 6 <= (bits & _CELLS).bit_count() <= 11:
        bits >>= 1
    return bits


@cache
def _row(y: int, bits: int) -> str:
    """Return the path of a row; adjacent cells become one rectangle."""
    half = [bool(bits >> x & 1) for x in range(_HALF)]
    row = [*half, *half[-2::-1], False]
    path, start = "", None
    for x, filled in enumerate(row):
        if filled and start is None:
            start = x
        elif not filled and start is not None:
            path += f"M{start} {y}h{x - start}v1h-{x - start}z"
            start = None
    return path
