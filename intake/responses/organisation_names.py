"""Names of organisations as people write them, brought to one form; and where such a name stands in a letter.

Names of schools differ in few words, and each matters: St Anne's Infant is not St Anne's Junior. So a name is taken
apart: its own words ("heathfield"), of which saint, of which church, and what kind of organisation. Never compares two.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

# Whole phrases first, as "church of england" would otherwise lose its "of".
_PHRASES: Mapping[str, str] = {
    r"church of england|church in wales|c of e|cofe|c e|ce": "anglican",
    r"roman catholic|r c|rc": "catholic",
    r"voluntary (aided|controlled)|v a|v c|va|vc|gm|foundation": "",
    r"junior mixed (and )?infants?|junior infants?( and)? nursery|jmi|j m i": "primary",
    r"infants? (and )?juniors?": "primary",
    r"(sixth|6th) form( college)?": "sixthform",
    r"multi academy trust|academ(y|ies) trust|mat": "trust",
    r"governing (body|board)|board of governors|school governors|local governing (body|board)": "",
}
_WORDS: Mapping[str, str] = {
    "saint": "st", "sts": "st", "ss": "st", "infants": "infant", "juniors": "junior", "high": "secondary",
    "upper": "secondary", "academies": "academy", "schools": "school", "trustees": "trust", "councillors": "council",
    "methodists": "methodist", "governors": "", "governor": "",
}  # fmt: skip
_CHURCHES = frozenset("anglican catholic methodist baptist jewish muslim sikh hindu".split())
_PHASES = frozenset("infant junior primary first middle secondary nursery sixthform special grammar preschool".split())
_PUPILS = frozenset({"girls", "boys"})
_KINDS = frozenset("trust council diocese university union federation college association charity partnership".split())
_SCHOOLS = frozenset({"school", "academy"})
_EMPTY = frozenset(
    "the of and at in for a an community county town village local mixed ltd limited plc cio board education".split()
)
_HOLDING = ["school", "academy", "infants?", "primary", "college", "trust", "council", "nursery", "federation"]
_HOLDING += ["diocese", "university", "association", "partnership", "schools", "academies", "juniors?"]
_LEADING = r"(?:[A-Z][\w’'.-]*|\d+\w*|&)"
_JOINING = r"(?:of|and|the|in|for|c|e|with)"
_NAME = re.compile(rf"{_LEADING}(?:[ \t]+(?:{_LEADING}|{_JOINING}))*")
_HOLDS = re.compile(rf"\b(?:{'|'.join(_HOLDING)})\b", re.IGNORECASE)
_GREETING = re.compile(r"(?:dear|from|hi|hello|headteacher|head|chair|clerk|governors?)\b[\s,:]*", re.IGNORECASE)
_ROLE = re.compile(r".*\b(?:of|at|for)\s+(?=[A-Z])")
_LINES, _LONGEST_LINE, _MOST_NAMES = 8, 200, 12


@dataclass(frozen=True, slots=True)
class Name:
    """A name taken apart. `words` are its own, in their order; `saints` are those of them that follow "St"."""

    words: tuple[str, ...]
    saints: frozenset[str] = frozenset()
    churches: frozenset[str] = frozenset()
    phases: frozenset[str] = frozenset()  # infant, junior, …
    pupils: frozenset[str] = frozenset()  # girls, boys
    kinds: frozenset[str] = frozenset()  # trust, council, …
    is_school: bool = False

    @property
    def says_what_it_is(self) -> bool:
        return self.is_school or bool(self.kinds)


@lru_cache(maxsize=20_000)
def take_apart(written: str) -> Name:
    """ "St. Anne's C of E Infant School" → words ("st", "anne"), of the saint "anne", anglican, infant."""
    tokens = [_WORDS.get(token, token) for token in _plain(written).split()]
    own = [token for token in tokens if token not in _CHURCHES | _PUPILS | _PHASES | _KINDS | _SCHOOLS | _EMPTY]
    words = tuple(filter(None, (_without_s(word) for word in own)))
    saints = {after for before, after in pairwise(words) if before == "st"}
    found = frozenset(tokens)
    kinds = found & _KINDS
    is_school = bool(found & (_SCHOOLS | _PHASES)) and not kinds
    return Name(words, frozenset(saints), found & _CHURCHES, found & _PHASES, found & _PUPILS, kinds, is_school)


def names_in(own_words: str, text: str) -> list[str]:
    """What may be an organisation's name in the first and last lines of a letter, and in the signature below it."""
    lines = [line.strip() for line in own_words.splitlines() if line.strip()]
    chosen = dict.fromkeys([*lines[:_LINES], *lines[-_LINES:], *_signature(lines, text)])
    names = dict.fromkeys(name for line in chosen for name in _names(line[:_LONGEST_LINE]))
    return list(names)[:_MOST_NAMES]


def _plain(written: str) -> str:
    """Lower case, without accents and apostrophes, with single spaces for what stands between words."""
    folded = unicodedata.normalize("NFKD", written.casefold())
    folded = "".join(c for c in folded if not unicodedata.combining(c))
    folded = re.sub(r"[’'`´]", "", folded.replace("&", " and "))
    plain = " ".join(re.sub(r"[^\w]+|_", " ", folded).split())
    for phrase, instead in _PHRASES.items():
        plain = re.sub(rf"\b(?:{phrase})\b", instead, plain)
    return plain


def _without_s(word: str) -> str:
    """Anne's, Annes and Anne are one."""
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def _signature(lines: list[str], text: str) -> Iterator[str]:
    """What stands below the last of the own words, up to what is quoted."""
    _, found, after = text.rpartition(lines[-1]) if lines else ("", "", text)
    below = [line.strip() for line in (after if found or not lines else "").splitlines() if line.strip()]
    for line in below[:_LINES]:
        if line.startswith(">") or re.match(r"(from|on .*wrote|-----)", line, re.IGNORECASE):
            return
        yield line


def _names(line: str) -> Iterator[str]:
    """Runs of words with capitals, up to the last word that only an organisation has."""
    for run in _NAME.finditer(line):
        last = [*_HOLDS.finditer(run[0])]
        if last:
            name = _GREETING.sub("", run[0][: last[-1].end()], count=1)
            yield _ROLE.sub("", name) if not re.search(r"(?i)(church|c) of e", name) else name
