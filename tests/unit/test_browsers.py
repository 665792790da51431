"""The words for a browser, from headers that browsers and programs send."""

import pytest

from functions.timeline.browsers import browser_name

MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X)"
PIXEL = "Mozilla/5.0 (Linux; Android 10; K)"
CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0"
SAFARI = "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1"


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (f"{WINDOWS} {CHROME} Safari/537.36", "Chrome on Windows"),
        (f"{WINDOWS} {CHROME} Safari/537.36 Edg/142.0.0.0", "Edge on Windows"),
        (f"{MAC} {CHROME} Safari/537.36 OPR/124.0.0.0", "Opera on macOS"),
        (f"{MAC} {SAFARI} Safari/605.1.15", "Safari on macOS"),
        (f"{PHONE} {SAFARI} Mobile/15E148 Safari/604.1", "Safari on iPhone"),
        (f"{PHONE} AppleWebKit/605 CriOS/142.0 Safari/604.1", "Chrome on iPhone"),
        (f"{PHONE} AppleWebKit/605 FxiOS/145.0 Safari/605", "Firefox on iPhone"),
        (f"{PIXEL} {CHROME} Mobile Safari/537.36", "Chrome on Android"),
        (
            f"{PIXEL} AppleWebKit/537.36 SamsungBrowser/29 Chrome/136 Safari/537.36",
            "Samsung Internet on Android",
        ),
        (
            "Mozilla/5.0 (Android 16; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0",
            "Firefox on Android",
        ),
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
            "Firefox on Linux",
        ),
        (f"Mozilla/5.0 (X11; CrOS x86_64 14541) {CHROME}", "Chrome on ChromeOS"),
        ("curl/8.14.1", "curl"),
        ("python-requests/2.32.5", "python-requests"),
        ("Mozilla/5.0 (Linux; Android 16) Something/1.0", "A browser on Android"),
        ("Mozilla/5.0", "An unknown browser"),
        ("", "An unknown browser"),
        ("<script>/1", "An unknown browser"),
        ("\u202egnp.exe", "An unknown browser"),
        ("x" * 400, "An unknown browser"),
    ],
)
def test_a_header_becomes_words(user_agent: str, words: str) -> None:
    assert browser_name(user_agent) == words
