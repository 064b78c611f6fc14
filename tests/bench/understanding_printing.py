"""Prints how well emails are understood, beside the bars of docs/understanding.md."""

from tests.bench.printing import print_line
from tests.bench.understanding import OwnWords, Understanding, Whole

LEAST_EXACT = 85
MOST_CUT = 3


def print_understanding(understanding: Understanding) -> None:
    _print_whole("our own", understanding.own)
    _print_own_words("our own", understanding.own_words_of_ours)
    if understanding.given:
        _print_whole("given", understanding.given)
    if understanding.own_words_given:
        _print_own_words("given", understanding.own_words_given)


def _print_whole(which: str, whole: Whole) -> None:
    print_line(f"\n{whole.emails} emails, {which}")
    print_line(f"could not be read     {whole.unread:8}     at most 0")
    print_line(f"without any text      {whole.without_text:8}")
    print_line(f"automatic             {whole.automatic:8}     {whole.bounces} of them bounces")
    print_line(f"forwarded             {whole.forwarded:8}")
    print_line(f"encrypted             {whole.encrypted:8}")


def _print_own_words(which: str, counted: OwnWords) -> None:
    def of_100(number: int) -> float:
        return 100 * number / counted.texts

    print_line(f"\nown words of {counted.texts} emails, {which}")
    print_line(f"exact                 {of_100(counted.exact):8.1f} in 100, at least {LEAST_EXACT}")
    print_line(f"cut short             {of_100(counted.cut):8.1f} in 100, at most {MOST_CUT}")
    print_line(f"too long              {of_100(counted.too_long):8.1f} in 100")
