"""Full-text search: what was typed, the condition it makes on each database, and where in a text it was found.

Words are stemmed and must all occur; "words in quotes" stand as they are, next to each other in one field, and are
counted exactly; a minus leaves responses out. A reference or an email address typed alone finds its response. Only
letters and digits ever reach the database, so that nothing typed can be an error. Never sorts by likeness.
"""

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from intake.responses.filters import LONGEST_SEARCH, Condition, as_filter
from intake.store.log_index import RESPONSE_PHRASES, RESPONSE_SEARCH, RESPONSE_WORDS
from intake.store.responses import FormerReference, Response

EXCERPT = 170
_TERM = re.compile(r'(?P<minus>-?)(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))')
_REFERENCE = re.compile(r"\s*([A-Za-z0-9]{1,8})-([0-9]{1,9})\s*")
_ADDRESS = re.compile(r"\s*<?([^\s@\"<>]+@[^\s@\"<>]+)>?\s*")
_RARE = 1000
_LONGEST_WORD = 500  # in UTF-8 below the 2 kB at which PostgreSQL no longer takes a word


@dataclass(frozen=True, slots=True)
class Search:
    """Each text is words with single spaces between them. `words` and `phrases` must occur, the others must not."""

    words: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    without_words: tuple[str, ...] = ()
    without_phrases: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return any((self.words, self.phrases, self.without_words, self.without_phrases))


def parse_search(typed: str) -> Search:
    """Never raises. Without a letter or digit in it, a search that is false."""
    found: dict[str, list[str]] = {"words": [], "phrases": [], "without_words": [], "without_phrases": []}
    for term in _TERM.finditer(re.sub("[“”„«»]", '"', typed[:LONGEST_SEARCH])):
        words = _words(term["word"] if term["phrase"] is None else term["phrase"])
        # A word with a hyphen is several: all must occur, but to leave them out they must stand together.
        is_phrase = term["phrase"] is not None or (bool(term["minus"]) and len(words) > 1)
        name = ("without_" if term["minus"] else "") + ("phrases" if is_phrase else "words")
        if words:
            found[name] += [" ".join(words)] if is_phrase else words
    return Search(**{name: tuple(dict.fromkeys(texts)) for name, texts in found.items()})


def matching(session: Session, typed: str, consultation_ids: Collection[int] | None) -> list[Condition]:
    """The conditions on Response; none for a search that has no word. `consultation_ids` limits only look-ups.

    What is rare is looked up first: a page of it could else be sought along the whole log.
    """
    if known := _looked_up(session, typed, consultation_ids):
        return [col(Response.id).in_(known)]
    search = parse_search(typed)
    of = _of_postgresql if session.get_bind().dialect.name == "postgresql" else _of_sqlite
    return of(session, search)


# What was typed


def _words(text: str) -> list[str]:
    """Runs of letters and digits, as both databases cut them; the databases do the rest of the folding."""
    plain = "".join(c if _is_of_a_word(c) else " " for c in text.translate(_LETTERS))
    return [word[:_LONGEST_WORD] for word in plain.split() if any(c.isalnum() for c in word)]


def _is_of_a_word(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] == "L" or category == "Nd" or "\u0300" <= character <= "\u036f"


# As in migration 0003: letters that Unicode does not take apart into a letter and its accent.
_SINGLE = str.maketrans("łŁøØđĐðÐı", "llooddddi")
_LETTERS = _SINGLE | str.maketrans(
    {"ß": "ss", "ẞ": "ss", "æ": "ae", "Æ": "ae", "œ": "oe", "Œ": "oe", "þ": "th", "Þ": "th"}
)


def _looked_up(session: Session, typed: str, consultation_ids: Collection[int] | None) -> list[int]:
    """The responses with this reference, present or former, or of the respondent with this address."""
    if reference := _REFERENCE.fullmatch(typed):
        wanted = f"{reference[1].upper()}-{int(reference[2]):04d}"
        present = select(Response.id).where(Response.reference == wanted)
        former = select(FormerReference.response_id).where(FormerReference.reference == wanted)
        found = [*session.exec(present), *session.exec(former)]
    elif address := _ADDRESS.fullmatch(typed):
        written = select(Response.id).where(Response.respondent_address == address[1].lower())
        found = list(session.exec(written.limit(_RARE)))
    else:
        return []
    query = select(Response.id).where(col(Response.id).in_(found))
    if consultation_ids is not None:
        query = query.where(as_filter(Response.consultation_id).in_(consultation_ids))
    return list(session.exec(query)) if found else []


# The condition on each database


def _of_sqlite(session: Session, search: Search) -> list[Condition]:
    """https://www.sqlite.org/fts5.html, section 3: in double quotes a string stands for itself."""
    found = [_fts5(RESPONSE_WORDS, " AND ", search.words), _fts5(RESPONSE_PHRASES, " AND ", search.phrases)]
    without = [_fts5(RESPONSE_WORDS, " OR ", search.without_words)]
    without += [_fts5(RESPONSE_PHRASES, " OR ", search.without_phrases)]
    conditions: list[Condition] = [as_filter(Response.id).not_in(ids) for ids in without if ids is not None]
    for ids in found:
        if ids is not None:
            rare = session.execute(ids.limit(_RARE + 1)).scalars().all()
            conditions.append(as_filter(Response.id).in_(ids) if len(rare) > _RARE else col(Response.id).in_(rare))
    return conditions


def _fts5(table: sa.TableClause, joined: str, texts: Sequence[str]) -> sa.Select[Any] | None:
    if not texts:
        return None
    expression = joined.join(f'"{text}"' for text in texts)
    return sa.select(table.c.rowid).where(table.c[table.name].op("MATCH", is_comparison=True)(expression))


def _of_postgresql(session: Session, search: Search) -> list[Condition]:
    found = [_has_words(" ".join(search.words))] if search.words else []
    found += [_has_phrase(phrase) for phrase in search.phrases]
    without = [_has_words(word) for word in search.without_words]
    without += [_has_phrase(phrase) for phrase in search.without_phrases]
    conditions = [~_indexed(one) for one in without]
    if found:
        rare = session.execute(sa.select(RESPONSE_SEARCH.c.response_id).where(*found).limit(_RARE + 1)).scalars().all()
        conditions += [_indexed(*found)] if len(rare) > _RARE else [col(Response.id).in_(rare)]
    return conditions


def _indexed(*found: Condition) -> Condition:
    return sa.exists().where(RESPONSE_SEARCH.c.response_id == col(Response.id), *found)


def _has_words(words: str) -> Condition:
    asked = sa.func.plainto_tsquery(sa.literal_column("'intake_words'::regconfig"), sa.func.intake_folded(words))
    return RESPONSE_SEARCH.c.words.op("@@", is_comparison=True)(asked)


def _has_phrase(phrase: str) -> Condition:
    """In a text that is too long for a tsvector to know every position, the phrase is looked for itself."""
    words, folded = sa.func.intake_folded(phrase), RESPONSE_SEARCH.c.folded
    asked = sa.func.phraseto_tsquery(sa.literal_column("'simple'::regconfig"), words)
    return sa.or_(
        sa.and_(RESPONSE_SEARCH.c.phrases.op("@@", is_comparison=True)(asked), folded.is_(None)),
        sa.and_(folded.is_not(None), sa.func.strpos(folded, sa.func.concat(" ", words, " ")) > 0),
    )


# Where it was found

Piece = tuple[str, bool]
"""A part of a text, and whether it is what was looked for."""
_ENDINGS = "s es ed er ers ing ings ly ies ied ion ions ation ations al ally e y ity ive ment ments ness".split()


def excerpt(text: str, search: Search, *, longest: int = EXCERPT, is_wanted_without: bool = True) -> list[Piece]:
    """The text around the first place where it was found, with every such place in that part marked.

    Where there is none (stems are guessed at here, as a mark decides nothing): its beginning, if that is wanted.
    """
    text = unicodedata.normalize("NFC", " ".join(text.split()))
    plain, pattern = text.lower() if text.isascii() else text.translate(_PLAIN), _pattern(search)
    first = pattern.search(plain) if pattern else None
    if first is None and not is_wanted_without:
        return []
    begin = _word_start(text, first.start() - longest // 3) if first else 0
    end = begin + longest
    if end < len(text):
        end = max(text.rfind(" ", begin, end), first.end() if first else begin + longest // 2)
    pieces, at = list[Piece](), begin
    for found in pattern.finditer(plain, begin, end) if pattern else ():
        pieces += [(text[at : found.start()], False), (text[found.start() : found.end()], True)]
        at = found.end()
    pieces.append((text[at:end], False))
    return [("… ", False)] * (begin > 0) + [piece for piece in pieces if piece[0]] + [(" …", False)] * (end < len(text))


def _word_start(text: str, at: int) -> int:
    return text.find(" ", at) + 1 if at > 0 else 0


@lru_cache
def _pattern(search: Search) -> re.Pattern[str] | None:
    phrases = [r"[\W_]+".join(map(re.escape, phrase.translate(_PLAIN).split())) for phrase in search.phrases]
    words = [_inflected(word.translate(_PLAIN)) for word in search.words]
    return re.compile(rf"(?<![^\W_])(?:{'|'.join(phrases + words)})(?![^\W_])") if phrases or words else None


def _inflected(word: str) -> str:
    ending = next((one for one in sorted(_ENDINGS, key=len, reverse=True) if word.endswith(one)), "")
    root = word.removesuffix(ending) if len(word) - len(ending) > 2 else word
    return rf"{re.escape(root)}\w?(?:{'|'.join(_ENDINGS)})?"


class _Plain(dict[int, Any]):
    """For str.translate: each letter in lower case without its accent, one for one, learnt as they come."""

    def __missing__(self, code: int) -> str:
        base = unicodedata.normalize("NFD", chr(_SINGLE.get(code, code)))[0].lower()
        self[code] = plain = base if len(base) == 1 else chr(code)
        return plain


_PLAIN = _Plain()
