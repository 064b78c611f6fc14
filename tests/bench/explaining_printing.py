"""Prints how fast emails are explained, as small tables for people."""

from tests.bench.explaining import Explaining
from tests.bench.printing import print_line

LEAST_SHARE = 0.5
MOST_SECONDS = 10.0
MOST_GROWTH = 3.0
_SHOWN = 5


def print_explaining(explaining: Explaining) -> None:
    print_line(f"\n{explaining.emails} emails of {explaining.bytes_in_all / explaining.emails / 1000:.1f} kB explained")
    print_line(f"{'mail-parser alone':22}{explaining.mail_parser:8.0f} emails a second, {_unread(explaining)}")
    print_line(f"{'intake':22}{explaining.intake:8.0f} emails a second")
    share = explaining.intake / explaining.mail_parser
    print_line(f"intake / mail-parser  {share:8.2f}     at least {LEAST_SHARE:g}")
    slowest = sorted(explaining.hostile, key=lambda each: each.twice, reverse=True)
    print_line(f"\n{len(slowest)} hostile emails of 2 MB, the slowest; of 10 MB none may take {MOST_SECONDS:g} s")
    for each in slowest[:_SHOWN]:
        print_line(f"{each.name:34}{each.twice:8.2f} s, {each.growth:.1f} times that of 1 MB, {each.memory:.0f} MB")
    steep = [each.name for each in slowest if each.growth > MOST_GROWTH and each.twice > 1]
    print_line(f"time grows faster than size for: {', '.join(steep) or 'none'}")


def _unread(explaining: Explaining) -> str:
    return f"{explaining.unread_by_mail_parser} of them not read"
