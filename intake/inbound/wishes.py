"""Reads what a respondent asks for beside the answer: to withdraw it, to replace it, or to keep it confidential.

English and Welsh. Pure, and only a real request by the writer counts: not a footer, not what the council should do with
its proposals. What becomes of a wish is an officer's to decide.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from intake.store.responses import Wish

LONGEST_SENTENCE: Final = 300
_SHORT: Final = 200  # characters of an email that says nothing but “please withdraw it”
_LOOKED_AT: Final = 1000  # characters of a sentence; nobody asks later than that
_REPLY: Final = re.compile(r"\s*(?:re|fwd?|ateb|atb)\s*:", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class AskedFor:
    """`sentence` is the one in which it was asked, on one line and not longer than `LONGEST_SENTENCE`."""

    wish: Wish
    sentence: str


def wishes(own_words: str, subject: str | None) -> tuple[AskedFor, ...]:
    """Each wish once, in the order of `Wish`. The subject of a reply is somebody else's words."""
    sentences = list(_sentences(own_words))
    found: dict[Wish, str] = {}
    for sentence in sentences:
        for wish in _asked_in(sentence):
            found.setdefault(wish, sentence)
    if len(own_words) <= _SHORT and not _ABOUT_THE_PLANS.search(own_words):
        for sentence in filter(_WITHDRAWS_IT.match, sentences):
            found.setdefault(Wish.withdrawal, sentence)
    if subject and not _REPLY.match(subject):
        title = " ".join(subject.split())
        for wish, pattern in _TITLES:
            if pattern.search(title[:_LOOKED_AT]):
                found.setdefault(wish, title)
    # Whoever sends another letter instead does not want to say nothing any more.
    if Wish.replacement in found:
        found.pop(Wish.withdrawal, None)
    return tuple(AskedFor(wish, found[wish][:LONGEST_SENTENCE]) for wish in Wish if wish in found)


def _sentences(text: str) -> Iterator[str]:
    """On one line each, with straight apostrophes."""
    for paragraph in re.split(r"\n\s*\n", text):
        flat = " ".join(paragraph.replace("’", "'").replace("‘", "'").split())
        yield from filter(None, re.split(r"(?<=[.!?;])\s+", flat))


def _asked_in(sentence: str) -> Iterator[Wish]:
    looked_at = sentence[:_LOOKED_AT]
    if not _MAY_ASK.search(looked_at):
        return
    if not _NOT_CHANGED.search(looked_at):
        if any(pattern.search(looked_at) for pattern in _REPLACEMENTS):
            yield Wish.replacement
        if any(pattern.search(looked_at) for pattern in _WITHDRAWALS):
            yield Wish.withdrawal
    if not _NOT_CONFIDENTIAL.search(looked_at) and any(pattern.search(looked_at) for pattern in _CONFIDENCES):
        yield Wish.confidentiality


def _patterns(*written: str) -> tuple[re.Pattern[str], ...]:
    """A space stands for white space; the names in angle brackets are those of `_WORDS`."""
    return tuple(
        re.compile(re.sub(r"<(\w+)>", lambda name: f"(?:{_WORDS[name[1]]})", one), re.IGNORECASE) for one in written
    )


_LETTER = (
    r"responses?|submissions?|repl(?:y|ies)|comments?|representations?|feedback|views|e-?mails?|letters?|objections?"
    r"|answers?|evidence|messages?|contributions?|statements?"
)
_EARLIER = r"earlier|previous|first|original|last|initial|above|prior|former|old"
_KIND = rf"{_EARLIER}|recent|online|written|consultation|own|formal|e-?mail|e-?mailed|personal|[a-z]{{2,8}}-\d{{4,}}"
_LETTER_CY = r"h?ymateb(?:ion)?|sylwadau|cyflwyniad|nghyflwyniad|llythyr|h?e-?bost|neges|g?ngwrthwynebiad|gwrthwynebiad"
_WORDS: Final = {
    "earlier": _EARLIER,
    "letter": _LETTER,
    "mine": (
        rf"(?:my|our) (?:(?:{_KIND}) ){{0,3}}(?:{_LETTER})|(?:my|our) (?:{_EARLIER}) (?:one|version)"
        rf"|(?:the|this|that|any|all) (?:(?:{_EARLIER}) )(?:(?:{_KIND}) ){{0,2}}(?:{_LETTER})"
        rf"|(?:the|any|all) (?:(?:{_KIND}) ){{0,2}}(?:{_LETTER}|one|version|form|document) "
        r"(?:that |which )?(?:i|we)(?:'ve)? (?:\w+ )?(?:sent|made|submitted|gave|wrote|e-?mailed)"
        r"|(?:my |our )?(?:reference )?[a-z]{2,8}-\d{4,}"
    ),
    "ask": (
        r"please|kindly|(?:can|could|would|will) you|(?:i|we)(?:'d| would| should)? (?:like|ask|want|wish|request|need)"
        r"(?: for| that)?(?: you| that you)?(?: to)?|(?:i'm|i am|we are|we're) (?:writing to )?ask(?:ing)?"
        r"(?: for| that)?(?: you)?(?: to)?"
    ),
    "i": (
        r"(?:i|we)(?:'(?:d|m|ve|re|ll))?(?: (?:am|are|would|should|hereby|now|formally|therefore|wish|want|like|need"
        r"|must|have|decided|writing|request|ask|intend|do|also|to|please|respectfully|will|shall|be|can|may|prefer))"
        r"{0,6}|(?:can|could|may|might|how do|how can|how could) (?:i|we)(?: please)?"
    ),
    "withdraw": r"withdraw(?:ing)?|retract(?:ing)?|rescind(?:ing)?|take back",
    "drop": r"withdraw|retract|rescind|disregard|ignore|delete|remove|discard|cancel|discount",
    "dropped": r"withdrawn|retracted|rescinded|disregarded|deleted|removed|discarded|cancelled|discounted",
    "replace": r"replac(?:e|es|ing)|supersed(?:e|es|ing)|supercedes?",
    "this": (
        rf"(?:this|the (?:attached|following|enclosed|below))(?: (?:attached|new|revised|corrected|amended|updated))?"
        rf"(?: (?:{_LETTER}|version|one|document|form|copy))?"
    ),
    "about": (
        rf"(?:my|our) (?:\w+ ){{0,2}}(?:{_LETTER}|names?|identit(?:y|ies)|details|address(?:es)?|information|data)"
        rf"|this(?: (?:{_LETTER}|information))?|it|(?:all|any|part|parts) of (?:this|it|my|our)(?: \w+)?"
        rf"|(?:the|these) (?:above|following|attached)(?: (?:{_LETTER}|information|document))?|what (?:i|we) (?:have )?"
        r"(?:said|say|written|wrote|write)|me|us"
    ),
    "own": r"(?:my|our) (?:names?|details|response|submission|letter|comments|identity|address)",
    "secret": r"(?:strictly |completely |entirely |fully )?(?:private and )?(?:confidential(?:ly)?|anonymous(?:ly)?"
    r"|private|in (?:strict(?:est)? )?confidence)",
    "mine_cy": rf"(?:fy|ein) (?:{_LETTER_CY})",
    "hidden_cy": r"(?:hollol |gwbl )?(?:g?yfrinachol|breifat|ddienw)",
}
_MAY_ASK: Final = re.compile(
    r"withdr|retract|rescind|take back|disregard|ignor|delet|remov|discard|cancel|discount|replac|supers|superc|instead"
    r"|in place of|confiden|anonym|privat|publi|disclos|share|reveal|identif|name|tynn|dynn|anwybydd|diystyr|dil[eë]"
    r"|disodl|yn lle|gyfrinach|cyfrinach|ddienw|breifat|chyhoedd|gyhoedd",
    re.IGNORECASE,
)
_NOT_CHANGED: Final = re.compile(
    r"(?:\bnot|\bnever|n't|\bno wish|\bwithout|\bpeidiwch)\b[^.]{0,25}?\b"
    r"(?:withdr|retract|replac|ignor|disregard|delet|remov|discard|discount|cancel|supers)"
    r"|^(?:if|unless|should) (?!.*\bplease\b)",
    re.IGNORECASE,
)
_WITHDRAWALS: Final = _patterns(
    r"\b<ask>(?: (?:now|formally|also|therefore|just|to))? (?:<drop> <mine>|<withdraw> this <letter>)\b",
    r"(?:^|[,;:] |\band |\bbut |\bso |\bthat |\btherefore )<i> <withdraw> (?:<mine>|this <letter>)\b",
    r"^(?:withdraw|retract) <mine>\b",
    r"\b(?:my|our) (?:\w+ )?<letter>(?: is| are)?(?: to be| be| should be| must be| can be| could be| may be| as"
    r"| is now| is hereby| considered| as having been)"
    r"(?: (?:treated as|regarded as|considered|formally|now))? <dropped>\b",
    r"\b(?:consider|treat|regard) <mine>(?: as| to be)? <dropped>\b",
    r"\b[td]ynn\w* <mine_cy>[^.]{0,30}? yn [oô]l\b",
    r"\b[td]ynnu'n [oô]l <mine_cy>",
    r"\b(?:diystyrwch|anwybyddwch|dil[eë]wch) <mine_cy>",
)
(_WITHDRAWS_IT,) = _patterns(r"(?:<ask>|<i>)(?: to)? <withdraw>(?: (?:it|this|that))?(?: now| please)?\s?(?:[.,;!]|$)")
_ABOUT_THE_PLANS: Final = re.compile(
    r"\b(?:proposals?|plans?|draft|review|polic(?:y|ies)|schemes?|closures?|cuts?|decisions?|funding|council)\b", re.I
)
_REPLACEMENTS: Final = _patterns(
    r"\b(?:updated|revised|corrected|amended|new) (?:version|copy|<letter>)\b[^.]{0,60}?\b<replace> (?:the|our|my) "
    r"(?:<earlier>)\b",
    r"\b(?:<ask>|<i>)(?: (?:now|also|to|just))? <replace> <mine>\b",
    r"\b<this>(?: \w+){0,3}? <replace> <mine>\b",
    r"\b<this>(?: is| should be| to be)?(?: (?:a|as a|our|my))? replacement (?:for|of) <mine>\b",
    r"\b(?:<ask>|<i>) (?:use|accept|take|consider|record|treat|count) <this>[^.]{0,40}? (?:instead of|in place of|as a "
    r"replacement (?:for|of)) <mine>\b",
    r"\b<drop> <mine>[^.]{0,40}? (?:and|but)(?: please)? (?:use|accept|take|consider|record|treat|count) <this>",
    r"\b<drop> <mine>[^.]{0,40}? (?:replace (?:it|them)|with this|in favour of this|this one instead)",
    r"\b(?:d?disodli?|d?disodlwch|yn lle) (?:<mine_cy>|(?:yr|y|'r) \w+ (?:blaenorol|cynharach|cyntaf|gwreiddiol))",
)
_NOT_CONFIDENTIAL: Final = re.compile(
    r"\b(?:no need|needn't|not need|n't need|not mind|n't mind|happy (?:for|to have)|do not (?:have to|ask)"
    r"|intended (?:solely|only|for)|intended recipient|addressee|in error|privileged"
    r"|not (?:want|wish)[^.]{0,20}(?:confidential|anonymous))\b|: ?no\.?$",
    re.IGNORECASE,
)
_CONFIDENCES: Final = _patterns(
    r"\b<ask>[^.]{0,30}? ?\b(?:treat|keep|hold|regard|handle|consider|leave) <about>"
    r"(?: and (?:\w+ ){1,4}?)?(?: as| as being| to be)? <secret>\b",
    r"\b(?:do not|don't|not to|never)(?: please)? (?:publish|disclose|share|release|reveal|print|publici[sz]e|identify|"
    r"name|quote|attribute) (?!it\b)<about>\b",
    r"\b(?:do not|don't|not to|never)(?: please)? make <about> public\b",
    r"\b<ask> (?:for )?<about> (?:to )?(?:be |remain |stay |is |are )?(?:kept |treated |held )?(?:as )?<secret>\b",
    r"\b<ask> (?:for )?<about> (?:to )?(?:not |not to )(?:be )?(?:published|disclosed|shared|released|made public"
    r"|named)",
    r"\b<i>(?: to)? (?:remain|stay|be kept|be) anonymous\b",
    r"\b(?:i|we) (?:do not|don't|would not|wouldn't) (?:want|wish|consent to|agree to|like)(?: for)? (?:my|our|this)"
    r"(?: \w+){1,4}? (?:published|disclosed|shared|released|public|named)\b",
    r"\b<own>(?: \w+){0,3}? (?:should|must|is to|are to|to)(?: be| remain| stay)?(?: kept| treated| held)?"
    r"(?: as)? <secret>\b",
    r"\b<own>(?: \w+){0,3}? (?:should|must|is|are)(?: not|n't) (?:to )?(?:be )?(?:for publication|published|disclosed"
    r"|shared|made public)",
    r"\bthis (?:response|submission|letter|representation) is (?:<secret>|not for publication|submitted <secret>|sent "
    r"<secret>|made <secret>)(?!\w)(?! and (?:may|intended|contains))",
    r"\b(?:[ct]?h?gadw|cadw|cadwch|trin|triniwch|drin|thrin|gadw|chadw) (?:<mine_cy>|fy enw|ein henwau?|hwn|hyn"
    r"|yr? \w+ h[wo]nn?)[^.]{0,20}? yn <hidden_cy>",
    r"\bpeidiwch [aâ] (?:chyhoeddi|rhannu|datgelu) (?:<mine_cy>|fy |ein )",
    r"\b(?:aros|bod|fod) yn ddienw\b",
    r"\bmae(?:'r| fy| ein) (?:h?ymateb|sylwadau|n?gh?yflwyniad|cyflwyniad|llythyr)(?: hwn| hon| yma)? yn <hidden_cy>",
    r"^in (?:strict(?:est)? )?confidence ?[:,]",
)
_TITLES: Final = tuple(
    (wish, pattern)
    for wish, written in (
        (Wish.withdrawal, r"^(?:request (?:to|for) )?(?:withdraw|withdrawal of|withdrawing) (?:<mine>|<letter>)\b"),
        (Wish.replacement, r"^(?:replacement|replacing)(?: (?:for|of))? (?:<mine>|<letter>)\b"),
        (Wish.confidentiality, r"^(?:strictly |private (?:and|&) )?confidential\b|^in confidence\b"),
    )
    for pattern in _patterns(written)
)
