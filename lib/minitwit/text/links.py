"""Finds addresses and mentions of users in messages.

An address ends where a reader sees it end, so its pattern is written in properties of
Unicode. A mention is the longest name after an @ that a user has, spaces included; a
part of a name is no mention, since it would be another user's.
"""

from collections.abc import Collection, Iterator
from functools import cache
from itertools import islice
from typing import Any, NamedTuple
from unicodedata import normalize

from minitwit.text.fields import MAX_USERNAME

# All candidates of a message are looked up in one statement, so there is an upper bound
# of them: so many mentions, and so many places where the name of one may end.
MAX_MENTIONS = 20
_MAX_ENDS = 20
_MAX_NESTING = 2  # of parentheses within others in an address

# RFC 3986 keeps "<>\^`{|} out of addresses. Beyond ASCII an address ends before spaces,
# invisible characters, quotes, brackets, dashes and what ends clauses; joiners
# and variation selectors belong to words and emoji. It holds ASCII brackets in pairs.
_STOP = (
    r"\s\"<>\\^`{|}\p{Z}\p{Cc}\p{Co}\p{Cn}[\p{Cf}--[\u200c\u200d]]"
    r"[\p{Default_Ignorable_Code_Point}&&\p{L}]"
    r"[[\p{Ps}\p{Pe}\p{Pi}\p{Pf}\p{Quotation_Mark}]--[()\[\]']]"
    r"[\p{Terminal_Punctuation}--[!,.:;?]]\u2014\u2015\u2e3a\u2e3b\uff5c"
    r"\u275b-\u2760\U0001f676-\U0001f678"
)
_ADDRESS = r"""
    (?<![A-Za-z0-9_]) (?i:https?)://
    (?! [^\s/?\#]* @ )                      # Credentials hide what follows them.
    (?: [\p{L}\p{N}] [\p{L}\p{M}\p{N}._-]* | \[ [0-9A-Fa-f:.]+ \] ) (?: : [0-9]+ )?
    (?: [/?\#] (?: [^STOP()\[\]] | PAIR | \[ [^STOP\[\]]*+ \] )* )?
    (?<! [\p{P}--[/\-_&\#%@)\]]] )
"""
_AT = r"(?<! [\p{L}\p{M}\p{N}_@./+\-] ) @ (?= [^\s@] )"

# Where a name may end: not inside a word, a grapheme cluster, an address, or a name
# whose parts a sign joins, as in Smith-Jones. "@bob's" mentions Bob.
_END = r"""
    (?<= \S ) (?! [\p{L}\p{M}\p{N}_@\p{Cf}\p{Variation_Selector}] )
    (?! [\-\u2010\u2011.·・&+=\#%~*$'\u2019] (?! s\b ) [\p{L}\p{N}] )
"""


class Candidate(NamedTuple):
    """A username that a message may mention, and the place behind its @."""

    place: int
    username: str


def mention_candidates(content: str) -> list[Candidate]:
    """Return every username that a message may mention, at each place longest first."""
    if "@" not in content:
        return []
    places = (m.end() for m in _found().finditer(content) if m[0] == "@")
    return [
        Candidate(place, name)
        for place in islice(places, MAX_MENTIONS)
        for text in reversed(_texts(content, place))
        for name in _spellings(text)
    ]


def next_found(content: str, start: int) -> tuple[int, int] | None:
    """Return begin and end of the next address, or of the @ of a mention."""
    match = _found().search(content, start)
    return match.span() if match else None


def longest_mention(
    content: str, place: int, usernames: Collection[str]
) -> tuple[str, str] | None:
    """Return the longest text from a place that spells a username, and the name."""
    for text in reversed(_texts(content, place)):
        for name in _spellings(text):
            if name in usernames:
                return text, name
    return None


def _texts(content: str, start: int) -> list[str]:
    """Return the texts from a place that may be names, shortest first."""
    # In NFC a name is shorter than where its accents are characters of their own.
    line = content[start : start + 2 * MAX_USERNAME].partition("\n")[0]
    stop = start + len(line)
    ends = (match.start() for match in _ends().finditer(content, start + 1))
    return [content[start:end] for end in islice(ends, _MAX_ENDS) if end <= stop]


def _spellings(text: str) -> Iterator[str]:
    """Yield how a name may be stored: as written, as older ones are, and in NFC."""
    yield text
    if not text.isascii() and (nfc := normalize("NFC", text)) != text:
        yield nfc


# `regex` takes 26 ms to import, so a replica does it for its first message with an @ or
# an address.
@cache
def _found() -> Any:
    import regex

    address = _ADDRESS.replace("PAIR", _pair(_MAX_NESTING)).replace("STOP", _STOP)
    pattern = f"(?: {address} ) | {_AT}"
    return regex.compile(pattern, regex.VERBOSE | regex.V1)


def _pair(nesting: int) -> str:
    """Return the pattern of a pair of parentheses, with others inside.

    It matches in one way or not at all ("*+" never gives back), and looks no further
    than it may nest: or else a message of parentheses would take seconds, or forever.
    """
    inner = f" | {_pair(nesting - 1)}" if nesting else ""
    return rf"\( (?: [^STOP()]{inner} )*+ \)"


@cache
def _ends() -> Any:
    import regex

    return regex.compile(_END, regex.VERBOSE | regex.V1)
