"""What werkzeug wrote still signs in: its forms, with hashes made by it."""

import pytest

from minitwit.accounts import passwords

# The password of each is "correct horse".
WERKZEUG = [
    "pbkdf2:sha256:50000$MSlpelsLbWsNGd4x$"
    "cd63042a80d3e226c60607eb9d180d86d2c40306269f2088598b872af955e898",
    "pbkdf2:sha256:1000$trSp5gNwEsoOXvCF$"
    "e21d5de7649c75559e723d232e1de06e7b3e25090372cff744c3744e1c9c7345",
    "pbkdf2:sha1:1000$7xESK9ZiPPohPIfi$b9de83c39aecd4e78de5c190c023b9829d19e6f2",
    "scrypt:32768:8:1$KMe6aLQVGN8mTGJI$"
    "9e80e9f7b9709d48a9e12ba9ac9fa7fa4053530a22b03f966d3281d31a3b9bb3"
    "ddd3d79bc4a1c2c625dbb50ce724a491ff8ed1d23f88ed744d4bb3df1098fa32",
    "scrypt:16384:8:1$OtKjH1jvxeR4kNzN$"
    "cf9136ef29fdb2997bece411f229ce7587f9acaabce87d618b11c5c28c40bcf6"
    "f8f566e0586133e49ed259dea1bf976a88877684478335241050d6587dc3b134",
    "sha1$Sk2eEtViKDo5v1Ao$94f98f0a0a1aaece2fe252f2792b166c4e35c0d8",
    "md5$ydAM0zHZwJeYg2WL$c6e2f926ffcd98b417b422c463b49c02",
    "sha256$RSZnOtrZmB51jCON$"
    "37696dbff5a98b76a9f207183c506f448fdcf258e486e7223e19cf44b153a212",
    # Unsalted, which the oldest versions accepted.
    "sha1$$2f9e53523b62abc141a2b4d6019d23cba835dbd0",
]


@pytest.mark.parametrize("password_hash", WERKZEUG)
def test_a_hash_of_werkzeug_accepts_its_password_only(password_hash: str) -> None:
    assert passwords.matches("correct horse", password_hash)
    assert not passwords.matches("correct horse ", password_hash)
    assert not passwords.matches("", password_hash)


@pytest.mark.parametrize("password_hash", WERKZEUG)
def test_a_hash_of_werkzeug_is_outdated(password_hash: str) -> None:
    assert passwords.is_outdated(password_hash)
    assert not passwords.is_outdated(passwords.hash_password("correct horse"))


@pytest.mark.parametrize(
    "password_hash",
    [
        "",
        "!",
        "plain$$correct horse",
        "correct horse",
        "md5$salt$",
        "pbkdf2:nonsense:1000$salt$00",
        "pbkdf2:sha256:0$salt$00",
        "scrypt:3:8:1$salt$00",
        "scrypt:0:0:0$salt$00",
        "$argon2id$broken",
    ],
)
def test_what_is_no_hash_accepts_no_password(password_hash: str) -> None:
    assert not passwords.matches("correct horse", password_hash)
    assert not passwords.matches("", password_hash)


def test_nobody_signs_in_without_an_account_whatever_the_password() -> None:
    assert not passwords.matches("", None)
    assert not passwords.matches("correct horse", None)
