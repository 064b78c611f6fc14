"""Recognises the lines with which mail programs begin what they quote: quote marks, lead-ins ("On … wrote:") and
dividers ("-----Original Message-----"). Looks at a few lines at a time, decides nothing about what is kept."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from intake.mail.header_blocks import INVISIBLE, has_address_in, has_time_in, read_header_block, read_label
from intake.mail.lead_ins import (
    END_OF_MESSAGE,
    FORWARDED_MESSAGE,
    OPENERS,
    ORIGINAL_MESSAGE,
    WEEKDAYS,
    WROTE,
    WROTE_ANYWHERE,
    phrases,
)

_WITHOUT_DIRECTIONS: Final = dict.fromkeys(range(0x202A, 0x202F)) | {0x200E: None, 0x200F: None}
_RULE: Final = "-–—_=*~+#• "
_MOST_LINES: Final = 7
LINES_READ: Final = 100_000  # beyond them nobody looks for quotations: two thousand pages
_LONGEST_OPENING: Final = 40  # a header's label, with the marks around it
_PROCESSED: Final = ("original message processed by ", "message du ")
_DIGIT: Final = re.compile(r"\d")
_LONGEST: Final = 400

_OPENING_WORDS: Final = OPENERS | WEEKDAYS
_VERBS: Final = sorted({verb for table in WROTE.values() for verb in phrases(table)}, key=len, reverse=True)
# On lower-case text: half the time of a search that ignores case, and it is asked of every line.
_WROTE: Final = re.compile(
    (
        r"(?:^|[\s>\"')\]”»,])(?:" + "|".join(map(re.escape, _VERBS)) + r")(?=$|[\s,:;<\"“«(-])|"
        r">\s?(?:" + "|".join(map(re.escape, _VERBS)) + r")$|" + "|".join(map(re.escape, phrases(WROTE_ANYWHERE)))
    ).lower()
)
_ENDS_WITH_WROTE: Final = re.compile(r"(?:wrote|schrieb|skrev|a écrit) ?-{2,}$", re.IGNORECASE)
_ADDRESS_WROTE: Final = re.compile(
    r"[^\s<>]@[^\s<>]{1,200}> (?:" + "|".join(map(re.escape, _VERBS)) + r")$", re.IGNORECASE
)
_BRACKETED: Final = re.compile(r"(?:<|\(|\[|&lt;)[^\s<>()\[\]]{1,80}@[^\s<>()\[\]]{1,200}")
_SENDER: Final = re.compile(_BRACKETED.pattern + r"|[^\s<>]{1,64}@[^\s<>]{1,200}\W{0,8}$|^(?:Wiadomość|Missatge) ")
_TELLS: Final = re.compile(r"\b(?:I|we|me|us|my|our|he|she|they|who|that)\b")
# What a line broken off a lead-in looks like: "wrote:" or "ben@council.example> wrote:".
_TORN_OFF: Final = re.compile(
    r"(?:[^\s<>]{1,64}@[^\s<>]{1,255}> ?)?(?:" + "|".join(map(re.escape, _VERBS)) + r") ?:$", re.IGNORECASE
)
_DATE: Final = re.compile(r"(?:19|20)\d\d|\d{1,4}[./-]\d{1,2}[./-]\d{1,4}")
_ISO_STAMP: Final = re.compile(r"20\d\d-\d\d-\d\d \d\d:\d\d GMT[+-]\d\d:\d\d \S.{1,80}$")  # early Gmail
_SHORT_WEEKDAY: Final = re.compile(
    r"(?<!\w)(?:" + "|".join(sorted(re.escape(day) for day in WEEKDAYS if len(day) <= 4)) + r")[.,]", re.IGNORECASE
)
_BARE_ADDRESS_LAST: Final = re.compile(r"(?:[<(][^<>()\s]{1,80}@[^<>()\s]{1,200}[>)]|&lt;[^\s&]{1,200}&gt;)$")
_LINK: Final = re.compile(r"\[?([^\s<>\[\]()]{1,64}@[^\s<>\[\]()]{1,255})\]?[<(]mailto:[^\s<>()]{1,300}[>)]")
_GROUPWISE: Final = re.compile(r">>> .{3,200}\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}.{0,40}(?:>>>)?$")
_USENET: Final = re.compile(r"In (?:message|article) <[^<>\s]{3,200}>,? .{1,200} (?:wrote|writes):?$")
# Yahoo for Android writes what it quotes behind the lead-in, on the same line.
_RUNS_ON: Final = re.compile(
    r"(?:On|Am|Le|El|Il|Op|Em|Den|Ar) .{6,120}\d[:.]\d\d.{1,120}<[^<>\s]{1,80}@[^<>\s]{1,200}> ?"
    r"(?:wrote|schrieb|a écrit|escribió|ha scritto|schreef|escreveu|skrev|ysgrifennodd) ?: {2,}\S"
)
# A lead-in behind the end of a sentence: the line is the writer's as much as the program's.
_STUCK: Final = re.compile(r"(?!On |Ar )[^.!?]{2,200}[^\W\d]{2}[.!?]+ (?:On|Ar) [^.!?]{0,20}\d")
_NOTES: Final = re.compile(r"\S.{1,80} ?-{2,3} ?\d{1,2}[./-]\d{1,2}[./-]\d{2,4} \d{1,2}:\d{2}.{0,12}-{2,3}")

_ORIGINALS: Final = phrases(ORIGINAL_MESSAGE)
_FORWARDS: Final = phrases(FORWARDED_MESSAGE)
_DIVIDERS: Final = _ORIGINALS | _FORWARDS
_FORWARD_STARTS: Final = tuple(_FORWARDS)
_LONGEST_PHRASE: Final = 80
_DASHES: Final = frozenset("-–—_=")
_FARTHEST_DASH: Final = 13
_RULED: Final = re.compile(
    r"[\s>*|\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]{0,12}[-–—_=]{2,40}\s{0,4}(?P<phrase>"
    + "|".join(map(re.escape, sorted(_DIVIDERS, key=len, reverse=True)))
    + r")[^-–—_=\n]{0,120}?[-–—_=]{2,40}(?P<rest>.*)$",
    re.IGNORECASE,
)

_ORANGE: Final = re.compile(r"message du \d\d/\d\d/\d\d(?:\d\d)? (?:à )?\d\d[:h]\d\d$")
_CLOSING: Final = re.compile(
    r"[\s>*|\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]{0,12}[-–—_=]{2,40}\s{0,4}(?:"
    + "|".join(map(re.escape, sorted(phrases(END_OF_MESSAGE))))
    + r").{0,60}"
    r"[-–—_=]{2,40}\s*$|[\s>]{0,12}=={4,40} ?forwarded message ?=={4,40}\s*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class LeadIn:
    """`text` on one line; `end` is the first line after it. A strong one was certainly written by a program; a weak
    one ("On Monday the head wrote:") may be a person's sentence, and so may one that names no address unless quoted
    lines follow it."""

    text: str
    end: int
    is_strong: bool

    @property
    def is_certain(self) -> bool:
        """Strong whatever follows it: with an address, or a date as only programs write it ("Thu, 5 Mar 2020")."""
        return self.is_strong and (has_address_in(self.text) or _SHORT_WEEKDAY.search(self.text) is not None)


@dataclass(frozen=True, slots=True)
class Divider:
    """`rest` is what a program put after the divider on the same line."""

    is_forward: bool
    rest: str = ""


def is_blank(line: str) -> bool:
    return not line.strip(INVISIBLE)


def is_quoted(line: str) -> bool:
    start = line.lstrip(INVISIBLE)
    if not start.startswith((">", "&gt;")):
        return False
    return not (start.startswith(">>>") and _GROUPWISE.match(_plain(start[:_LONGEST])))


def is_rule(line: str) -> bool:
    """A line drawn with dashes, underscores, stars and the like."""
    bare = line.strip(INVISIBLE)
    return len(bare) >= 3 and not bare.strip(_RULE)


def is_closing(line: str) -> bool:
    """A line with which programs end what they forwarded: "----- End forwarded message -----"."""
    return "=8<=" in line or (len(line) < _LONGEST and _CLOSING.match(line) is not None)


def is_dated_divider(line: str) -> bool:
    """A divider that says when the quoted email was written: Orange's "Message du 05/03/20 10:15"."""
    return _ORANGE.match(_phrase_of(line)) is not None


def may_begin(lines: Sequence[str], at: int) -> bool:
    """Whether it is worth asking what begins on line `at`: nearly no line that a person writes passes."""
    return _may_begin(lines[at]) or (at + 1 < len(lines) and lines[at + 1].startswith("<"))


def read_divider(lines: Sequence[str], at: int) -> Divider | None:
    """The divider on line `at`, quoted or not. One drawn without dashes counts when headers follow it."""
    line = lines[at]
    if len(line) > 4000:
        return None
    if "&gt;" in line[:8] or "\xa0" in line:
        line = line.replace("&gt;", ">").replace("\xa0", " ")
    if not _DASHES.isdisjoint(line[:_FARTHEST_DASH]) and (ruled := _RULED.match(line)):
        return Divider(ruled["phrase"].casefold() in _FORWARDS, ruled["rest"].strip())
    phrase = _phrase_of(line)
    if rest := _headers_behind(line):
        return Divider(phrase.startswith(_FORWARD_STARTS), rest)
    if phrase.startswith(_PROCESSED[0]) or is_dated_divider(line):
        return Divider(is_forward=False)
    if phrase not in _DIVIDERS or not _headers_follow(lines, at):
        return None
    return Divider(phrase in _FORWARDS)


def read_lead_in(lines: Sequence[str], at: int) -> LeadIn | None:
    """The lead-in that begins on line `at`; programs wrap it over several lines."""
    first = _plain(lines[at])
    if not 4 <= len(first) <= _LONGEST or is_quoted(first):
        return None
    if not (_may_open(first) or _is_name_torn_off(lines, at, first)):
        return None
    if _GROUPWISE.match(first) or _NOTES.match(first) or _USENET.match(first) or _RUNS_ON.match(first):
        return LeadIn(first, at + 1, is_strong=True)
    if _STUCK.match(first):
        return None
    joined, found = "", None
    for end, part in _parts(lines, at):
        joined = _join(joined, part)
        if len(joined) > _LONGEST:
            break
        if (is_strong := _judge(joined)) is not None and found is None:
            found = LeadIn(joined, end, is_strong)
        if is_strong is not None and joined.endswith((":", "：", "-")):
            return LeadIn(joined, end, is_strong)
    return found


@lru_cache(maxsize=4096)  # each line is asked about twice: is it forwarded, is it quoted?
def _may_begin(line: str) -> bool:
    first = _plain(line)
    if not first:
        return False
    if not first[0].isalnum() or "@" in first or "<" in first or "&" in first:
        return True
    label = first[:_LONGEST_OPENING]
    if ":" in label or "：" in label or _opens_with_date(first) or _phrase_of(first) in _DIVIDERS:
        return True
    is_ended = first[-1] in ":：-" or _DIGIT.search(first) is not None
    return first.casefold().startswith(_PROCESSED) or (is_ended and _WROTE.search(first.lower()) is not None)


def _plain(line: str) -> str:
    bare = line.strip(INVISIBLE)
    return bare if bare.isascii() else bare.replace("\xa0", " ").replace("\u202f", " ")


def _phrase_of(line: str) -> str:
    return line[:_LONGEST].strip("> |" + _RULE + INVISIBLE).rstrip(":： .").casefold().replace("i̇", "i")


def _join(joined: str, part: str) -> str:
    """Seen in practice: "<" and ">" torn from their address, and soft line breaks of mail encoded twice."""
    whole = joined[:-1] + part if joined.endswith("=") else f"{joined} {part}".strip()
    if "mailto:" in whole:
        whole = _LINK.sub(r"\1", whole)
    return whole.translate(_WITHOUT_DIRECTIONS).replace("< ", "<").replace(" >", ">")


def _headers_behind(line: str) -> str | None:
    """What follows "Begin forwarded message:" on its line: the headers, where line ends were lost."""
    phrase, colon, rest = line.replace("：", ":", 1).partition(":")
    if not colon or len(phrase) > _LONGEST_PHRASE or _phrase_of(phrase) not in _DIVIDERS:
        return None
    label = read_label(rest)
    return rest.strip() if label and label[0] == "from" and has_address_in(label[1]) else None


def _headers_follow(lines: Sequence[str], at: int) -> bool:
    return any(read_header_block(lines, below) is not None for below in range(at + 1, min(at + 6, len(lines))))


def _may_open(first: str) -> bool:
    if first.startswith(">>>") or "@" in first or "<" in first:
        return True
    bare = (first if first.isascii() else first.translate(_WITHOUT_DIRECTIONS)).strip(_RULE + "\"'“")
    return _opens_with_date(bare) or bool(_NOTES.match(first)) or bool(_WROTE.search(first.lower()))


def _opens_with_date(bare: str) -> bool:
    word = bare.split(" ", 1)[0].casefold().rstrip(",.")
    return bare[:1].isdigit() or word in _OPENING_WORDS or bare.startswith(("在", "於", "于"))


def _parts(lines: Sequence[str], at: int) -> Iterator[tuple[int, str]]:
    """The lines a wrapped lead-in may run over, each with the number of the line after it."""
    yield at + 1, _plain(lines[at])
    if not (any(character.isdigit() or character in "@<" for character in lines[at]) or _is_torn_off(lines, at + 1)):
        return
    for number in range(at + 1, min(at + _MOST_LINES, len(lines))):
        part = _plain(lines[number])
        if not (_follows_on(part) or (is_blank(part) and _is_torn_off(lines, number + 1))):
            return
        yield number + 1, part


def _follows_on(part: str) -> bool:
    if is_blank(part) or _opens_anew(part):
        return False
    return not is_quoted(part) or part.startswith(">:") or _WROTE.search(part.lower()) is not None


def _is_torn_off(lines: Sequence[str], at: int) -> bool:
    if at >= len(lines) or len(lines[at]) > _LONGEST:
        return False
    line = _plain(lines[at])
    return line.startswith("<") or (line.endswith(":") and _TORN_OFF.match(line) is not None)


def _is_name_torn_off(lines: Sequence[str], at: int, first: str) -> bool:
    """ "Ben Jones" above "<ben@…> wrote:": a short line of its own, with an address alone below it."""
    if at + 1 == len(lines) or not lines[at + 1].startswith("<") or len(first) > 60:
        return False
    return (at == 0 or is_blank(lines[at - 1])) and len(first.split()) <= 6 and first[-1] not in ".,;:!?"


def _opens_anew(part: str) -> bool:
    return part.split(" ", 1)[0].casefold() in _OPENING_WORDS and bool(_DATE.search(part)) and has_time_in(part)


def _is_told(joined: str) -> bool:
    """ "On 4 March I asked asha@council.example at 10:15 and she wrote:" is a person's sentence."""
    return _TELLS.search(joined) is not None and not _BRACKETED.search(joined)


def _judge(joined: str) -> bool | None:
    """True: a strong lead-in; False: a weak one; None: none (yet)."""
    has_address, has_time = has_address_in(joined), has_time_in(joined)
    if _ENDS_WITH_WROTE.search(joined[-40:]):
        return True
    ends_with_colon = joined.rstrip(_RULE + INVISIBLE).endswith((":", "："))
    if ends_with_colon and _WROTE.search(joined.rstrip(_RULE + INVISIBLE + ":：").lower()):
        return (has_address or (has_time and _DATE.search(joined) is not None)) and not _is_told(joined)
    if ends_with_colon and has_time and _DATE.search(joined) and _SENDER.search(joined):
        return True
    if _ISO_STAMP.match(joined):
        return False
    core = joined.rstrip(" :：")
    if _opens_with_date(core) and has_time and _DATE.search(core) and _ADDRESS_WROTE.search(core[-300:]):
        return True
    if _opens_with_date(core) and _BARE_ADDRESS_LAST.search(core[-300:]) and _DATE.search(core):
        return ends_with_colon
    return None
