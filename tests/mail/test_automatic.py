"""What a machine sent is told from what a person wrote, with one reason."""

import pytest

from intake.mail.automatic import CERTAIN_REASONS, Automatic, OwnMail, judge_automatic, looks_like_bounce
from intake.mail.message import ParsedEmail, parse_email
from intake.mail.understanding import understand
from tests.building import raw_email, raw_lines

OWN = OwnMail("council.example")


def _judge(email: bytes | ParsedEmail, own: OwnMail | None = OWN) -> Automatic | None:
    parsed = parse_email(email) if isinstance(email, bytes) else email
    return judge_automatic(parsed, bounce=looks_like_bounce(parsed), own=own)


def _with_headers(*headers: str) -> ParsedEmail:
    return parse_email(raw_lines(*headers, "", "We agree."))


@pytest.mark.parametrize(
    ("header", "verdict"),
    [
        ("Auto-Submitted: auto-replied", "auto-reply auto-submitted-auto-replied"),
        ("Auto-Submitted: Auto-Replied; owner-email=ben@school.example", "auto-reply auto-submitted-auto-replied"),
        ("Auto-Submitted: auto-generated (report)", "auto-reply auto-submitted-auto-generated"),
        ("Auto-Submitted: auto-notified", "auto-reply auto-submitted-auto-generated"),
        ("X-Autoreply: yes", "auto-reply autoreply-headers"),
        ("X-Autorespond: Consultation", "auto-reply autoreply-headers"),
        ("Precedence: auto_reply", "auto-reply autoreply-headers"),
        ("X-POST-MessageClass: 9; Autoresponder", "auto-reply autoreply-headers"),
        ("X-MS-Exchange-Generated-Message-Source: Mailbox Rules Agent", "auto-reply exchange-rules-agent"),
        ("Return-Path: <>", "auto-reply null-return-path"),
        ("X-Failed-Recipients: carol@school.example", "bounce failed-recipients"),
        ("Content-Type: multipart/report; report-type=Delivery-Status; boundary=b", "bounce delivery-status-report"),
        ("Content-Type: multipart/report; report-type=disposition-notification", "auto-reply read-receipt"),
        ("List-Id: <governors.lists.example>", "list list-headers"),
        ("Precedence: bulk", "list precedence-list"),
        ("Message-ID: <intake.acknowledgement.r4nd0m@council.example>", "own own-message-id"),
    ],
)
def test_machine_is_known_by_a_header(header: str, verdict: str) -> None:
    automatic = _judge(_with_headers(header))
    assert automatic is not None
    assert f"{automatic.kind} {automatic.reason}" == verdict


@pytest.mark.parametrize(
    "header",
    [
        "Auto-Submitted: no",
        "X-Autoreply: no",
        "X-Auto-Response-Suppress: All",
        "X-MS-Exchange-Inbox-Rules-Loop: office@school.example",
        "List-Unsubscribe: <https://crm.school.example/u>",
        "Return-Path: <ben@school.example>",
        "Return-Path:",
        "Precedence: normal",
        "Message-ID: <intake.acknowledgement.r4nd0m@council.example.net>",
        "Message-ID: <intake@council.example>",
        "In-Reply-To: <intake.acknowledgement.r4nd0m@council.example>",
        "From: postmaster@school.example",
        "Subject: Failure of the delivery service for pupils",
    ],
)
def test_ordinary_email_is_not_called_automatic(header: str) -> None:
    assert _judge(_with_headers(header)) is None


@pytest.mark.parametrize(
    "subject",
    [
        "Automatic reply: Consultation",
        "AutoReply: Consultation",
        "Auto: Consultation",
        "Out of Office",
        "Out of the office re: Consultation",
        "Out of Office AutoReply: Consultation",
        "Out-of-office reply",
        "[Auto-Reply] Consultation",
        "Ben Hughes is out of the office (returning 02/03/2020)",
        "On annual leave",
        "Away from my desk",
        "Ateb awtomatig: Ymgynghoriad",
        "Allan o'r swyddfa",
        "Automatische Antwort: Beratung",
        "Abwesenheitsnotiz",
        "Réponse automatique : consultation",
        "Respuesta automática: consulta",
        "Risposta automatica: consultazione",
        "Resposta automática: consulta",
        "Automatisch antwoord: raadpleging",
        "Automatiskt svar: samråd",
        "Autosvar: høring",
        "Automaattinen vastaus: kuuleminen",
        "Odpowiedź automatyczna: konsultacje",
        "Automatická odpověď: konzultace",
        "Автоматический ответ: консультация",
        "自動返信",
    ],
)
def test_away_note_is_known_by_its_subject(subject: str) -> None:
    assert _judge(raw_email(subject=subject)) == Automatic("auto-reply", "away-subject")


@pytest.mark.parametrize(
    "subject",
    [
        "Re: Automatic reply: Consultation",
        "Out of office hours provision at schools",
        "Automatic enrolment of pupils",
        "Autocratic decisions",
        "Away matches and the school bus",
        "Response from the governors, who met while the head is out of the office, to your letter",
        "On leave of absence for pupils: our response",
        "Absence in schools",
        "Consultation: automatic reply needed?",
    ],
)
def test_letter_about_absence_is_no_away_note(subject: str) -> None:
    assert _judge(raw_email(subject=subject)) is None


@pytest.mark.parametrize(
    "subject", ["failure notice", "Undeliverable: Reminder", "Mail delivery failed", "Unzustellbar: x"]
)
def test_notice_of_a_mail_system_is_a_bounce_without_any_report(subject: str) -> None:
    parsed = parse_email(raw_email(sender="Mailer <MAILER-DAEMON@mx.example>", subject=subject))
    assert looks_like_bounce(parsed)
    assert _judge(parsed) == Automatic("bounce", "delivery-failure-notice")


@pytest.mark.parametrize(
    ("sender", "headers"),
    [
        ("Mail Delivery Subsystem <x@mx.example>", {}),
        ("MicrosoftExchange329e71ec@school.example", {}),
        ("anyone@school.example", {"Return-Path": "<>"}),
    ],
)
def test_mail_system_is_known_by_name_address_or_null_return_path(sender: str, headers: dict[str, str]) -> None:
    assert looks_like_bounce(parse_email(raw_email(sender=sender, subject="Undeliverable: Reminder", headers=headers)))


@pytest.mark.parametrize(
    "subject", ["FW: Undeliverable: Reminder", "Re: failure notice", "Delivery of free school meals"]
)
def test_persons_letter_about_a_bounce_is_not_one(subject: str) -> None:
    assert not looks_like_bounce(parse_email(raw_email(sender="postmaster@school.example", subject=subject)))


def test_bounce_that_also_claims_to_be_a_reply_is_a_bounce() -> None:
    raw = raw_email(headers={"Auto-Submitted": "auto-replied", "X-Failed-Recipients": "carol@school.example"})
    assert _judge(raw) == Automatic("bounce", "failed-recipients")


def test_persons_letter_forwarded_by_a_rule_is_not_called_automatic() -> None:
    raw = raw_email(subject="FW: Views", headers={"X-MS-Exchange-Generated-Message-Source": "Mailbox Rules Agent"})
    assert _judge(raw) is None


def test_away_note_that_calls_itself_bulk_is_an_answer_not_a_list() -> None:
    raw = raw_email(subject="Out of office: Consultation", headers={"Precedence": "bulk"})
    assert _judge(raw) == Automatic("auto-reply", "away-subject")


def test_own_mail_is_unknown_where_we_send_none() -> None:
    parsed = _with_headers("Message-ID: <intake.reminder.r4nd0m@council.example>")
    assert _judge(parsed, own=None) is None


def test_nothing_a_person_may_have_caused_is_certain() -> None:
    guesses = {"away-subject", "null-return-path", "list-headers", "auto-submitted-auto-generated", "autoreply-headers"}
    assert not guesses & CERTAIN_REASONS


def test_a_letter_with_a_delivery_report_attached_is_a_letter() -> None:
    report = b"Reporting-MTA: dns; mx.school.example\r\n\r\nFinal-Recipient: rfc822; a@b.example\r\nAction: failed\r\n"
    letter = raw_email(text="My first try came back, see attached.\n").replace(b"MIME-Version: 1.0\r\n", b"")
    head, _, body = letter.partition(b"\r\n\r\n")
    kept = b"\r\n".join(line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-"))
    mixed = (
        kept
        + b"\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n"
        + body
        + b"\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        + report
        + b"\r\n--b--\r\n"
    )
    assert understand(mixed).automatic is None


@pytest.mark.parametrize(
    "text",
    [
        "Thank you for your email. I am on annual leave until 4 May and will reply on my return.",
        "Hello,\n\nI'm away from the office until Tuesday. Please contact the school office for anything urgent.",
        "I work part time, Tuesday to Thursday. I will reply when I am next in the office.",
        "Diolch am eich e-bost. Rwyf allan o'r swyddfa. Os yw'n fater brys, cysylltwch â'r ysgol.",
        "Guten Tag, ich bin bis zum 15.08. nicht im Büro. In dringenden Fällen wenden Sie sich an das Sekretariat.",
        "Thank you for contacting the school. This is an automated response. We aim to reply within three days.",
    ],
)
def test_away_note_is_known_by_a_text_that_says_nothing_else(text: str) -> None:
    automatic = _judge(raw_email(subject="Re: Consultation", text=text))
    assert automatic == Automatic("auto-reply", "away-text")
    assert automatic.reason not in CERTAIN_REASONS


@pytest.mark.parametrize(
    "text",
    [
        "I am away until Monday but wanted to say that we agree with the proposal.",
        "I am currently on leave, so briefly: yes to option A. Will send more when I return.",
        "I am writing because I am on maternity leave. Until the nursery reopens I cannot return to work.",
        "I am on annual leave next week. Happy with the draft. Please go ahead.",
        "> I am out of the office until Monday.\n\nThen we shall talk on Tuesday.",
        "A new response was submitted.\n\nName: Ben\nComments: Keep the bus.\n\nThis is an automated message.",
    ],
)
def test_letter_by_someone_who_is_away_is_a_letter(text: str) -> None:
    assert _judge(raw_email(subject="Re: Consultation", text=text)) is None


def test_answer_of_a_mail_client_that_an_email_was_read_is_automatic() -> None:
    raw = raw_email(subject="Read: Consultation", text="Your message\n\nTo: Ben\n\nwas read on 1 May.")
    assert _judge(raw) == Automatic("auto-reply", "receipt-text")
    assert _judge(raw_email(subject="Read: our views", text="We read it and it was read by all of us.")) is None


def test_complaint_about_our_mail_is_a_bounce_that_names_nobody_as_failed() -> None:
    raw = raw_lines("Content-Type: multipart/report; report-type=feedback-report; boundary=b", "", "--b--")
    understood = understand(raw)
    assert understood.automatic == Automatic("bounce", "feedback-report")
    assert understood.bounce is None
