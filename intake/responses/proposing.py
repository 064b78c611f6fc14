"""Which consultees a response may be from: said by its address, its domain and the names it gives; never decided.

Names are compared word by word, as those of one county differ by little, and people mistype more. A word counts as
the same from a Jaro-Winkler similarity of 0.94: Heathfeild and Heathfield have 0.98, Elisabeth and Elizabeth 0.95; but
Westfield and Eastfield 0.93, Kingsmead and Kingsmere 0.91, Mark and Mary 0.88. Every word of the shorter name must be
in the longer; saints, churches, phases and kinds must not contradict each other. What is left is ranked by how much of
the longer name the shorter is, at least 60 of 100: "St Anne's" is 64 of "St Anne's, Larkmead". On the names of
tests/responses/school_names.py this puts the right one first, however it was written, and a namesake never.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from rapidfuzz import fuzz
from rapidfuzz.distance import JaroWinkler

from intake.mail.public_providers import organisation_domain
from intake.responses.organisation_names import Name, names_in, take_apart
from intake.store.people import Consultee
from intake.store.responses import Response

SAME_WORD = 0.94
ALIKE = 60
CLEARLY_BETTER = 15  # what is so much less like a name than another is not proposed beside it
_LEFT_OUT = 5  # people leave out church and phase, and "school" is enough in a village
_SAID_BESIDE = 20  # whoever says "primary" hardly means a school that does not
_BY_ADDRESS, _BY_DOMAIN, _BY_SUBDOMAIN = 200, 90, 60


@dataclass(frozen=True, slots=True)
class Proposal:
    """A consultee, why the response may be theirs in one sentence, and how much speaks for it."""

    consultee: Consultee
    reason: str
    strength: int
    has_answered: bool = False

    @property
    def is_by_address(self) -> bool:
        """The address is one of theirs already, and of others."""
        return self.strength >= _BY_ADDRESS


@dataclass(frozen=True, slots=True)
class Invited:
    """The consultees of one consultation, by all that a response may be known by. Those no longer invited are not."""

    consultees: Mapping[int, Consultee]
    answered: Mapping[int, int]  # by consultee the first response that counts
    by_address: Mapping[str, Sequence[int]]
    by_domain: Mapping[str, Sequence[int]]
    names: Mapping[int, Name]
    by_letter: Mapping[str, Sequence[int]] = field(default_factory=dict)  # first letters of their own words


def invited(
    consultees: Iterable[Consultee], contacts: Iterable[tuple[int, str]], *, answered: Mapping[int, int]
) -> Invited:
    """`contacts`: a consultee's id and an address. `answered`: of consultees, who are proposed after the others, the id
    of their first response."""
    rows = {one.id: one for one in consultees if one.removed_at is None}
    by_address, by_domain = defaultdict[str, list[int]](list), defaultdict[str, list[int]](list)
    for key, address in contacts:
        if key in rows:
            by_address[address].append(key)
            _add(by_domain, organisation_domain(address), key)
    for one in rows.values():
        _add(by_domain, organisation_domain(f"@{one.domain}") if one.domain else None, one.id)
    names = {key: take_apart(one.organisation) for key, one in rows.items()}
    by_letter = defaultdict[str, list[int]](list)
    for key, name in names.items():
        for letter in {word[0] for word in name.words if word != "st"}:
            by_letter[letter].append(key)
    return Invited(rows, answered, by_address, by_domain, names, by_letter)


def propose(response: Response, among: Invited) -> list[Proposal]:
    """The likeliest first; of equal ones those that have not answered, then by name."""
    found = defaultdict[int, list[tuple[int, str]]](list)
    for key, strength, reason in [*_by_address(response, among), *_by_name(response, among)]:
        found[key].append((strength, reason))
    proposals = [
        Proposal(
            among.consultees[key],
            _because(reasons),
            sum(strength for strength, _ in reasons),
            has_answered_before(response, among, key),
        )
        for key, reasons in found.items()
    ]
    return sorted(proposals, key=lambda one: (-one.strength, one.has_answered, one.consultee.organisation.casefold()))


def has_answered_before(response: Response, among: Invited, consultee_id: int) -> bool:
    """By another response than this one, which may count as theirs by its address alone."""
    return among.answered.get(consultee_id, response.id) != response.id


def _add(by_domain: defaultdict[str, list[int]], domain: str | None, key: int) -> None:
    if domain and key not in by_domain[domain]:
        by_domain[domain].append(key)


# By address and domain


def _by_address(response: Response, among: Invited) -> Iterator[tuple[int, int, str]]:
    address = (response.respondent_address or "").lower()
    theirs = among.by_address.get(address, ())
    for key in theirs:
        others = " and of others" if len(theirs) > 1 else ""
        yield key, _BY_ADDRESS, f"it comes from an address of theirs{others}"
    domain = None if theirs else organisation_domain(address)
    labels = domain.split(".") if domain else []
    for start in range(len(labels) - 1):
        above = ".".join(labels[start:])
        if keys := among.by_domain.get(above):
            strength = _BY_SUBDOMAIN if start else _BY_DOMAIN
            yield from ((key, strength, _of_domain(above, bool(start), len(keys))) for key in keys)
            return


def _of_domain(domain: str, is_below: bool, sharing: int) -> str:
    where = f"its address is {'below' if is_below else 'at'} {domain}, as theirs is"
    return where if sharing == 1 else f"{where}, and that of {sharing - 1:,} {'other' if sharing == 2 else 'others'}"


# By name


def _by_name(response: Response, among: Invited) -> Iterator[tuple[int, int, str]]:
    """Each consultee once, by what speaks for it most; those much less alike than another are left out."""
    best = dict[int, tuple[int, str]]()
    for written, where in _given_names(response):
        for key, score in _like(take_apart(written), among):
            if score > best.get(key, (0, ""))[0]:
                best[key] = score, f"{where} “{written}”"
    most = max((score for score, _ in best.values()), default=0)
    for key, (score, reason) in best.items():
        if score > most - CLEARLY_BETTER:
            yield key, score, reason


def _given_names(response: Response) -> Iterator[tuple[str, str]]:
    if response.organisation:
        yield response.organisation, "the organisation is given as"
    if take_apart(response.respondent_name).says_what_it_is:  # else it is a person's, and people are called Heathfield
        yield response.respondent_name, "the sender's name is"
    for name in names_in(response.own_words, response.text):
        yield name, "the letter names"


def _like(name: Name, among: Invited) -> Iterator[tuple[int, int]]:
    letters = {word[0] for word in name.words if word != "st"}
    for key in {key for letter in letters for key in among.by_letter.get(letter, ())}:
        score = likeness(name, among.names[key])
        if score:
            yield key, score


def likeness(written: Name, known: Name) -> int:
    """0 where they contradict each other, else up to 100."""
    if not written.words or not known.words or _contradict(written, known):
        return 0
    shorter, longer = sorted((written.words, known.words), key=len)
    left = list(longer)
    for word in shorter:
        same = next((there for there in left if JaroWinkler.similarity(word, there) >= SAME_WORD), None)
        if same is None:
            return 0
        left.remove(same)
    alike = round(fuzz.token_sort_ratio(" ".join(written.words), " ".join(known.words)))
    return alike - _doubt(written, known) if alike >= ALIKE else 0


def _contradict(one: Name, other: Name) -> bool:
    if bool(one.saints) != bool(other.saints):
        return True
    both = ((getattr(one, part), getattr(other, part)) for part in ("churches", "phases", "pupils", "kinds"))
    if any(ours and theirs and not ours & theirs for ours, theirs in both):
        return True
    return (one.is_school and bool(other.kinds)) or (other.is_school and bool(one.kinds))


def _doubt(written: Name, known: Name) -> int:
    doubt = _LEFT_OUT if bool(written.churches) != bool(known.churches) else 0
    if written.phases and not known.phases:
        return doubt + _SAID_BESIDE
    return doubt + (_LEFT_OUT if known.phases and not written.phases else 0)


def _because(reasons: Sequence[tuple[int, str]]) -> str:
    said = " and ".join(reason for _, reason in sorted(reasons, reverse=True))
    return f"{said[:1].upper()}{said[1:]}."
