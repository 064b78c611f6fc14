"""Removes what machines and habits put at the edges of a letter: gateways' warnings above it; signatures after "--",
"Sent from my iPhone" and legal notices below it. Works inwards from the edges and stops at the first line that may be
the writer's own."""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from intake.mail.header_blocks import INVISIBLE, read_label
from intake.mail.notices import without_notices
from intake.mail.quotations import is_blank, is_quoted, is_rule

_EDGE: Final = INVISIBLE + "<>()[]*_\"'|"
_LONGEST_LINE: Final = 200
_MOST_SIGNATURE_LINES: Final = 14
_MOST_LINES_OF_PART: Final = 60


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
    r".{1,20}에서 보냄$|.{1,24}から送信$|נשלח מ.{1,30}$|[أا]ُ?رسلت? من .{1,30}$",
)
_NAMES_DEVICE: Final = _any(rf"(?<!\w)(?:{_DEVICE})")
_LINK: Final = re.compile(r"[\[\]()<>]|https?://[^\s>)]{1,300}")
_APOLOGY: Final = _any(r"\b(?:excuse|typo\w*|brevity|apologies|forgive|pardon)\b")
_STRAY: Final = _any(
    r"virus-?free\b|(?:this|the) (?:e-?mail|message) (?:has been|was) (?:checked|scanned)|scanned by|avast\b",
    r"yahoo mail: search, organi[sz]e|https://aka\.ms/\S{1,60}$|think before you print|save paper",
    r"please consider the environment before print|mae'r e-?bost hwn wedi'i sganio",
)
# How government marks its mail, on a line of its own; seen in practice at the top, too.
_MARKING: Final = re.compile(
    r"\W{0,4}(?:OFFICIAL(?:\W{1,3}SENSITIVE)?|NOT PROTECTIVELY MARKED|UNCLASSIFIED|SWYDDOGOL)\W{0,4}$"
)
# What programs write for the pictures of a signature.
_PICTURE: Final = _any(
    r"\[(?:cid:[^\s\]]{1,200}|https?://[^\s\]]{1,300}\.(?:png|jpe?g|gif))\]$",
    r".{0,100}description automatically generated\]?$",
)
_CONTACT: Final = _any(
    r"@|https?:|www\.|\b(?:tel|phone|mob|mobile|fax|ffôn|ext|t|m|e)\b ?[:.]|\+?\(?\d[\d ()-]{8,}|mailing list"
)

_WHOLE_SENTENCE: Final = re.compile(r"[^\W\d_]\S* (?:\S+ ){2,20}\S+[.!?]$")
_SENTENCE: Final = re.compile(r"p\.? ?s\b|.{70,}[.!?]$", re.IGNORECASE)
_BANNER: Final = _any(
    r"\[(?:\w{1,20} )?(?:official use only|internal(?: use)?(?: only)?|public|general)\b[^\]]{0,60}\]$",
    r"\W{0,6}(?:(?:external(?: e-?mail| sender| message)?|e-?bost allanol|allanol|ext|rhybudd|warning)"
    r"(?:\W{1,6}|$)){1,4}(?:(?:please )?(?:be|exercise|use) (?:cautious|caution|careful)\b.{0,20}|"
    r"(?:do not|don['’]t) (?:click|open)\b.{0,120})?$",
    r"zjqcmq\w{0,20}bannerstart$",
    r"\W{0,6}(?:classification|dosbarthiad)\W{1,3}(?:official|swyddogol)\b.{0,20}$|sent by an external sender$",
    r"\W{0,6}(?:(?:caution|warning|external|attention|be careful|rhybudd|gofal|note|security|think before)\b.{0,40}?)?"
    r"\b(?:this|the) (?:is an external|(?:e-?mail|message|sender|mail)(?: (?:has|was|been|is|came|comes|sent|received|"
    r"originat\w+)){1,4} (?:from )?(?:an? )?(?:sender |source )?"
    r"(?:outside|external (?:source|sender|e-?mail|party|address|organi[sz]ation)))",
    r"\W{0,6}(?:caution|warning|attention|external)\W{1,6}(?:external (?:e-?mail|sender|message)|"
    r"e-?mail from outside|(?:an )?email (?:originat\w+|from outside)|do not (?:click|open))",
    r"\W{0,6}(?:you don['’]?t often get e-?mail from|some people who received this message don['’]?t often)",
    r"(?:\W{0,6}(?:rhybudd|gofal)\W{0,4})?(?:daeth|mae|daw)(?:['’]r| yr?)? (?:neges|e-?bost) (?:hon|hwn).{0,40}"
    r"(?:o['’]r tu allan|allanol)",
)
_SPEAKS: Final = re.compile(r"\b(?:I|[Mm]y|[Ww]e)\b")
_BANNER_HEADING: Final = _any(r"\W{0,6}(?:caution|warning|attention|rhybudd|gofal|be careful|security notice)\W{0,6}$")
_BANNER_GOES_ON: Final = _any(
    r"(?:do not|don['’]t|never|only) (?:click|open|follow)|links? or|attachments?\b.{0,80}(?:unless|safe)|unless you",
    r"recogni[sz]e the sender|content is safe|learn why this is important|peidiwch â chlicio|oni bai eich bod",
    r"(?:outside|within) (?:of )?(?:the|your|our) (?:organi[sz]ation|council|company|network)",
    r"report (?:this (?:e-?mail|message)|suspicious)|message is from an external|zjqcmq",
)


def without_banners(lines: Sequence[str]) -> list[str]:
    """Drops from the top a gateway's warning ("[EXTERNAL]", "CAUTION: This email originated from outside …"), and
    "Sent from my iPhone" where it has a paragraph of its own there, as under a quotation that was taken out."""
    lines = _below_device_line(lines)
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
        for strip in (_without_blanks, without_notices, _without_device_lines, _without_signature):
            kept = strip(kept)
        if len(kept) == before:
            break
    return kept


def _below_device_line(lines: Sequence[str]) -> Sequence[str]:
    at = next((number for number, line in enumerate(lines) if not is_blank(line)), len(lines))
    stands_alone = at + 2 < len(lines) and is_blank(lines[at + 1]) and _is_device_line(lines[at])
    return lines[at + 1 :] if stands_alone else lines


def _next(lines: Sequence[str], at: int) -> str:
    return next((line.strip()[:600] for line in lines[at + 1 : at + 4] if not is_blank(line)), "")


def _is_rest_of_banner(line: str) -> bool:
    return 0 < len(line) < 400 and _BANNER_GOES_ON.search(line) is not None and not _SPEAKS.search(line)


def _without_blanks(lines: list[str]) -> list[str]:
    end = len(lines)
    while end and is_blank(lines[end - 1]):
        end -= 1
    return lines[:end]


def _without_device_lines(lines: list[str]) -> list[str]:
    end = len(lines)
    while end and (is_blank(lines[end - 1]) or _is_device_line(lines[end - 1])):
        end -= 1
    return lines[:end]


def _is_device_line(line: str) -> bool:
    bare = line.strip(_EDGE)
    if len(bare) > _LONGEST_LINE:
        return False
    if (
        _MARKING.match(bare)
        or _PICTURE.match(line.strip())
        or _SENT_FROM_ABROAD.match(_LINK.sub("", bare))
        or (_STRAY.match(bare) and not is_quoted(line))
    ):
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
        if is_separator and _is_heading_line(lines, at):
            break
        if is_separator and not all(is_blank(above) for above in lines[:at]) and _is_signature(line, lines[at + 1 :]):
            return lines if _divides_text(lines, at) else lines[:at]
        words_below += not is_blank(line)
        if words_below > _MOST_SIGNATURE_LINES or is_quoted(line) or _names_sender(line):
            break
    return lines


def _names_sender(line: str) -> bool:
    """The headers of a quoted email, below a rule, have addresses as a signature has."""
    label = read_label(line)
    return label is not None and label[0] == "from"


def _is_heading_line(lines: list[str], at: int) -> bool:
    """A rule as long as the line right above it underlines that line."""
    above, rule = lines[at - 1].strip(), lines[at].strip()
    return len(rule) > 2 and not is_rule(above) and abs(len(above) - len(rule)) <= 2 and not is_blank(above)


def _divides_text(lines: list[str], at: int) -> bool:
    """Whether the writer drew the same bare line between paragraphs of the letter."""
    bare = lines[at].rstrip("\r")
    if bare.endswith("-- "):
        return False
    near = range(at - 1, max(at - _MOST_LINES_OF_PART, -1), -1)
    above = next((number for number in near if lines[number].strip() == bare.strip()), None)
    if above is None:
        return False
    between = lines[above + 1 : at]
    return len(bare.strip()) > 2 or _has_prose(between) or any(_WHOLE_SENTENCE.match(line.strip()) for line in between)


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
