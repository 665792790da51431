"""Identicons."""

import re
import xml.etree.ElementTree as ET

from functions.timeline.identicons import identicon


def cells(username: str) -> set[tuple[int, int]]:
    """Read the filled cells back from the path."""
    path = ET.fromstring(identicon(username))[1].attrib["d"]  # noqa: S314 (ours)
    found = set()
    for x, y, width in re.findall(r"M(\d) (\d)h(\d)v1h-\3z", path):
        found |= {(int(x) + i, int(y)) for i in range(int(width))}
    return found


def test_a_name_always_has_the_same_picture_and_another_name_another() -> None:
    pictures = {identicon(f"user {number}") for number in range(500)}
    assert len(pictures) > 495
    assert identicon("user 7") in pictures


def test_a_picture_is_mirrored_and_inside_its_frame() -> None:
    for name in ("alice", "Roger Histand", "Ærlig talt", "🦩"):
        shown = cells(name)
        assert shown == {(4 - x, y) for x, y in shown}
        assert all(0 <= x < 5 and 0 <= y < 5 for x, y in shown)


def test_a_picture_is_small_and_needs_no_inline_style() -> None:
    for number in range(100):
        picture = identicon(str(number))
        assert len(picture) < 500
        assert "style" not in picture
