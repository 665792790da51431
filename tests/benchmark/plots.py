"""SVG plots: grouped horizontal bars, for light and dark pages."""

from collections.abc import Mapping
from html import escape

_BAR, _GAP, _LABELS, _WIDTH = 12, 10, 210, 520  # pixels
_COLOURS = (
    *("#4269d0", "#efb118", "#ff725c", "#6cc5b0", "#3ca951", "#a463f2"),
    *("#ff8ab7", "#97bbf5", "#9c6b4e"),
)


def bars(title: str, groups: Mapping[str, Mapping[str, float]]) -> str:
    """Return a plot of groups of bars, each group on its own scale's share."""
    series = list(dict.fromkeys(name for group in groups.values() for name in group))
    colours = dict(zip(series, _COLOURS, strict=False))
    largest = max(value for group in groups.values() for value in group.values())
    parts, top = [_legend(title, colours)], 48
    for label, group in groups.items():
        middle = top + len(group) * _BAR / 2 + 4
        parts.append(_text(_LABELS - 8, middle, label, "end"))
        for name, value in group.items():
            width = value / largest * _WIDTH
            parts.append(_rectangle(_LABELS, top, width, _BAR - 2, colours[name]))
            parts.append(_text(_LABELS + width + 4, top + 9, f"{value:,.4g}"))
            top += _BAR
        top += _GAP
    size = f'width="{_LABELS + _WIDTH + 70}" height="{top}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" '
        f'font-family="sans-serif" font-size="10" fill="#888">\n'
        f"<title>{escape(title)}</title>\n" + "\n".join(parts) + "\n</svg>\n"
    )


def _legend(title: str, colours: Mapping[str, str]) -> str:
    parts, left = [_text(8, 16, title)], _LABELS
    for name, colour in colours.items():
        parts += [_rectangle(left, 26, 10, 10, colour), _text(left + 14, 35, name)]
        left += 24 + 7 * len(name)
    return "\n".join(parts)


def _rectangle(x: float, y: float, width: float, height: float, colour: str) -> str:
    place = f'x="{x:g}" y="{y:g}" width="{width:.1f}" height="{height:g}"'
    return f'<rect {place} fill="{colour}"/>'


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f"<text {place}>{escape(text)}</text>"
