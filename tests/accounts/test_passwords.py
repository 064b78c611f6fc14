"""Which passwords are good enough, and how they are kept."""

import pytest

from intake.accounts.passwords import hashed, is_right, mistake_in


@pytest.mark.parametrize(
    "password",
    [
        "otter ladder marmalade",
        "correct horse battery staple",
        "k7#Vq9!mZ2xw",
        "wrth ein bodd yn y bore",
        "ⵜⴰⵎⴰⵣⵉⵖⵜ ⵜⴰⵏⴰⵡⴰⵢⵜ",
        "Summer-in-Riverford-1974",
    ],
)
def test_a_long_password_of_any_kind_is_good(password: str) -> None:
    assert mistake_in(password, name="Asha Rahman", address="asha.rahman@county.example") is None


@pytest.mark.parametrize(
    ("password", "word"),
    [
        ("k7#Vq9!mZ2x", "at least 12"),
        ("x1" * 200, "at most 256"),
        ("RahmanRahman-otter", "name and address"),
        ("otters of asha and co", "name and address"),
        ("asha.rahman@county.example", "name and address"),
        ("password1234", "first to be guessed"),
        ("P@ssw0rd2026!", "first to be guessed"),
        ("123456789012", "first to be guessed"),
        ("qwertyuiop123", "first to be guessed"),
        ("Liverpool2025!!", "first to be guessed"),
        ("WinterWinter2026", "first to be guessed"),
        ("aaaaaaaaaaaaaa", "first to be guessed"),
        ("councilcouncil1", "first to be guessed"),
        ("letmein-letmein", "first to be guessed"),
    ],
)
def test_a_password_that_is_short_or_guessed_first_is_refused_and_told_why(password: str, word: str) -> None:
    mistake = mistake_in(password, name="Asha Rahman", address="asha.rahman@county.example")
    assert mistake is not None
    assert word in mistake


def test_only_the_same_password_is_right_and_only_argon2_of_it_is_kept() -> None:
    stored = hashed("otter ladder marmalade")
    assert stored.startswith("$argon2id$")
    assert is_right("otter ladder marmalade", stored) == (True, None)
    assert is_right("otter ladder marmalad", stored) == (False, None)
    assert is_right("x" * 100_000, stored) == (False, None)


def test_who_has_no_password_is_let_in_by_none() -> None:
    assert is_right("", None) == (False, None)
    assert is_right("the hash that is compared where there is none", None) == (False, None)


def test_a_hash_of_weaker_times_is_made_anew() -> None:
    from pwdlib.hashers.argon2 import Argon2Hasher

    right, renewed = is_right("otter ladder marmalade", Argon2Hasher(time_cost=1).hash("otter ladder marmalade"))
    assert right
    assert renewed
    assert is_right("otter ladder marmalade", renewed) == (True, None)
