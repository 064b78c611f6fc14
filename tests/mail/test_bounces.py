"""Who could not be reached, and whether trying again may help."""

import base64
from email import message_from_string

import pytest

from intake.mail.bounces import Bounce, BouncedRecipient, read_bounce

ORIGINAL = "Content-Type: message/rfc822\n\nMessage-ID: <one@council.example>\nTo: ben@school.example\n\nDear Ben"
HEADERS = "Content-Type: text/rfc822-headers\n\nTo: ben@school.example\nMessage-ID: <one@council.example>\n"
BEN_FAILED = "Final-Recipient: rfc822; ben@school.example\nAction: failed\nStatus: 5.1.1\n"


def _report(fields: str, *, original: str = ORIGINAL, encoding: str = "7bit", head: str = "") -> str:
    return (
        f"From: Mail Delivery System <MAILER-DAEMON@mx.example>\nTo: asha@council.example\n{head}MIME-Version: 1.0\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\nSorry.\n"
        f"--b\nContent-Type: message/delivery-status\nContent-Transfer-Encoding: {encoding}\n\n{fields}\n"
        f"--b\n{original}\n--b--\n"
    )


def _read(raw: str) -> Bounce | None:
    parsed = message_from_string(raw)
    return read_bounce(parsed, raw.partition("\n\n")[2])


def _only(raw: str) -> BouncedRecipient:
    bounce = _read(raw)
    assert bounce is not None
    (recipient,) = bounce.recipients
    return recipient


def test_every_failed_recipient_of_a_report_is_read() -> None:
    fields = (
        f"Reporting-MTA: dns; mx.example\n\n{BEN_FAILED}Diagnostic-Code: smtp; 550 5.1.1\n no such user\n\n"
        "Final-Recipient: rfc822; carol@school.example\nAction: delayed\nStatus: 4.4.1\n\n"
        "Final-Recipient: rfc822; dan@home.example\nAction: delivered\nStatus: 2.0.0\n"
    )
    assert _read(_report(fields)) == Bounce(
        recipients=(
            BouncedRecipient("ben@school.example", "5.1.1", "550 5.1.1 no such user", permanent=True),
            BouncedRecipient("carol@school.example", "4.4.1", None, permanent=False),
        ),
        original_message_id="<one@council.example>",
    )


@pytest.mark.parametrize(
    ("fields", "permanent"),
    [
        ("Action: failed\nStatus: 5.2.2", True),
        ("Action: failed\nStatus: 4.4.7", False),
        ("Action: failed (permanent)\nDiagnostic-Code: smtp; 550 no", True),
        ("Action: failed\nDiagnostic-Code: smtp; 451 later", False),
        ("Action: failed", True),
        ("Action: delayed\nStatus: 5.0.0", False),
        ("Status: 5.1.1", True),
    ],
)
def test_class_five_is_permanent_and_a_delay_never_is(fields: str, *, permanent: bool) -> None:
    assert _only(_report(f"Final-Recipient: rfc822; ben@school.example\n{fields}\n")).permanent is permanent


def test_the_address_we_wrote_to_is_named_rather_than_the_one_behind_it() -> None:
    fields = f"Original-Recipient: rfc822;ben+2Bwork@school.example\n{BEN_FAILED}"

    assert _only(_report(fields)).address == "ben+work@school.example"


def test_encoded_report_is_read() -> None:
    encoded = base64.encodebytes(f"Reporting-MTA: dns; mx.example\n\n{BEN_FAILED}".encode()).decode()

    assert _only(_report(encoded, encoding="base64")).status == "5.1.1"


def test_report_with_a_damaged_boundary_is_read() -> None:
    assert _only(_report(BEN_FAILED).replace("; boundary=b", "; bo")).status == "5.1.1"


@pytest.mark.parametrize(
    ("original", "head"),
    [(ORIGINAL, ""), (HEADERS, ""), ("\nnothing", "References: <zero@council.example> <one@council.example>\n")],
)
def test_the_email_that_failed_is_identified(original: str, head: str) -> None:
    bounce = _read(_report(BEN_FAILED, original=original, head=head))

    assert bounce is not None
    assert bounce.original_message_id == "<one@council.example>"


DAEMON = "From: MAILER-DAEMON@mx.example\nTo: asha@council.example\nSubject: failure notice\n\n"
QMAIL = (
    "Hi. This is the qmail-send program at mx.example.\nI'm afraid I wasn't able to deliver your message.\n\n"
    "<ben@school.example>:\nRemote host said: 550 5.1.1 no such user\n\n"
    "--- Below this line is a copy of the message.\n\nMessage-ID: <one@council.example>\nFrom: x@other.example\n"
)
EXIM = (
    "This message was created automatically by mail delivery software.\n\nA message that you sent could not be "
    "delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n"
    "  ben@school.example\n    550 5.1.1 User unknown\n\n------ This is a copy of the message ------\n\n"
    "Message-ID: <one@council.example>\n"
)
POSTFIX = (
    "This is the mail system at host mx.example.\n\nI'm sorry to have to inform you that your message could not\n"
    "be delivered to one or more recipients.\n\n<ben@school.example>: host mx.example[192.0.2.1] said: 550 5.1.1\n"
    "    <ben@school.example>: Recipient address rejected\n\nMessage-ID: <one@council.example>\n"
)
EXCHANGE = (
    "Delivery has failed to these recipients or groups:\n\nBen Jones (ben@school.example)<mailto:ben@school.example>\n"
    "The address was not found.\n\nDiagnostic information for administrators:\n\nben@school.example\n#550 5.1.1 ##\n\n"
    "Original message headers:\n\nReceived: from mx.example\nMessage-ID: <one@council.example>\n"
)
GMAIL = (
    "** Address not found **\n\nYour message wasn't delivered to ben@school.example because the address couldn't be "
    "found.\n\nThe response was:\n550 5.1.1 The account does not exist\n\nMessage-ID: <one@council.example>\n"
)


@pytest.mark.parametrize(
    "text", [QMAIL, EXIM, POSTFIX, EXCHANGE, GMAIL], ids=["qmail", "exim", "postfix", "exchange", "gmail"]
)
def test_plain_sentences_of_mail_systems_are_read(text: str) -> None:
    bounce = _read(DAEMON + text)

    assert bounce is not None
    assert [(each.address, each.status, each.permanent) for each in bounce.recipients] == [
        ("ben@school.example", "5.1.1", True)
    ]
    assert bounce.original_message_id == "<one@council.example>"


@pytest.mark.parametrize(
    "text",
    [
        (
            "Your message:\n   From: asha@council.example\n\nCould not be delivered because of\n\n550 5.1.1\n\n"
            "The following recipients were affected:\n    ben@school.example\n"
        ),
        "Error message below:\n550 5.1.1\n\nMessage details:\n  RCPT TO: ben@school.example",
        (
            "Your message\n\n  To: asha@council.example\n\ndid not reach the following recipient(s):\n\n"
            "ben@school.example on Thu, 29 Apr 2010 00:00:00 -0000\n    The recipient name is not recognized"
        ),
        "The returned mail follows.\n\nOriginal Message:\nFrom: asha@council.example\nTo: ben@school.example\n",
    ],
    ids=["mailmarshal", "james", "exchange-5.5", "only-in-the-copy"],
)
def test_old_systems_name_the_failed_address_in_their_own_way(text: str) -> None:
    assert _only(DAEMON + text).address == "ben@school.example"


def test_warning_of_a_delay_is_not_permanent() -> None:
    text = "A message that you sent has not yet been delivered to:\n\n  ben@school.example\n\nNo action is needed."

    assert _only(DAEMON.replace("failure notice", "Warning: message delayed 24 hours") + text).permanent is False


def test_failed_recipients_are_taken_from_the_header_that_names_them() -> None:
    head = "From: Mail <mail@mx.example>\nX-Failed-Recipients: ben@school.example, carol@school.example\n"
    bounce = _read(f"{head}Subject: Mail delivery failed\n\nSorry: 550 5.1.1 unknown")

    assert bounce is not None
    assert [each.address for each in bounce.recipients] == ["ben@school.example", "carol@school.example"]


def test_report_that_names_nobody_is_still_a_bounce() -> None:
    assert _only(_report("Reporting-MTA: dns; mx.example\n")) == BouncedRecipient(None, None, None, permanent=False)


ENCLOSED = (
    "From: Ben <ben@school.example>\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\nSee this.\n--c\n"
    f"Content-Type: message/rfc822\n\n{_report(BEN_FAILED)}\n--c--\n"
)


@pytest.mark.parametrize(
    "raw",
    [
        _report(BEN_FAILED.replace("failed", "delivered").replace("5.1.1", "2.0.0")),
        _report(BEN_FAILED.replace("failed", "relayed").replace("5.1.1", "2.0.0")),
        _report(BEN_FAILED).replace("report-type=delivery-status", "report-type=disposition-notification"),
        f"From: Ben <ben@school.example>\nTo: asha@council.example\nSubject: Fwd: failure notice\n\n{QMAIL}",
        ENCLOSED,
        "From: postmaster@school.example\nTo: asha@council.example\nSubject: x\n\nSo does ben@school.example.",
        "From: Ben <ben@school.example>\n\nI agree.",
        "",
    ],
)
def test_anything_else_is_not_a_bounce(raw: str) -> None:
    assert _read(raw) is None


@pytest.mark.parametrize("unit", ["a@b.example ", "5.1.1", "<", "\n", "could not be delivered ", "Message-ID: "])
def test_a_hostile_megabyte_is_read_to_its_end(unit: str) -> None:
    _read(DAEMON + "could not be delivered\n" + unit * (1_000_000 // len(unit)))
