"""The words of generated scenarios, chosen to be hard on software.

Many scripts, both directions, letters outside the basic plane, combining marks in
both forms, and every character that means something to a URL, HTML, JSON or SQL.
"""

# ruff: noqa: RUF001 (letters that resemble Latin ones are the point)

from typing import NamedTuple

# Added to a name. No slash, which names must not have, and no backslash, which an
# edge may refuse in a path.
NAME_ENDINGS = (
    " #1",
    "?",
    " 100%",
    "%20",
    "+",
    " <3",
    "~^|",
    "; --",
    " => []",
    " 😀",
    " 🇩🇰",
)

# Added to a name in Latin letters: a name does not mix alphabets that look alike.
LATIN_ENDINGS = (
    *NAME_ENDINGS,
    " & søn",
    " c++",
    ' "Q"',
    " <b>",
    "; DROP TABLE users",
    " a=b",
    "@home",
    " [x]",
    " {y}",
    " `z`",
    ", esq.",
)


class Language(NamedTuple):
    """What names and messages of a language are made of, and what joins the words."""

    given: str
    family: str
    words: str
    space: str = " "
    endings: tuple[str, ...] = NAME_ENDINGS


LATIN = Language(
    "Alice Bob Charlie Søren Åse Æbba Zoë José Þóra Müge Łucja Ngọc",
    "Holm Ørsted Nuñez Dvořák Çelik Ångström Weiß Ó'Neill Smith-Jones Nguyễn Šimůnek",
    "the a small river runs past our house today maybe nobody knew why smørrebrød "
    "naïve café jalapeño straße façade over under bicycle rain and then it stopped",
    endings=LATIN_ENDINGS,
)

OTHERS = (
    # Latin again; in messages its accents are combining marks of their own, in names
    # only those that no letter includes.
    Language(
        "Zoé M\u0327ajeḷ N\u0304eita J\u0308an Åsa",
        "Nuñez Dvořák Müller Lévi Thân",
        "cafe\u0301 nai\u0308ve garc\u0327on pin\u0303ata a\u030ar "
        "z\u0351a\u0360l\u0334go",
        endings=LATIN_ENDINGS,
    ),
    Language(
        "Ελένη Γιώργος Μαρία Νίκος Σοφία",
        "Παππάς Γεωργίου Ιωάννου Δήμου",
        "η θάλασσα σήμερα είναι ήσυχη και ο ουρανός γαλανός",
    ),
    Language(
        "Анна Борис Юлия Пётр Екатерина",
        "Ёлкин Чехов Щукина Соловьёв",
        "вчера шёл снег а сегодня солнце и все гуляют у реки",
    ),
    Language(
        "ليلى عمر فاطمة يوسف نور",
        "حداد النجار خليل منصور",
        "اليوم ذهبنا إلى السوق ثم عدنا إلى البيت قبل المطر",
    ),
    Language(
        "שרה דוד רחל יעקב מרים",
        "כהן לוי מזרחי ברק",
        "היום הלכנו לים ואחר כך חזרנו הביתה לפני הגשם",
    ),
    Language(
        "आशा रवि प्रिया कृष्ण मीना",
        "शर्मा वर्मा त्रिपाठी क्षेत्री",
        "आज नदी के किनारे हवा ठंडी थी और हम देर तक बैठे रहे",
    ),
    Language(
        "小明 丽华 伟 秀英 𠮷",
        "王 李 張 歐陽",
        "今天 天气 很好 我们 去 河边 散步 吧",
        "",
    ),
    Language(
        "さくら 太郎 ユキ 健一 みどり",
        "佐藤 鈴木 髙橋 渡邉",
        "今日は いい 天気 ですね 川まで 歩いて ラーメンを 食べた",
        "・",
    ),
    Language(
        "민준 서연 지우 하은 도윤",
        "김 이 박 최",
        "오늘은 날씨가 좋아서 강가를 오래 걸었다 그리고 쉬었다",
    ),
    Language(
        "สมชาย มาลี ณัฐ ปิยะ น้ำฝน",
        "ใจดี ศรีสุข ทองคำ",
        "วันนี้ อากาศ ดีมาก เรา ไป เดินเล่น ริมน้ำ",
    ),
)

# Put among the words of a message.
FRAGMENTS = (
    *LATIN_ENDINGS,
    " 👩\u200d👩\u200d👧",
    " 𝔐",
    " n\u0303",
    "<script>alert('hi')</script>",
    "&amp; &lt;",
    "C:\\temp\\new",
    "\\u0041 \\n \\",
    "' OR '1'='1' --",
    "“quoted” ‘words’ «here»",
    '"id": null}',
    "${HOME} {{ 7 * 7 }} %s %(name)s {0}",
    "https://example.org/a?b=c&d=%C3%A9#top",
    "#hashtag @Alice Holm",
    "\u202eback to front\u202c",
    "line\u2028separator",
    "no\u00a0break",
    "👍🏽🎉🏳️\u200d🌈",
    "𝕱𝖗𝖆𝖐𝖙𝖚𝖗 ∑∞≠ €",
)
