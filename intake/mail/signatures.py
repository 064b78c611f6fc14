"""Removes what machines and habits put at the edges of a letter: gateways' warnings above it; signatures after "--",
"Sent from my iPhone" and legal notices below it. Works inwards from the edges and stops at the first line that may be
the writer's own."""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from intake.mail.header_blocks import INVISIBLE
from intake.mail.quotations import is_blank, is_quoted, is_rule

_EDGE: Final = INVISIBLE + "<>()[]*_\"'|"
_LONGEST_LINE: Final = 200
_MOST_SIGNATURE_LINES: Final = 14


def _any(*alternatives: str) -> re.Pattern[str]:
    return re.compile("|".join(alternatives), re.IGNORECASE)


_DEVICE: Final = (
    r"i-?(?:phone|pad|pod|os)\b|android|blackberry|samsung|galaxy|htc|nokia|huawei|xiaomi|redmi|oneplus|motorola|pixel|"
    r"windows|lumia|mobile|phone|cell|smartphone|tablet|kindle|device|outlook|gmail|yahoo|hotmail|aol|proton ?mail|"
    r"mailbox|airmail|mail|sparrow|spark|thunderbird|surface|mac(?:book)?|typeapp|superhuman|boxer|front$|nine$|app$|ffôn|mobil\w*|handy|telefon\w*|móvil|"
    r"dispositivo|téléphone|portable|appareil|cellulare|telemóvel|telefoon|toestel|puhelin\w*|komórk\w*|смартфон\w*"
)
_SENT_FROM: Final = _any(
    r"(?:(?:sent|send|written|typed|composed) (?:from|via|with|using|by)|get outlook|download outlook)\b(?P<what>.*)",
    r"(?:someone|message|e-?mail)?\s?(?:from|via) (?P<my>my \w.*|mobile)",
    r"[^\W\d]{2,20} (?:from|via) (?P<someones>mobile)",
    r"(?:please )?(?:excuse|forgive) (?:my |any |the )?(?:brevity|typos?\w*)\W{1,3}(?:sent|typed) (?:from|on) "
    r"(?P<excused>my .*)",
)
_SENT_FROM_ABROAD: Final = _any(
    r"(?:anfonwyd (?:o|oddi|gan|gyda|drwy)|wedi['’]i anfon o|cael outlook)\b.{0,60}$",
    r"(?:gesendet (?:von|mit|über)|holen sie sich outlook|outlook für)\b.{0,60}$|von mein\S{1,12} .{1,60} gesendet$",
    r"diese nachricht wurde von .{1,60} gesendet\.?$",
    r"(?:envoyé (?:de|depuis|à partir|avec|par|du)|obtenez outlook|télécharge[zr] outlook)\b.{0,60}$",
    r"(?:enviado (?:desde|do|de|a partir|via|mediante|con)|obtener outlook|obtenha o outlook)\b.{0,60}$",
    r"(?:inviato (?:da|dal|dall|con)|scarica outlook|ottieni outlook)\b.{0,60}$",
    r"(?:verzonden (?:vanaf|vanuit|met|via|door)|verstuurd (?:vanaf|met|via)|outlook voor|download outlook)\b.{0,60}$",
    r"(?:sendt (?:fra|med)|hent outlook|få outlook|hämta outlook|skickat (?:från|med)|skickades från)\b.{0,60}$",
    r"(?:lähetetty|hanki outlook|wysłan[eoy] (?:z|przez)|pobierz outlook)\b.{0,60}$",
    r"(?:odesláno (?:z|ze)|odoslané (?:z|zo))\b.{0,60}$",
    r"(?:stáhnout outlook|trimis (?:de pe|din)|poslano (?:z|s|iz)|στάλθηκε από|изпратено от)\b.{0,60}$",
    r"(?:отправлено (?:с|из)|надіслано (?:з|із))\b.{0,60}$|.{0,24}(?:iphone|ipad|android)\S{0,8} (?:gönderildi|küldve)",
    r"(?:elküldve az?|enviat des d\w{1,3}|seolta ó|saadetud minu|sūtīts no|išsiųsta iš|poslané z|được gửi từ|"
    r"dikirim dari|från min|get bluemail|descarga outlook|typed on a small)\b.{0,60}$|ส่งจาก.{1,40}$",
    r"(?:从我的|從我的|发自我的|發自我的|寄自我的|傳送自|发自|從).{1,40}$",
    r".{1,20}에서 보냄$|.{1,24}から送信$|נשלח מ.{1,30}$|أ?رسل(?:ت)? من .{1,30}$",
)
_NAMES_DEVICE: Final = _any(rf"(?<!\w)(?:{_DEVICE})")
_LINK: Final = re.compile(r"[\[\]()<>]|https?://[^\s>)]{1,300}")
_APOLOGY: Final = _any(r"\b(?:excuse|typo\w*|brevity|apologies|forgive|pardon)\b")
_STRAY: Final = _any(
    r"virus-?free\b|(?:this|the) (?:e-?mail|message) (?:has been|was) (?:checked|scanned)|scanned by|avast\b",
    r"yahoo mail: search, organi[sz]e|https://aka\.ms/\S{1,60}$|think before you print|save paper",
    r"please consider the environment before print|mae'r e-?bost hwn wedi'i sganio",
)
_CONTACT: Final = _any(
    r"@|https?:|www\.|\b(?:tel|phone|mob|mobile|fax|ffôn|ext|t|m|e)\b ?[:.]|\+?\(?\d[\d ()-]{8,}|mailing list"
)

_SENTENCE: Final = re.compile(r"p\.? ?s\b|.{70,}[.!?]$", re.IGNORECASE)
_FIRST_PERSON: Final = re.compile(r"\bI(?:['’]\w{1,2})?\b|\b[Mm]y\b|\bfy\b")
_NOTICE_BEGINS: Final = _any(
    r"(?:disclaimer|confidential\w*|legal notice|important|notice|privileged|warning|council|please)\b",
    r"(?:this|the (?:information|contents?|sender)|any (?:views|opinions|e-?mail)|if you|all e-?mails?|e-?mails?)\b",
    r"(?:information|opinions|unless|we|ymwadiad|cyfrinach\w+|mae['’]?r?|gall|os|diese|vertraulich\w*)\b",
    r"(?:haftungsausschluss|ce (?:message|courriel|mail)|avertissement|aviso legal|este|questo|dit)\b",
)
_FOR_WHOM, _IN_ERROR = 1, 3
_NOTICE_SAYS: Final = (
    _any(r"\b(?:e-?mail|message|communication|transmission|attachment|neges|e-?bost|nachricht|courriel|correo)"),
    _any(
        r"intended (?:solely|only|recipient|for)|(?:named|intended) (?:addressee|recipient)|addressee",
        r"solely for the use|derbynnydd|[bf]wriad\w* (?:ar gyfer|yn unig)|bestimmt für|destinataire|destinatario",
        r"geadresseerde",
    ),
    _any(r"confidential|privileged|[cg]yfrinach\w+|vertraulich|vertrouwelijk|confidentiel|confidencial"),
    _any(
        r"(?:received|sent) (?:this|it|the|to you).{0,60}\b(?:in error|by mistake)|drwy gamgymeriad|trwy gamgymeriad",
        r"ar gam\b|irrtümlich|ten onrechte|par erreur|por error",
    ),
    _any(
        r"unauthori[sz]ed|prohibited|not (?:necessarily )?(?:represent|those|reflect)|liab(?:le|ility)|legally binding",
        r"monitored|intercept|viruses|malware|freedom of information|data protection|gwaherddir|firws|cynrychioli",
    ),
)
# Notices of one kind only, which say what no letter would.
_STANDING: Final = _any(
    r"(?:[\w'’]+ ){1,3}disclaimer:.{0,200}\b(?:e-?mail|message)|(?:this|the) e-?mail carries a disclaimer\b",
    r"this (?:e-?mail|message) (?:has been|was) (?:scanned|checked|classified|swept)\b",
    r"(?!.{0,400}\b(?:is|are|was|were|ha[sd]|have|will|we|our|us|me|should|must|says?|object\w*)\b)"
    r".{0,120}\b(?:registered (?:in|office|charity|company)|registration n\w+|charity)\b"
    r".{0,120}\b\d{5,8}\b.{0,160}$",
    r"(?:privacy notice\b|(?:see|read|view) our privacy (?:policy|notice)\b).{0,300}https?:",
    r"(?:p )?(?:please )?(?:consider|think (?:of|about)) the environment\b.{0,20}\bprint",
    r"(?:please )?(?:follow|like|find) us on (?:twitter|x|facebook|instagram|linkedin|social media)\b.{0,120}$",
    r"(?:https?://\S{1,120}[>\s]{1,3})?virus-?free\b",
)
_NOTICE_TAIL: Final = _any(
    r"virus|malware|scanned|environment|registered (?:in|office|company|charity)|privacy|disclaimer|liabil|"
    r"monitor|www\.|https?:|\be-?mails?\b|neges|preifatrwydd|amgylchedd|gymraeg|croesewir|welcome.{0,40}welsh|"
    r"company (?:no|number)"
)

_BANNER: Final = _any(
    r"\W{0,6}(?:external(?: e-?mail| sender| message)?|e-?bost allanol|allanol|ext)\W{0,6}$",
    r"(?:\W{0,6}(?:caution|warning|external|attention|be careful|rhybudd|gofal|note|security)\b.{0,40}?)?"
    r"\b(?:this|the) (?:is an external|(?:e-?mail|message|sender|mail)(?: (?:has|was|been|is|came|comes|sent|received|"
    r"originat\w+)){1,4} (?:from )?(?:an? )?(?:sender |source )?(?:outside|external))",
    r"\W{0,6}(?:caution|warning|attention|external)\W{1,6}(?:external (?:e-?mail|sender|message)|"
    r"e-?mail from outside|(?:an )?email (?:originat\w+|from outside)|do not (?:click|open))",
    r"\W{0,6}(?:you don['’]?t often get e-?mail from|some people who received this message don['’]?t often)",
    r"(?:\W{0,6}(?:rhybudd|gofal)\W{0,4})?(?:daeth|mae|daw)(?:['’]r| yr?)? (?:neges|e-?bost) (?:hon|hwn).{0,40}"
    r"(?:o['’]r tu allan|allanol)",
)
_BANNER_HEADING: Final = _any(r"\W{0,6}(?:caution|warning|attention|rhybudd|gofal|be careful|security notice)\W{0,6}$")
_BANNER_GOES_ON: Final = _any(
    r"(?:do not|don['’]t|never|only) (?:click|open|follow)|links? or|attachments?\b.{0,80}(?:unless|safe)|unless you",
    r"recogni[sz]e the sender|content is safe|learn why this is important|peidiwch â chlicio|oni bai eich bod",
    r"(?:outside|within) (?:of )?(?:the|your|our) (?:organi[sz]ation|council|company|network)",
    r"report (?:this|it|suspicious)",
)


def without_banners(lines: Sequence[str]) -> list[str]:
    """Drops a gateway's warning from the top ("[EXTERNAL]", "CAUTION: This email originated from outside …")."""
    at = 0
    has_banner = False
    while at < len(lines):
        line = lines[at][:600].strip()
        begins = _BANNER.match(line) or (_BANNER_HEADING.match(line) and _BANNER.match(_next(lines, at)))
        if begins or (has_banner and _is_rest_of_banner(line)):
            has_banner = True
        elif not (is_blank(lines[at]) or (is_rule(lines[at]) and (has_banner or _BANNER.match(_next(lines, at))))):
            break
        at += 1
    return list(lines[at:]) if has_banner else list(lines)


def without_footers(lines: Sequence[str]) -> list[str]:
    """Drops what stands below the last of the writer's own lines, however many layers of it there are."""
    kept = list(lines)
    for _ in range(8):
        before = len(kept)
        for strip in (_without_blanks, _without_notices, _without_device_lines, _without_signature):
            kept = strip(kept)
        if len(kept) == before:
            break
    return kept


def _next(lines: Sequence[str], at: int) -> str:
    return next((line.strip()[:600] for line in lines[at + 1 : at + 4] if not is_blank(line)), "")


def _is_rest_of_banner(line: str) -> bool:
    return 0 < len(line) < 400 and _BANNER_GOES_ON.search(line) is not None


def _without_blanks(lines: list[str]) -> list[str]:
    end = len(lines)
    while end and is_blank(lines[end - 1]):
        end -= 1
    return lines[:end]


def _without_notices(lines: list[str]) -> list[str]:
    """Walks up paragraph by paragraph: a notice is cut together with the lesser footers below it."""
    cut = end = len(lines)
    for _ in range(16):
        start = _paragraph_start(lines, end)
        paragraph = " ".join(lines[start:end])[:4000]
        if start == end or any(is_quoted(line) for line in lines[start:end]):
            break
        if _is_notice(paragraph):
            cut = start
        elif not (_NOTICE_TAIL.search(paragraph) or is_rule(paragraph)):
            break
        end = _above_blanks(lines, start)
    if cut < len(lines):
        while cut and (is_blank(lines[cut - 1]) or is_rule(lines[cut - 1]) or _is_heading(lines[cut - 1])):
            cut -= 1
    return lines[:cut]


def _paragraph_start(lines: list[str], end: int) -> int:
    start = end
    while start and not is_blank(lines[start - 1]) and not is_rule(lines[start - 1]):
        start -= 1
    return start if start < end or not end else end - 1


def _above_blanks(lines: list[str], at: int) -> int:
    while at and is_blank(lines[at - 1]):
        at -= 1
    return at


def _is_notice(paragraph: str) -> bool:
    """Legal words of three kinds, one of them about whom the email was meant for. "My" is a person speaking."""
    says = [pattern.search(paragraph) is not None for pattern in _NOTICE_SAYS]
    is_legal = sum(says) >= 3 and (says[_FOR_WHOM] or says[_IN_ERROR])
    is_personal = _FIRST_PERSON.search(paragraph) is not None
    bare = paragraph.strip(_EDGE + "-=#!")
    is_standing = _STANDING.match(bare) is not None
    return not is_personal and (is_standing or (is_legal and _NOTICE_BEGINS.match(bare) is not None))


def _is_heading(line: str) -> bool:
    return line.strip(_EDGE + "-=:#!.").casefold() in {
        "disclaimer", "confidentiality notice", "confidentiality", "legal notice", "important notice", "ymwadiad",
    }  # fmt: skip


def _without_device_lines(lines: list[str]) -> list[str]:
    end = len(lines)
    while end and (is_blank(lines[end - 1]) or _is_device_line(lines[end - 1])):
        end -= 1
    return lines[:end]


def _is_device_line(line: str) -> bool:
    bare = line.strip(_EDGE)
    if len(bare) > _LONGEST_LINE:
        return False
    if _SENT_FROM_ABROAD.match(bare) or (_STRAY.match(bare) and not is_quoted(line)):
        return True
    found = _SENT_FROM.fullmatch(_LINK.sub("", bare).strip(_EDGE))
    if found is None:
        return False
    said = next((part for part in found.groups() if part), "").strip()
    what, *also = re.split(r",|\.(?:\s|$)|  ", said, maxsplit=1)
    is_joke = bare.casefold().startswith("sent from")
    if not (is_joke or _NAMES_DEVICE.search(said)):
        return False
    return _is_device(what) and _is_aside("".join(also))


def _is_device(what: str) -> bool:
    """A device or program by name, or a short joke about one ("my TI-85"); "the mobile library" is neither."""
    words = what.split()
    if not words or (words[0].casefold() == "the" and "app" not in words):
        return False
    if _NAMES_DEVICE.search(what):
        return len(words) <= 9
    return words[0].casefold() in {"my", "a"} and len(words) <= 5


def _is_aside(also: str) -> bool:
    return len(also.split()) <= 3 or _APOLOGY.search(also) is not None


def _without_signature(lines: list[str]) -> list[str]:
    """RFC 3676 section 4.3: a line of two dashes and a space. Programs lose the space, people draw longer lines."""
    words_below = 0
    for at in range(len(lines) - 1, 0, -1):
        line = lines[at]
        is_separator = line.strip(" \t\xa0\r") in {"--", "—", "–", "- -", "-- --", "—-"} or is_rule(line)
        if is_separator and not all(is_blank(above) for above in lines[:at]) and _is_signature(line, lines[at + 1 :]):
            return lines if _divides_text(lines, at) else lines[:at]
        words_below += not is_blank(line)
        if words_below > _MOST_SIGNATURE_LINES or is_quoted(line):
            break
    return lines


def _divides_text(lines: list[str], at: int) -> bool:
    """Whether the writer drew the same bare line between paragraphs of the letter."""
    bare = lines[at].rstrip("\r")
    above = next((number for number in range(at - 1, max(at - 40, 0), -1) if lines[number].rstrip("\r") == bare), None)
    return bare == "--" and above is not None and _has_prose(lines[above + 1 : at])


def _is_signature(separator: str, below: list[str]) -> bool:
    written = [line for line in below if not is_blank(line)]
    if len(separator.strip()) > 2 and not _is_rule_only(written):
        return any(_CONTACT.search(line[:600]) for line in written) and not _has_prose(written)
    return separator.rstrip("\r").endswith("-- ") or not _has_prose(written)


def _is_rule_only(lines: list[str]) -> bool:
    return all(is_rule(line) for line in lines)


def _has_prose(lines: list[str]) -> bool:
    """Whether someone wrote in sentences: a long line, a whole sentence, or two full lines in a row."""
    if any(_SENTENCE.match(line.strip()) and not _CONTACT.search(line[:600]) for line in lines):
        return True
    if any(len(line) > 160 and not _CONTACT.search(line[:600]) for line in lines):
        return True
    full = [len(line.strip()) > 58 and not _CONTACT.search(line[:600]) for line in lines]
    return any(one and two for one, two in pairwise(full))
