"""The only door to smtplib: hands one finished email at a time to the council's own mail server.

It says what became of each: nothing (the server has it), SendPostponed or SendRefused. It never chooses what is sent or
when, never offers an email a second time once its content has left, and never puts an address into an error. One
sender belongs to one thread.
"""

import base64
import re
import smtplib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Literal, Protocol

from intake.errors import RecipientUnknown, SendPostponed, SendRefused
from intake.mail.connecting import network_reason, tls_context, without_addresses
from intake.mail.signin import TO_SEND, TokenRefused, TokenSource, TokenUnavailable, tokens_of
from intake.settings import SmtpSettings


class SenderUnavailable(SendPostponed):
    """Nothing can be sent now, whoever it is for: the mail server, our sign-in or our own address is at fault."""


class SenderRefused(SenderUnavailable):
    """Our sign-in, or our address, is refused: nothing can be sent before somebody has set it right."""


class HandoverBroken(SendPostponed):
    """The connection broke while the email was handed over: the mail server may have it. It is sent again later."""


class Sender(Protocol):
    """What the outbox needs of a mail server."""

    def send(self, *, sender: str, recipient: str, raw: bytes) -> None:
        """Returns once the server has taken charge of the email.

        Raises SendRefused if this recipient or this content will never be taken, SenderUnavailable if nobody's would be
        now, else SendPostponed. After HandoverBroken the server may have it all the same (the connection can break
        between the content and the answer, RFC 1047): send the same bytes again, so the Message-ID shows it is a copy.
        """

    def open(self) -> None:
        """Connect and sign in now, as `send` does by itself. Raises SenderUnavailable."""

    def offer(self, *, sender: str, recipient: str) -> None:
        """Name both as for an email, and take it back: nothing is sent. Raises as `send` does.

        Servers that judge only once they have the content, as Exchange does, refuse nothing here.
        """

    def close(self) -> None:
        """Never raises."""


class SmtpSender:
    """A Sender on a real server: connects when first needed, keeps the connection for as long as the server does."""

    def __init__(self, settings: SmtpSettings) -> None:
        self._settings = settings
        self._smtp: smtplib.SMTP | None = None

    def offer(self, *, sender: str, recipient: str) -> None:
        self.open()
        assert self._smtp
        _give_envelope(self._smtp, _letter(sender, recipient, b""))
        self.close()

    def send(self, *, sender: str, recipient: str, raw: bytes) -> None:
        letter = _letter(sender, recipient, raw)
        if self._smtp is not None:
            # Servers end a connection that was idle for long, or has carried its share of emails.
            with suppress(_ConnectionEnded):
                return self._hand_over(self._smtp, letter)
        self.open()
        assert self._smtp
        return self._hand_over(self._smtp, letter)

    def open(self) -> None:
        self._smtp = _connect(self._settings)

    def close(self) -> None:
        if self._smtp is not None:
            with suppress(OSError):
                self._smtp.quit()
            self._smtp.close()
        self._smtp = None

    def _hand_over(self, smtp: smtplib.SMTP, letter: "_Letter") -> None:
        try:
            _give_envelope(smtp, letter)
            _give_content(smtp, letter)
        except (SendPostponed, SendRefused) as error:
            if isinstance(error, _ConnectionEnded) or not _is_ready_again(smtp):
                self.close()
            raise


@dataclass(frozen=True, slots=True)
class _Letter:
    sender: str
    recipient: str
    raw: bytes

    @property
    def needs_utf8(self) -> bool:
        """SMTPUTF8 (RFC 6531) is asked for only when the envelope or the header cannot be written without it."""
        header = self.raw.partition(b"\r\n\r\n")[0]
        return not (self.sender.isascii() and self.recipient.isascii() and header.isascii())


def _letter(sender: str, recipient: str, raw: bytes) -> _Letter:
    return _Letter(_on_the_wire(sender, SenderUnavailable), _on_the_wire(recipient, SendRefused), raw)


class _ConnectionEnded(SendPostponed):
    """The mail server ended the connection before it had the email; it is tried again later."""


def _on_the_wire(address: str, fault: type[SenderUnavailable] | type[SendRefused]) -> str:
    """The domain in its ASCII form, which every server takes (RFC 5891); the part before the @ stays as it is."""
    local_part, _, domain = address.rpartition("@")
    if not (local_part and domain) or re.search(r"[\s<>\x00-\x1f\x7f]", address):
        raise fault("The address cannot be used to send an email; correct it.")
    try:
        return f"{local_part}@{domain.encode('idna').decode()}"
    except UnicodeError:
        raise fault("The domain of the address cannot be used to send an email; correct it.") from None


def _connect(settings: SmtpSettings) -> smtplib.SMTP:
    """Raises SenderUnavailable: without a signed-in connection no email can go to anybody."""
    with _in_plain_words(settings):
        smtp = _reach(settings)
        try:
            _sign_in(smtp, settings)
        except BaseException:
            smtp.close()
            raise
    return smtp


def _reach(settings: SmtpSettings) -> smtplib.SMTP:
    context = tls_context(settings.ca_file)
    host, port, timeout = settings.host, settings.port, settings.timeout_seconds
    if settings.security == "tls":
        return smtplib.SMTP_SSL(host, port, timeout=timeout, context=context)
    smtp = smtplib.SMTP(host, port, timeout=timeout)
    try:
        if settings.security == "starttls":
            smtp.starttls(context=context)
    except BaseException:
        smtp.close()
        raise
    return smtp


def _sign_in(smtp: smtplib.SMTP, settings: SmtpSettings) -> None:
    smtp.ehlo_or_helo_if_needed()
    if tokens := tokens_of(settings):
        _sign_in_by_token(smtp, settings.username or "", tokens)
        return
    if settings.username is None or settings.password is None:
        return
    username, password = settings.username, settings.password.get_secret_value()
    if "PLAIN" not in smtp.esmtp_features.get("auth", "").upper().split():
        smtp.login(username, password)
        return
    # Not smtplib's own PLAIN: it takes ASCII only, where RFC 4616 section 2 says UTF-8.
    secret = base64.b64encode(f"\0{username}\0{password}".encode()).decode()
    code, words = smtp.docmd("AUTH", f"PLAIN {secret}")
    if code != 235:
        raise smtplib.SMTPAuthenticationError(code, words)


def _sign_in_by_token(smtp: smtplib.SMTP, username: str, tokens: TokenSource) -> None:
    """XOAUTH2. A token is too long for the line of the command (RFC 4954, section 4), so it goes on one of its own.

    One that is not taken is answered by a question with the reason, to which nothing is said.
    """
    token = tokens.token(username)
    secret = base64.b64encode(f"user={username}\x01auth=Bearer {token}\x01\x01".encode()).decode()
    code, words = smtp.docmd("AUTH", "XOAUTH2")
    for answer in (secret, ""):
        if code == 334:
            code, words = smtp.docmd(answer)
    if code != 235:
        if 500 <= code < 600:
            tokens.forget(username)
        raise smtplib.SMTPAuthenticationError(code, words)


@contextmanager
def _in_plain_words(settings: SmtpSettings) -> Iterator[None]:
    try:
        yield
    except TokenRefused as error:
        raise SenderRefused(f"No email can be sent: {error}") from None
    except TokenUnavailable as error:
        raise SenderUnavailable(f"No email can be sent: {error}") from None
    except smtplib.SMTPAuthenticationError as error:
        said = _said(error.smtp_code, error.smtp_error, settings.username or "")
        if 500 <= error.smtp_code < 600:
            refused = "the user name or password" if settings.sign_in == "password" else "the token"
            told = f"refused {refused} ({said}); {TO_SEND[settings.sign_in]}"
            raise SenderRefused(f"No email can be sent: the mail server {told}.") from None
        reason = f"takes no sign-in now ({said}); it is tried again later"
    except smtplib.SMTPResponseException as error:
        reason = f"takes no emails now ({_said(error.smtp_code, error.smtp_error)}); it is tried again later"
    except smtplib.SMTPServerDisconnected:
        reason = "closed the connection; it is tried again later"
    except (smtplib.SMTPException, UnicodeError):
        # What smtplib needs is not among what the server offers: STARTTLS, AUTH, or a way of it for this password.
        reason = "does not offer the encryption or the sign-in asked for; check port, security and username in [smtp]"
    except OSError as error:
        raise SenderUnavailable(f"No email can be sent: {network_reason(error)} (section [smtp]).") from None
    else:
        return
    raise SenderUnavailable(f"No email can be sent: the mail server {reason}.") from None


def _give_envelope(smtp: smtplib.SMTP, letter: _Letter) -> None:
    if letter.needs_utf8 and not smtp.has_extn("smtputf8"):
        raise SendRefused("The mail server cannot send to an address with letters outside ASCII; write another way.")
    try:
        _judge("sender", smtp.mail(letter.sender, _options(smtp, letter)), letter)
        _judge("recipient", smtp.rcpt(letter.recipient), letter)
    except smtplib.SMTPException:
        raise _ConnectionEnded from None


def _options(smtp: smtplib.SMTP, letter: _Letter) -> list[str]:
    options = [f"SIZE={len(letter.raw)}"] if smtp.has_extn("size") else []
    options += ["BODY=8BITMIME"] if smtp.has_extn("8bitmime") and not letter.raw.isascii() else []
    return options + (["SMTPUTF8"] if letter.needs_utf8 else [])


def _give_content(smtp: smtplib.SMTP, letter: _Letter) -> None:
    answer: tuple[int, bytes | str]
    try:
        answer = smtp.data(letter.raw)
    except smtplib.SMTPDataError as refused:
        answer = refused.smtp_code, refused.smtp_error
    except OSError:
        raise HandoverBroken from None
    _judge("content", answer, letter)


_Stage = Literal["sender", "recipient", "content"]


def _judge(stage: _Stage, answer: tuple[int, bytes | str], letter: _Letter) -> None:
    """Raises what the answer means, or nothing if it is a yes."""
    code, words = answer
    said = _said(code, words, letter.sender, letter.recipient)
    if 200 <= code < 300:
        return
    if code == 421 and stage != "content":
        raise _ConnectionEnded(f"The mail server ended the connection ({said}); it is tried again later.")
    if not 500 <= code < 600:
        raise SendPostponed(f"The mail server cannot take the email now ({said}); it is tried again later.")
    # 552 to MAIL FROM is about the size of this email (RFC 1870 section 6.1).
    if code != 552 and (stage == "sender" or _is_about_us(code, words)):
        raise SenderRefused(
            f"The mail server refused us as the sender ({said}); give the account of [smtp] the right to send as this "
            "address, or correct the address."
        )
    if stage != "recipient":
        raise SendRefused(f"The mail server refused the email for good ({said}).")
    raise _recipient_fault(words)(f"The mail server refused the recipient for good ({said}).")


def _recipient_fault(words: bytes | str) -> type[SendRefused]:
    """RFC 3463 section 3.2: 5.1.x is about the address itself. A bare 550 may as well be a server's policy."""
    return RecipientUnknown if _split(words)[0].startswith("5.1.") else SendRefused


def _is_about_us(code: int, words: bytes | str) -> bool:
    """Whether a refusal after MAIL FROM is about the sender all the same.

    RFC 4954 section 6: 530, 534, 535, 538. RFC 3463: 5.1.7 and 5.1.8 bad sender, 5.7.8 wrong password. Seen in
    practice: Exchange answers the content with 5.7.57 (not signed in) and 5.7.60 (may not send as); Postfix waits for
    the recipient before it says "Sender address rejected", or to who has not signed in "Access denied".
    """
    status, text = _split(words)
    about_us = {"5.1.7", "5.1.8", "5.7.8", "5.7.9", "5.7.57", "5.7.60"}
    said = ("sender address rejected", "relay access denied", "client host rejected", "address rejected: access denied")
    return code in {530, 534, 535, 538} or status in about_us or any(words in text.lower() for words in said)


def _said(code: int, words: bytes | str, *addresses: str) -> str:
    status, text = _split(words)
    return " ".join(part for part in (str(code), status, without_addresses(text, *addresses)) if part)


def _split(words: bytes | str) -> tuple[str, str]:
    """The enhanced status of RFC 3463, such as 5.1.1, if there is one, and the rest."""
    text = words if isinstance(words, str) else words.decode("utf-8", "replace")
    found = re.match(r"([245]\.\d{1,3}\.\d{1,3})(?:\s+|$)", text)
    return (found[1], text[found.end() :]) if found else ("", text)


def _is_ready_again(smtp: smtplib.SMTP) -> bool:
    """Whether the connection can carry another email. One that has ended is closed by now and answers at once."""
    try:
        return smtp.rset()[0] == 250
    except OSError:
        return False
