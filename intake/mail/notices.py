"""Removes the legal notices that organisations put below a letter: disclaimers, what a scanner or a privacy notice
has to say, the languages an office writes in; in English, Welsh and some other languages.

Walks up from the end, paragraph by paragraph, and stops at the first that may be the writer's own. Whether a letter
asks to be kept confidential is decided elsewhere: "This response is confidential" stays.
"""

import re
from collections.abc import Sequence
from typing import Final

from intake.mail.header_blocks import INVISIBLE
from intake.mail.lead_ins import phrases
from intake.mail.quotations import is_blank, is_quoted, is_rule

_EDGE: Final = INVISIBLE + "<>()[]*_\"'|-=#!“”"
_MOST_LINES_STUCK: Final = 12
_MOST_PARAGRAPHS: Final = 24
_MOST_BOX_LINES: Final = 60
_LONGEST: Final = 4000
_LONGEST_NAME: Final = 60


def _any(*alternatives: str) -> re.Pattern[str]:
    return re.compile("|".join(alternatives), re.IGNORECASE)


def _any_lowered(*alternatives: str) -> re.Pattern[str]:
    return re.compile("|".join(alternatives))


# In Welsh, "I gael gwybodaeth" is "to have information".
_FIRST_PERSON: Final = re.compile(
    r"\bI(?:['’]\w{1,2})?\b(?! (?:gael|ddarllen|weld|wybod|ddysgu|gysylltu|dderbyn|ddad)\w*)|\b[Mm]y\b|\bfy\b"
)
_BEGINS: Final = _any(
    r"(?:disclaimer|confidential\w*|legal notice|important|notice|privileged|warning|council|please)\b",
    r"(?:this|(?:the|any|all) (?:information|contents?|message|sender|views|opinions)|any e-?mail|if you)\b",
    r"(?:all )?e-?mails? (?:and|sent|received|from|to|is|are|may|should|carr)\w*\b|it (?:may|is)\b",
    r"internet (?:e-?mail|comm)",
    r"(?:information|opinions|unless|we|ymwadiad|cyfrinach\w+|mae['’]?r?|gall|os|yr|sganiwyd|petaech)\b",
    r"(?:diese|vertraulich\w*|haftungsausschluss|ce (?:message|courriel|mail)|avertissement|aviso legal)\b",
    r"(?:este|questo|dit)\b",
)
_FOR_WHOM, _IN_ERROR = 1, 3
_SAYS: Final = (
    _any_lowered(
        r"\b(?:e-?mail|message|communication|transmission|attachment|neges|e-?bost|nachricht|courriel|correo)"
    ),
    _any_lowered(
        r"intended (?:solely|only|recipient|for)|(?:only|solely) intended|(?:named|intended) (?:addressee|recipient)",
        r"addressee|solely for the use|derbynnydd|[bf]wriad\w* (?:ar gyfer|yn unig)|bwriadwyd|bestimmt für|adressat",
        r"destinataire|destinatario|geadresseerde",
    ),
    _any_lowered(r"confidential|privileged|[cg]yfrinach\w+|vertraulich|vertrouwelijk|confidentiel|confidencial"),
    _any_lowered(
        r"(?:received|sent|receive) (?:this|it|the|to you).{0,60}\b(?:in error|by mistake)|if received in error",
        r"(?:drwy|trwy|mewn) [gc]?amgymeriad|ar gam\b|irrtümlich|ten onrechte|par erreur|por error",
        r"has reached you by mistake",
    ),
    _any_lowered(
        r"unauthori[sz]ed|prohibited|not (?:necessarily )?(?:represent|those|reflect)|liab(?:le|ility)|legally binding",
        r"monitored|intercept|viruses|malware|freedom of information|data protection|gwaherddir|f[ei]+rws|cynrychioli",
        r"[fm]onitro\b|unlawful",
    ),
    _any_lowered(
        r"(?:delete|destroy|notify|inform|contact|tell) (?:it|the (?:e-?mail|message|material|sender)|us|me)\b",
        r"löschen sie|vernichten sie|rhowch wybod|dil[eë]wch",
        r"copy,? (?:distribute|or use|use|disclose)|distribution or|copying",
    ),
)
# Notices of one kind only, which say what no letter would.
_STANDING: Final = _any(
    r"(?:[\w'’]+ ){1,3}disclaimer:.{0,200}\b(?:e-?mail|message)|(?:this|the) e-?mail carries a disclaimer\b",
    r"(?:the original of )?(?:this|the) (?:e-?mail|message)(?: message)? (?:has been|was) (?:scanned|checked|"
    r"classified|swept|sent securely using|certified)\b|this footnote (?:also )?confirms\b",
    r"(?:sganiwyd y neges|mae['’]r (?:e-?bost|neges) h[wo]n wedi['’]i s[cg]anio)\b",
    r"on leaving the \w.{2,60} this e-?mail",
    r"(?:any|the|all) (?:views|opinions)(?: (?:and|or) (?:views|opinions))? (?:that are )?(?:expressed |contained )?"
    r"(?:in|within) this (?:e-?mail|message)\b.{0,120}\b(?:not necessarily|do not|those of)\b",
    r"(?:(?:rydym|rydyn ni|mae['’]r \w+) yn croesawu|croesewir) (?:derbyn )?(?:gohebiaeth|galwadau|ymholiadau)\b",
    r"(?:we welcome (?:receiving )?(?:correspondence|calls|enquiries)|correspondence is welcome)\b.{0,40}\bwelsh\b",
    r"croeso i chi (?:ddelio|ohebu|gysylltu|gyfathrebu|ysgrifennu|siarad)\b.{0,80}\b(?:nghymraeg|gymraeg|saesneg)\b",
    r"you are welcome to (?:deal|correspond|communicate|contact|write|speak)\b.{0,80}\bwelsh\b",
    r"(?!.{0,400}\b(?:is|are|was|were|ha[sd]|have|will|we|our|us|me|should|must|says?|object\w*)\b)"
    r".{0,120}\b(?:registered (?:in|office|charity|company)|registration n\w+|charity)\b"
    r".{0,120}\b\d{5,8}\b.{0,160}$",
    r"(?:privacy notice\b|(?:see|read|view) our privacy (?:policy|notice)\b).{0,300}https?:",
    r".{0,140}\b(?:see|read|view|visit) our privacy (?:policy|notice)\b.{0,20}https?:",
    r"diese e-mail enthält vertrauliche",
    r"(?:p )?(?:please )?(?:consider|think (?:of|about)) the environment\b.{0,20}\bprint",
    r"(?:meddyliwch am|ystyriwch) (?:yr amgylchedd|yr effaith)\b.{0,40}\bargraffu\b",
    r"(?:please )?(?:follow|like|find) us on (?:twitter|x|facebook|instagram|linkedin|social media)\b.{0,120}$",
    r"(?:https?://\S{1,120}[>\s]{1,3})?virus-?free\b",
)
_TAIL: Final = _any(
    r"virus|malware|malicious software|scanned|environment|registered (?:in|office|company|charity)|privacy|disclaimer|"
    r"liabil|monitor|www\.|https?:|\be-?mails?\b|neges|preifatrwydd|amgylchedd|gymraeg|croesewir|"
    r"welcome.{0,40}welsh|company (?:no|number)|personal opinions|form a contract|co-operation\.?$|^©"
)
_HEADINGS: Final = phrases(
    """
    disclaimer, confidentiality notice, confidentiality, legal notice, important notice, ymwadiad, e-mail disclaimer,
    email disclaimer, hysbysiad cyfrinachedd
    """
)


def without_notices(lines: list[str]) -> list[str]:
    """A notice is cut together with the lesser footers below it; those alone are not."""
    cut = end = len(lines)
    said_below = 0
    for _ in range(_MOST_PARAGRAPHS):
        box = _box_start(lines, end)
        start = _paragraph_start(lines, end) if box is None else box
        if start == end or any(is_quoted(line) for line in lines[start:end]):
            break
        paragraph = " ".join(lines[start:end])[:_LONGEST]
        if box is not None or _is_notice(lines[start:end], paragraph, said_below):
            cut = start
        elif stuck := _stuck_below(lines, start, end, said_below):
            cut = stuck
            break
        elif not (is_rule(paragraph) or _may_belong(paragraph)):
            break
        said_below |= _kinds(paragraph)
        end = _above_blanks(lines, start)
    return lines[: _above_headings(lines, cut) if cut < len(lines) else cut]


def _stuck_below(lines: list[str], start: int, end: int, said_below: int) -> int | None:
    """Where a notice begins that no blank line parts from the signature above it. Behind a colon it is what the writer
    quotes."""
    for at in range(max(start + 1, end - _MOST_LINES_STUCK), end):
        if not lines[at - 1].rstrip().endswith(":") and _BEGINS.match(lines[at].strip(_EDGE)):
            return at if _is_notice(lines[at:end], " ".join(lines[at:end])[:_LONGEST], said_below) else None
    return None


def _box_start(lines: list[str], end: int) -> int | None:
    """Of a notice between two rules that ends on line `end`, however many paragraphs it has."""
    if not end or not is_rule(lines[end - 1]):
        return None
    for at in range(end - 2, max(end - _MOST_BOX_LINES, -1), -1):
        if is_rule(lines[at]) and lines[at].strip()[:1] == lines[end - 1].strip()[:1]:
            inside = [line for line in lines[at + 1 : end - 1] if not is_blank(line)]
            return at if inside and _is_notice(inside, " ".join(inside)[:_LONGEST], 0) else None
    return None


def _paragraph_start(lines: list[str], end: int) -> int:
    start = end
    while start and not is_blank(lines[start - 1]) and not is_rule(lines[start - 1]):
        start -= 1
    return start if start < end or not end else end - 1


def _is_notice(lines: Sequence[str], paragraph: str, said_below: int) -> bool:
    """Legal words of three kinds, here or in the paragraphs below, one of them about whom the email was meant for."""
    if _FIRST_PERSON.search(paragraph):
        return False
    bare = paragraph.strip(_EDGE)
    if _STANDING.match(bare) or _lists_links(lines):
        return True
    if not (_BEGINS.match(bare) or any(_BEGINS.match(text) for text in _below_names(lines))):
        return False
    said = _kinds(paragraph)
    is_of_its_own = said.bit_count() >= 2 and bool(said & (1 << _FOR_WHOM | 1 << _IN_ERROR))
    return is_of_its_own and (said | said_below).bit_count() >= 3


def _kinds(paragraph: str) -> int:
    lowered = paragraph.lower()  # a third of the time of a search that ignores case
    return sum(1 << kind for kind, pattern in enumerate(_SAYS) if pattern.search(lowered))


def _below_names(lines: Sequence[str]) -> list[str]:
    """The first line below the names of an organisation, which stand on short lines of their own."""
    for line in lines[:3]:
        bare = line.strip(_EDGE)
        if len(bare) > _LONGEST_NAME or bare.endswith((".", ":", "?", ",")):
            return [bare]
    return []


def _lists_links(lines: Sequence[str]) -> bool:
    return (
        len(lines) > 1
        and all("http" in line or "www." in line for line in lines)
        and any("rivacy" in line or "reifatrwydd" in line for line in lines)
    )


def _may_belong(paragraph: str) -> bool:
    if _FIRST_PERSON.search(paragraph):
        return False
    return _TAIL.search(paragraph) is not None or (
        _BEGINS.match(paragraph.strip(_EDGE)) is not None and _kinds(paragraph) != 0
    )


def _above_blanks(lines: list[str], at: int) -> int:
    while at and is_blank(lines[at - 1]):
        at -= 1
    return at


def _above_headings(lines: list[str], at: int) -> int:
    while at and (is_blank(lines[at - 1]) or is_rule(lines[at - 1]) or _is_heading(lines[at - 1])):
        at -= 1
    return at


def _is_heading(line: str) -> bool:
    return line.strip(_EDGE + ":.").casefold() in _HEADINGS
