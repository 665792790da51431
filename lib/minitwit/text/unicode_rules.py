"""Unicode rules: which texts are blank, and which spellings a username must not have.

The tables of `regex` and `unicodedataplus` take 30 ms to import, so callers import this
module only for text beyond ASCII.
"""

import unicodedata

import regex
import unicodedataplus

# Blank in every font although Unicode counts them among symbols, letters and marks:
# BRAILLE PATTERN BLANK, OBJECT REPLACEMENT CHARACTER, MUSICAL SYMBOL NULL NOTEHEAD,
# EGYPTIAN HIEROGLYPH FULL BLANK and HALF BLANK, KHITAN SMALL SCRIPT FILLER.
_BLANK = "\u2800\ufffc\U0001d159\U00013441\U00013442\U00016fe4"

_VISIBLE = regex.compile(
    rf"(?V1)[^\p{{Default_Ignorable_Code_Point}}\p{{Z}}\p{{Cc}}\p{{Cf}}{_BLANK}]"
)
_INVISIBLE = regex.compile(
    rf"(?V1)[[\p{{Default_Ignorable_Code_Point}}\p{{C}}{_BLANK}]--[\u200c\u200d]]"
)

# Where a script needs a joiner: RFC 5892, A.1 and A.2 (CONTEXTJ).
_MISPLACED_JOINER = regex.compile(
    r"""
    (?<! \p{ccc=Virama} ) \u200d
    | (?<! \p{ccc=Virama} | [\p{jt=L}\p{jt=D}] \p{jt=T}* ) \u200c
    | (?<! \p{ccc=Virama} ) \u200c (?! \p{jt=T}* [\p{jt=R}\p{jt=D}] )
    """,
    regex.VERBOSE,
)

# UTS 39, 5.4: the same mark twice, or more than four in a row; and one on no letter.
_STACKED_MARKS = regex.compile(r"([\p{Mn}\p{Me}])\1|[\p{Mn}\p{Me}]{5}|(?:^|[ ])\p{M}")

_ANY_SCRIPT = {"Zyyy", "Zinh"}  # Common and Inherited: digits, punctuation, emoji.
# UTS 39, 5.1: writing systems of several scripts.
_SYSTEMS = {
    "Hani": {"Hanb", "Jpan", "Kore"},
    "Hira": {"Jpan"},
    "Kana": {"Jpan"},
    "Bopo": {"Hanb"},
    "Hang": {"Kore"},
}


def is_blank(text: str) -> bool:
    """Return whether a text draws nothing."""
    return _VISIBLE.search(text) is None


def username_fault(name: str) -> str | None:
    """Return what is wrong with how a username is spelled, as a sentence, or None.

    A username is visible and has one spelling. Joiners stay where a script needs them.
    """
    if _INVISIBLE.search(name) or _MISPLACED_JOINER.search(name):
        return "The username must not contain invisible or unknown characters"
    if not unicodedata.is_normalized("NFC", name):
        return "Write each accented letter of the username as one character (NFC)"
    if plain := _plain(name):
        return f'The username contains styled characters; write "{plain}" instead'
    if _STACKED_MARKS.search(name):
        return "The username has accents without a letter, or too many on one"
    if not (_is_highly_restrictive(name) and _has_one_kind_of_digits(name)):
        return (
            "The username mixes alphabets or digits that look alike, such as Latin "
            "and Cyrillic; use one of them"
        )
    return None


def _plain(name: str) -> str | None:
    """Return a name without styled characters: full-width, bold and so on.

    Some letters that Unicode decomposes for compatibility have no other spelling in
    use, such as the Thai vowel am; they decompose to letters beyond ASCII.
    """
    plain = "".join(map(_plain_character, name))
    return plain if plain != name else None


def _plain_character(character: str) -> str:
    tag = unicodedataplus.decomposition(character).partition(">")[0]
    plain = unicodedata.normalize("NFKC", character)
    is_styled = tag.startswith("<") and (tag != "<compat" or plain.isascii())
    return plain if is_styled else character


def _is_highly_restrictive(name: str) -> bool:
    """Return whether UTS 39, 5.2 calls a name's scripts "highly restrictive"."""
    scripts = [set(unicodedataplus.script_extensions(c)) for c in set(name)]
    scripts = [found for found in scripts if not found & _ANY_SCRIPT]
    if _one_system(scripts):
        return True
    others = [found for found in scripts if "Latn" not in found]
    return bool(_one_system(others) & {"Hanb", "Jpan", "Kore"})


def _one_system(scripts: list[set[str]]) -> set[str]:
    """Return the scripts and systems in which all characters can be written."""
    systems = [
        found.union(*(_SYSTEMS.get(script, set()) for script in found))
        for found in scripts
    ]
    return set.intersection(*systems) if systems else {"Zyyy"}


def _has_one_kind_of_digits(name: str) -> bool:
    zeros = {ord(c) - unicodedata.decimal(c) for c in name if c.isdecimal()}
    return len(zeros) <= 1
