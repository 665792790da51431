"""Names the browser of a User-Agent header in words, such as "Firefox on Android"."""

import re

# In this order: most headers also name the ancestors of their browser and system.
_BROWSERS = {
    "Edge": r"\bEdg(e|A|iOS)?/",
    "Opera": r"\b(OPR|Opera)/",
    "Vivaldi": r"\bVivaldi/",
    "Samsung Internet": r"\bSamsungBrowser/",
    "Firefox": r"\b(Firefox|FxiOS)/",
    "Chrome": r"\b(Chrome|Chromium|CriOS|HeadlessChrome)/",
    "Safari": r"\bSafari/",
}
_SYSTEMS = {
    "iPhone": r"\biPhone\b",
    "iPad": r"\biPad\b",
    "Android": r"\bAndroid\b",
    "Windows": r"\bWindows\b",
    "ChromeOS": r"\bCrOS\b",
    "macOS": r"\bMac(intosh| OS X)\b",
    "Linux": r"\bLinux\b",
}
# A program names itself first: curl/8.14.1, python-requests/2.32.
_PROGRAM = re.compile(r"(?!Mozilla/)[A-Za-z][\w.-]{0,40}(?=/|$)", re.ASCII)


def browser_name(user_agent: str) -> str:
    """Return which browser or program sent a User-Agent, and its system if known."""
    browser = _first(_BROWSERS, user_agent)
    system = _first(_SYSTEMS, user_agent)
    if browser is None and (program := _PROGRAM.match(user_agent)):
        browser = program[0]
    named = browser or ("A browser" if system else "An unknown browser")
    return f"{named} on {system}" if system else named


def _first(patterns: dict[str, str], text: str) -> str | None:
    return next(
        (n for n, pattern in patterns.items() if re.search(pattern, text)), None
    )
