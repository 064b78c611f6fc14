"""Knows how mail systems speak: their names, and the subjects and sentences of notices that an email did not arrive.

Only for telling such a notice from a person's letter: who could not be reached is read in `bounces` and `complaints`.
A person may quote all of this, so a sender or a subject decides together with the text, never the text alone.
"""

import re
from dataclasses import dataclass
from typing import Final

_OPENING: Final = 2500

_FORWARD: Final = re.compile(r"\s*(fwd?|wg|tr|rv|i|vs|vb|doorst)\s*:", re.IGNORECASE)
_ANSWER: Final = re.compile(r"\s*(re|aw|sv|antw|atb|odp|rif|vá|ynt)\s*:", re.IGNORECASE)

# Only machines write from these.
_DAEMON: Final = re.compile(r"(?:mail(?:er)?|m)?[-_. ]?daemon|mmdf|microsoftexchange\w*", re.IGNORECASE)
# Machines write from these, and people who look after machines.
_MAIL_SYSTEM: Final = re.compile(
    r"mail[-_. ]?(?:delivery|system|admin)[\w.-]*|post[-_]?(?:master|office)\\?|bounces?|ndr|imss"
    r"|\"?system administrator\"?"
    r"|(?:e\d+_)?smtp_?\w*|symantec_\w+|delivery[-_.]?(?:status|failure|system|agent)\w*|sysadmin|inetgw\d*",
    re.IGNORECASE,
)
_MAIL_SYSTEM_NAME: Final = re.compile(
    r"\W{0,2}(?:(?:e?mail|message|internet mail) (?:deliver[yi]?|administrator|system|router|sub-?system)"
    r"|mail(?:er)?[- ]?daemon|m?daemon\b|postmaster"
    r"|post ?office|system administrator|content-filter at|interscan|courier mail server|mmsc ndr"
    r"|microsoft outlook|lsmtp|jetmail|delivery (?:agent|service|status)"
    r"|automated response from .{1,60}postmaster|network mail|mail gateway)",
    re.IGNORECASE,
)

# How notices of failed or delayed delivery are headed, by mail systems and in their translations.
_FAILURE_SUBJECT: Final = re.compile(
    r"undeliver|not (?:be )?delivered|non[-_ ]?deliver|unable to deliver|could ?n[o']t be (?:delivered|sent)"
    r"|cannot be delivered"
    r"|returned (?:e?mail|to sender|message)|failure notice|mail system error|fail(?:ed|ure)(?: to)?[- ]deliver"
    r"|mail failed|failed mail"
    r"|delayed (?:mail|delivery)|(?:delivery|message|mail)[-_ :]+(?:has |could not be |not )?(?:failed"
    r"|been delayed|delayed)"
    r"|(?:mail|message|delivery)[-_ :]+(?:delivery |system |transport )?(?:fail|error|status|problem|delay"
    r"|warning|notif|report)"
    r"|warning: (?:could not send|message)|user unknown|address not found|mail error|processing error"
    r"|\[bounce\]|bounced? (?:mail|e-?mail|message|notif)"
    r"|e?mail bounce|(?:message|mail) (?:you sent )?(?:was )?(?:blocked|rejected)|automatically rejected"
    r"|error (?:sending|delivering) your (?:e?mail|message)|nondelivery|system error message"
    r"|heb ei (?:gyflwyno|dd?anfon)|methu(?: â)? danfon"
    r"|un?zustellbar|nicht zu(?:ge)?stell|zustellung (?:fehlgeschlagen|nicht möglich)|sendefehler|non[ _]remis"
    r"|échec de (?:la )?(?:remise|distribution)|n'a pas pu être remis"
    r"|no se pued?e entregar|no (?:se pudo )?entrega|devuelto|non recapitabile|mancat[oa] (?:recapito|consegna)"
    r"|impossibile recapitare|não (?:é possível )?entreg|devolvid"
    r"|niet (?:bezorgd|afgeleverd)|onbestelbaar|ikke lever|kan ikke leveres|ulevert|kan inte levereras"
    r"|olevererbar|gick inte att leverera|perille toimittamat|ei voi toimittaa"
    r"|niedostarcz|nie można dostarczyć|nedoručiteln|nedoručiteľn|kézbesíthetetlen|nelivrabil"
    r"|ni bilo mogoče dostaviti|nije moguće isporučiti|недоставлен|не доставлен|не удается доставить"
    r"|недоставен|не може да бъде доставен|μη παραδοτέο|δεν είναι δυνατή η παράδοση|teslim edilem|退信|无法(?:传递|送达"
    r"|投递)|未(?:传递|送达)|傳遞失敗|無法傳遞|配信不能|配信できません|メールエラー|エラーメール|배달(?:되지| 실패)",
    re.IGNORECASE,
)

# Sentences no person opens a letter with.
# On lower-case text: a fraction of the time of a search that ignores case.
_MACHINE: Final = re.compile(
    r"message was created automatically by|this is the (?:mail system|qmail|postfix|mail delivery"
    r"|machine generated|mailer-daemon|e-?mail server|deliver program|courier)"
    r"|delivery has failed to these|(?:your message|did) (?:did )?not reach the following"
    r"|a message that you (?:have )?sent|(?:i'm afraid i )?wasn't able to deliver"
    r"|(?:could not|cannot|couldn't|can't) be delivered (?:to (?:the following|one or more|all|some|mobile)"
    r"|because|for the following)|following addresse?s?(?:\(?es\)?)? (?:had|have|has|failed)"
    r"|transcript of (?:the )?(?:session|attempts)|this report relates to a message"
    r"|delivery status notification|delivery status report|unable to deliver (?:the |your )?(?:message|mail) to"
    r"|undeliverable (?:address|mail|to\b)|failed (?:addresses|recipients?)|intended recipient:"
    r"|non-delivery report|delivery failure notification|remote host said|rcpt to|this is the mail server on"
    r"|generated message from sendgrid|error message below|(?:had|have) trouble delivering"
    r"|delivery of (?:the )?e?mail to this address|while attempting to deliver|your mail sent on:"
    r"|bounce notification|error-for:|unknown user:|no such user here|duplicated message-id in"
    r"|invalid final delivery|delivery problems|failure reasons|returned mail follows|undelivered mail"
    r"|diagnostic (?:information|code)"
    r"|your (?:e?mail |message )?(?:message )?to:?\s[^.]{0,120}?(?:was|were|could|has|have) (?:not |been "
    r"|rejected|blocked|automatically)|wasn['’]t delivered|recipients? (?:was|were|returned)[^.]{0,30}(?:reject"
    r"|permanent)"
    r"|(?:mail|message|e-mail)[^.]{0,80}could not be delivered to|following mail could not be delivered"
    r"|did not exactly match an|has been postponed due to|has failed due to a|mailbox (?:is )?full"
    r"|message not delivered to"
    r"|^\W{0,4}\d{3}[ -]\d\.\d\.\d|(?:konnte|kann|wurde)[^.]{0,80}nicht (?:zugestellt|übermittelt|ausgeliefert)"
    r"|n'a pas pu (?:être|etre)|fehler bei der (?:zustellung|nachrichtenzustellung)|impossible de remettre"
    r"|échec de la remise|no se ha podido entregar|no se pudo entregar|error en la entrega"
    r"|non è stato possibile (?:recapitare|consegnare)|recapito non riuscito|não foi possível entregar"
    r"|kon niet worden (?:bezorgd|afgeleverd)"
    r"|bezorging (?:is )?mislukt|kunde inte levereras|kunne ikke leveres|ei voitu toimittaa"
    r"|nie można (?:było )?dostarczyć|nebylo možné doručit|не может быть\W+доставлен|не удалось доставить"
    r"|не доставлено|无法(?:发送|送达|投递|传递)"
    r"|配信(?:できません|不能|に失敗)|送信できませんでした|存在しないか|ni ellid danfon|heb ei danfon"
)
_DELAY: Final = re.compile(
    r"\bdelayed\b|not (?:yet )?been delivered (?:yet|after|within|because)|has not yet been|still (?:being"
    r"|trying|in the queue)|will (?:keep trying|be retried|continue)"
    r"|(?:continue|attempts will continue) to (?:try|be made|attempt)|warning message only|just a warning"
    r"|do not need to (?:re-?send|retry)|delivery incomplete|has been postponed|temporary (?:problem|error|failure)"
    r"|transient (?:non-)?fatal|bylo zdrženo|wird weiterhin versucht|verzögert|retardé|retrasado|ritardata?"
    r"|vertraagd|försenad|forsinket|opóźnion|задерж",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Notice:
    """What of an email tells whether a mail system wrote it; `return_path` "" is the null one, None unknown."""

    name: str
    address: str
    return_path: str | None
    subject: str
    text: str


def is_failure_notice(notice: Notice) -> bool:
    """Whether a mail system says that an email failed or is late, though no machine-readable report says so."""
    if is_forward(notice.subject):
        return False
    if _DAEMON.fullmatch(notice.address.partition("@")[0]):
        return not is_answer(notice.subject)
    is_system = is_mail_system(notice)
    has_subject = _FAILURE_SUBJECT.search(notice.subject[:300]) is not None and not is_answer(notice.subject)
    return (is_system and has_subject) or ((is_system or has_subject) and _speaks_as_machine(notice.text))


def is_mail_system(notice: Notice) -> bool:
    """Whether the sender is one, by name, address or null return path."""
    mailbox = notice.address.partition("@")[0]
    is_named = _DAEMON.fullmatch(mailbox) or _MAIL_SYSTEM.fullmatch(mailbox) or _MAIL_SYSTEM_NAME.match(notice.name)
    return bool(is_named) or notice.return_path == "" or not (notice.address or notice.name)


def speaks_of_delay(subject: str, text: str) -> bool:
    """Whether the mail system goes on trying."""
    return _DELAY.search(f"{subject} {' '.join(text[:_OPENING].split())}") is not None


def is_forward(subject: str) -> bool:
    """Whether a subject says that the email hands on another."""
    return _FORWARD.match(subject) is not None


def is_answer(subject: str) -> bool:
    """Whether a subject says that the email answers another."""
    return _ANSWER.match(subject) is not None


def _speaks_as_machine(text: str) -> bool:
    return _MACHINE.search(" ".join(text[:_OPENING].lower().split())[:1200]) is not None
