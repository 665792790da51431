"""Hypothesis strategies for hostile names, messages and headers.

Each strategy draws from kinds of faults that users of other services have reported:
invisible characters, look-alike scripts, names with a meaning at a site's root, links
inside other text, headers in every spelling that HTTP permits. Nothing here imports
MiniTwit, so that tests do not take its own tables for the truth.
"""

import unicodedata
from collections.abc import Callable

from hypothesis import strategies as st

# Letters of one script each; some have a decomposed form, some need a joiner.
_WORDS = (
    *("alice", "Bob", "Zoë", "José", "Ngọc", "Smith-Jones", "Ó'Neill", "straße"),
    *("Анна", "Ελένη", "שרה", "محمد", "प्रिया", "สมชาย", "太郎", "はなこ", "지민"),
)
_CYRILLIC_FOR_LATIN = str.maketrans("aceopxyB", "асеорхуВ")
_BOLD_FOR_LATIN = {
    **{ord("a") + i: chr(0x1D41A + i) for i in range(26)},
    **{ord("A") + i: chr(0x1D400 + i) for i in range(26)},
}
_FULL_WIDTH = {code: chr(code + 0xFEE0) for code in range(0x21, 0x7F)}

# Beside the format characters (Cf), Unicode's default-ignorable code points.
_IGNORED = "\u034f\u115f\u1160\u17b4\u17b5\u180b\u3164\ufe00\ufe0f\uffa0\U000e0100"
_BLANK = "\u2800"
_BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_JOINERS = "\u200c\u200d"

words = st.sampled_from(_WORDS)
_latin_words = st.sampled_from([word for word in _WORDS if word.isascii()])
_decomposed_words = st.sampled_from(
    [
        unicodedata.normalize("NFD", word)
        for word in _WORDS
        if not unicodedata.is_normalized("NFD", word)
    ]
)
invisible = st.sampled_from(_IGNORED + _BLANK + _BIDI) | st.characters(
    categories=["Cf"], exclude_characters=_JOINERS
)
_blanks = st.characters(categories=["Zs", "Zl", "Zp"])
_accents = st.text(st.characters(categories=["Mn", "Me"]), min_size=1, max_size=60)


@st.composite
def _inserted(
    draw: st.DrawFn, text: st.SearchStrategy[str], part: st.SearchStrategy[str]
) -> str:
    """Draw a text with a part inserted anywhere."""
    whole = draw(text)
    at = draw(st.integers(0, len(whole)))
    return whole[:at] + draw(part) + whole[at:]


# None of these may be registered: each is invisible, or looks like another name.
impostors = (
    st.text(invisible, min_size=1, max_size=3)
    | _inserted(words, invisible)
    | _decomposed_words
    | st.tuples(words, _blanks).map("".join)
    | st.tuples(_blanks, words).map("".join)
    | st.tuples(words, st.just("  "), words).map("".join)
    | _latin_words.map(lambda word: word.translate(_CYRILLIC_FOR_LATIN))
    | _latin_words.map(lambda word: word.translate(_BOLD_FOR_LATIN))
    | _latin_words.map(lambda word: word.translate(_FULL_WIDTH))
)

_spellings: list[Callable[[str], str]] = [str, str.upper, str.title, str.swapcase]
_ROOT_NAMES = (
    *("robots.txt", "favicon.ico", "sitemap.xml", "ads.txt", "security.txt"),
    *("humans.txt", ".well-known", "apple-touch-icon.png", "browserconfig.xml"),
    *("crossdomain.xml", "manifest.json", "index.html", "wp-login.php", ".env"),
    *("public", "login", "logout", "msgs", "latest", "api", "static", "register"),
)
root_names = st.builds(
    lambda name, spell: spell(name),
    st.sampled_from(_ROOT_NAMES),
    st.sampled_from(_spellings),
)
_url_names = st.sampled_from(
    '.. . a%2Fb a%00 a?b a#b a;b=c a\\b a+b a&b @a ~ <b> " ` {user} %s -1 null'.split()
)
names = (
    words
    | impostors
    | root_names
    | _url_names
    | _inserted(words, _accents)
    | _inserted(words, st.sampled_from(_JOINERS))
    | st.tuples(words, st.just(" "), words).map("".join)
    | st.text(max_size=110)
)

_links = st.tuples(
    st.sampled_from(["http://", "https://", "HTTP://", "javascript:", "//", "http:/"]),
    st.sampled_from(["example.org", "user@example.org", "[::1]", "münchen.example"]),
    st.sampled_from(["", "/", "/logout", "/a(b)", "/a。次", "/c”", "/%zz", "/?q=<b>"]),
).map("".join)
_mentions = st.tuples(
    st.sampled_from(["@", "x@", "@@", "\u202e@", "(@"]),
    names,
    st.sampled_from(["", ".", "@other.example", "'s", "\u0308", "\u200b"]),
).map("".join)
_lines = st.integers(1, 500).map("\n".__mul__)
_crawler_rules = st.just("\nUser-agent: *\nDisallow: /")
_markup = st.sampled_from(
    ["<script>", "</li></ul>", "<!--", "]]>", "&lt;", "&#0;", "\x0b", "\x1b[31m"]
)
messages = st.lists(
    st.text(max_size=40)
    | words
    | invisible
    | _blanks
    | _accents
    | _links
    | _mentions
    | _lines
    | _crawler_rules
    | _markup,
    max_size=8,
).map("".join)

_CREDENTIAL = "c2ltdWxhdG9yOnN1cGVyX3NhZmUh"
_authorization = st.builds(
    lambda scheme, blanks, value: f"{scheme}{blanks}{value}",
    st.sampled_from(["Basic", "basic", "BASIC", "Bearer", ""]),
    st.sampled_from([" ", "  ", "\t", ""]),
    st.sampled_from([_CREDENTIAL, f"{_CREDENTIAL}=", "%%%", "w7/Dvw==", ""]),
)
_content_types = st.builds(
    lambda kind, parameter, spell: spell(kind) + parameter,
    st.sampled_from(
        (
            *("application/json", "application/x-www-form-urlencoded", "text/plain"),
            *("multipart/form-data", "application/json, text/html", "*/*", "json", "/"),
        )
    ),
    st.sampled_from(["", "; charset=utf-8", ";charset=UTF-7", ";", '; a="', ";;=;"]),
    st.sampled_from(_spellings),
)
_cookies = st.lists(
    st.builds(
        lambda name, equals, value: f"{name}{equals}{value}",
        st.sampled_from(["session", "flash", "wrote", "__Host-session", "$Version"]),
        st.sampled_from(["=", "", "=="]),
        st.sampled_from(["junk", "", '"', "a.b.c", "\u00ff", "1", "x" * 300]),
    ),
    max_size=3,
).map("; ".join)
_origins = st.sampled_from(
    ["null", "http://[", "http://evil.example", "//", "http://minitwit.test:99999", "é"]
)
_sites = st.sampled_from(["cross-site", "none", "same-origin", "Same-Site", "x", ""])
_tags = st.sampled_from(["*", '"x"', 'W/"', "x, y", '""', ","])
_accepted = st.sampled_from(["text/html", "*/*;q=x", "text/html;q=0", ";", "a/b"])
_proxies = st.sampled_from(
    ["for=_x;host=evil.example;proto=https", "evil.example", "https", "::1", "1, 2", ""]
)
_traces = st.sampled_from(["00-" + "0" * 32 + "-" + "0" * 16 + "-01", "ff-x", "-"])

_header = st.one_of(
    *(
        st.tuples(st.sampled_from(spellings), values)
        for spellings, values in [
            (["Authorization", "authorization", "AUTHORIZATION"], _authorization),
            (["Content-Type", "content-type"], _content_types),
            (["Cookie", "cookie"], _cookies),
            (["Origin", "Referer", "referer"], _origins),
            (["Sec-Fetch-Site", "sec-fetch-site", "Sec-Fetch-Mode"], _sites),
            (["If-None-Match", "If-Match", "If-Range", "Range"], _tags),
            (["Accept", "Accept-Language", "Accept-Encoding"], _accepted),
            (["Forwarded", "X-Forwarded-Host", "X-Forwarded-Proto"], _proxies),
            (["X-Forwarded-For", "X-Real-Ip", "X_Forwarded_Proto"], _proxies),
            (["traceparent", "tracestate", "baggage"], _traces),
        ]
    )
)
# As a client sends them: a header may come twice, with the same or another value.
headers = st.lists(_header, max_size=6).map(
    lambda pairs: [
        (name.encode(), value.encode("latin-1").strip()) for name, value in pairs
    ]
)
