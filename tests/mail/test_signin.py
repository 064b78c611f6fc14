"""Accounts of Microsoft 365 and Google are signed in to by tokens that a real Dovecot checks; each refusal says why."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import pytest
from trustme import CA, KeyType

from intake.checking import check_installation
from intake.errors import MailboxUnavailable, SignInRefused
from intake.mail import signin
from intake.mail.mailbox import connect
from intake.mail.signin import GoogleTokens, MicrosoftTokens, TokenRefused, TokenUnavailable
from intake.mail.smtp import SenderUnavailable, SmtpSender
from intake.settings import MailboxSettings
from tests.office import open_office
from tests.servers.dovecot import Dovecot
from tests.servers.smtp_sink import XoauthSink
from tests.servers.tokens import SECRET, TokenService

USER = "review"
_OAUTH2 = """
auth_mechanisms = plain login xoauth2 oauthbearer
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {file}
}}
"""


@pytest.fixture(scope="module")
def checking() -> Iterator[tuple[Dovecot, TokenService]]:
    """A Dovecot that checks tokens by itself, against the key of the service that gives them."""
    with TemporaryDirectory(prefix="oauth2-") as name:  # not pytest's folder, which only root may enter
        folder = Path(name)
        file = folder / "oauth2.conf.ext"
        keys = f"local_validation_key_dict = fs:posix:prefix={folder}/keys/"
        file.write_text(f"introspection_mode = local\n{keys}\nusername_attribute = mailbox\n")
        with Dovecot(_OAUTH2.format(file=file)) as dovecot, TokenService(dovecot.certificates, mailbox=USER) as service:
            service.write_public_key(folder / "keys")
            for path in (folder, *folder.rglob("*")):
                path.chmod(0o755)
            yield dovecot, service


@pytest.fixture
def dovecot(checking: tuple[Dovecot, TokenService]) -> Dovecot:
    return checking[0]


@pytest.fixture
def service(checking: tuple[Dovecot, TokenService]) -> TokenService:
    """As it is at first, and nothing remembered of what it gave."""
    found = checking[1]
    found.lifetime, found.refusal, found.retry_after, found.status, found.delay = 3600, None, None, 200, 0.0
    found.asked.clear()
    for made in (signin._microsoft, signin._google):
        made.cache_clear()
    return found


def account(dovecot: Dovecot, service: TokenService, user: str = USER, **changed: Any) -> MailboxSettings:
    given = {"password": None, "sign_in": "microsoft", "microsoft": service.microsoft(), **changed}
    return dovecot.settings(user, **given)


def test_mailbox_is_read_by_a_token_of_microsofts_and_one_token_serves_many_polls(
    dovecot: Dovecot, service: TokenService
) -> None:
    for _ in range(3):
        with closing(connect(account(dovecot, service), name="office")) as mailbox:
            assert mailbox.open_folder("INBOX").email_count == 0
    assert service.tokens_asked == 1


def test_mailbox_is_read_by_a_certificate_instead_of_a_secret(
    dovecot: Dovecot, service: TokenService, tmp_path: Path
) -> None:
    pem = tmp_path / "app.pem"
    certificate = CA(key_type=KeyType.RSA).issue_cert("intake.council.example", key_type=KeyType.RSA)
    pem.write_bytes(certificate.private_key_and_cert_chain_pem.bytes())
    app = service.microsoft(client_secret=None, certificate_file=pem)
    connect(account(dovecot, service, microsoft=app), name="office").close()
    for number, wrong in enumerate((b"no key", b"\x30\x82\xff", _elliptic(dovecot))):
        pem.write_bytes(wrong)
        other = service.microsoft(client_secret=None, certificate_file=pem, client_id=f"another {number}")
        with pytest.raises(SignInRefused, match="must hold an RSA private key and its certificate"):
            connect(account(dovecot, service, microsoft=other), name="office")


def _elliptic(dovecot: Dovecot) -> bytes:
    return dovecot.certificates.key_file.read_bytes() + dovecot.certificates.cert_file.read_bytes()


@pytest.mark.parametrize("user", ["asha", "owen"])
def test_mailboxes_of_google_each_have_a_token_of_their_own(
    dovecot: Dovecot, service: TokenService, tmp_path: Path, user: str
) -> None:
    google = service.google(tmp_path)
    for _ in range(2):
        connect(account(dovecot, service, user, sign_in="google", microsoft=None, google=google), name=user).close()
    assert service.tokens_asked == 1


def test_token_is_renewed_before_it_ends(dovecot: Dovecot, service: TokenService, tmp_path: Path) -> None:
    service.lifetime = 120  # seconds; both libraries take a new one some minutes before
    microsoft, google = MicrosoftTokens(service.microsoft()), GoogleTokens(service.google(tmp_path))
    for tokens in (microsoft, google):
        service.asked.clear()
        for _ in range(2):
            tokens.token(USER)
        assert service.tokens_asked == 2


def test_nothing_is_asked_before_a_token_is_needed(service: TokenService, tmp_path: Path) -> None:
    MicrosoftTokens(service.microsoft())
    GoogleTokens(service.google(tmp_path))
    assert service.asked.total() == 0


@pytest.mark.parametrize(
    ("app", "sentence"),
    [
        ({"client_secret": "wrong"}, r"AADSTS7000215\): the client secret is wrong"),
        ({"tenant": "elsewhere.example"}, "there is no such tenant; correct tenant in"),
    ],
)
def test_app_that_is_set_up_wrongly_is_told_with_its_remedy(
    dovecot: Dovecot, service: TokenService, app: dict[str, str], sentence: str
) -> None:
    with pytest.raises(SignInRefused, match=sentence) as refused:
        connect(account(dovecot, service, microsoft=service.microsoft(**app)), name="office")
    assert str(refused.value).startswith("Mailbox office: Microsoft gave no token")
    assert SECRET not in str(refused.value)


def test_refusal_of_googles_names_what_to_switch_on(dovecot: Dovecot, service: TokenService, tmp_path: Path) -> None:
    service.refusal = {"error": "unauthorized_client", "error_description": "Client is unauthorized"}
    settings = account(dovecot, service, sign_in="google", microsoft=None, google=service.google(tmp_path))
    with pytest.raises(SignInRefused, match="under domain-wide delegation in the admin console"):
        connect(settings, name="office")


def test_mailbox_the_app_was_not_given_is_told_apart_from_a_token_that_was_refused(
    dovecot: Dovecot, service: TokenService
) -> None:
    with pytest.raises(SignInRefused, match="a token was given, but the mail server does not let it into this mailbox"):
        connect(account(dovecot, service, "asha"), name="asha")
    with pytest.raises(SignInRefused):
        connect(account(dovecot, service, "asha"), name="asha")
    assert service.tokens_asked == 2, "a token that was not taken is not kept"


def test_wait_that_is_asked_for_is_obeyed(dovecot: Dovecot, service: TokenService) -> None:
    service.status, service.retry_after = 429, "120"
    for _ in range(3):
        with pytest.raises(MailboxUnavailable, match="asks to wait about 2 minutes") as wait:
            connect(account(dovecot, service), name="office")
        assert not isinstance(wait.value, SignInRefused)
    assert service.tokens_asked == 1


def test_a_token_that_is_still_good_serves_while_new_ones_have_to_wait(service: TokenService) -> None:
    tokens = MicrosoftTokens(service.microsoft())
    first = tokens.token(USER)
    tokens._asking._http._not_before = float("inf")
    assert tokens.token(USER) == first


def test_service_that_is_slow_or_away_is_tried_again_and_no_password_is_blamed(
    dovecot: Dovecot, service: TokenService, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(signin, "_TIMEOUT", 0.2)
    service.delay = 1.0
    microsoft, google = service.microsoft(), service.google(tmp_path)
    host = urlsplit(microsoft.authority).netloc
    for tokens in (MicrosoftTokens(microsoft), GoogleTokens(google)):
        with pytest.raises(TokenUnavailable, match=f"does not answer in time; let this machine connect to {host}"):
            tokens.token(USER)
    away = microsoft.model_copy(update={"authority": "https://127.0.0.1:1"})
    with pytest.raises(TokenUnavailable, match=r"cannot be reached; let this machine connect to 127\.0\.0\.1:1 "):
        MicrosoftTokens(away).token(USER)
    untrusted = microsoft.model_copy(update={"ca_file": None})
    with pytest.raises(TokenUnavailable, match="has a certificate that is not trusted"):
        MicrosoftTokens(untrusted).token(USER)


def test_key_file_that_is_none_is_told(service: TokenService, tmp_path: Path) -> None:
    google = service.google(tmp_path)
    google.service_account_file.write_text("{}")
    with pytest.raises(TokenRefused, match="is not the key of a service account"):
        GoogleTokens(google).token(USER)


def test_mail_goes_out_by_a_token(service: TokenService) -> None:
    with XoauthSink(service.is_good, username=USER) as sink:
        settings = sink.settings(password=None, sign_in="microsoft", microsoft=service.microsoft())
        with closing(SmtpSender(settings)) as sender:
            sender.send(sender="a@council.example", recipient="b@school.example", raw=b"Subject: Thanks\r\n\r\nYes\r\n")
        assert len(sink.emails) == 1


def test_token_that_may_not_send_is_told_and_asked_for_anew(service: TokenService) -> None:
    with XoauthSink(service.is_good, username="asha") as sink:
        settings = sink.settings(password=None, sign_in="microsoft", microsoft=service.microsoft(), username="asha")
        for _ in range(2):
            with closing(SmtpSender(settings)) as sender, pytest.raises(SenderUnavailable, match=r"SMTP\.SendAsApp"):
                sender.open()
        assert service.tokens_asked == 2
        service.status, service.retry_after = 503, "5"
        with closing(SmtpSender(settings)) as sender, pytest.raises(SenderUnavailable, match="asks to wait about"):
            sender.open()


def test_check_tells_a_token_that_is_refused_from_a_mailbox_that_is_closed(
    dovecot: Dovecot, service: TokenService, tmp_path: Path
) -> None:
    boxes = {"review": account(dovecot, service), "asha": account(dovecot, service, "asha")}

    def checked() -> dict[str, tuple[bool, str]]:
        with open_office(tmp_path / str(len(list(tmp_path.iterdir()))), settings={"mailboxes": boxes}) as office:
            found = check_installation(replace(office.this, connect=connect))
            return {one.name: (one.ok, one.sentence) for one in found if one.name.startswith(("tokens", "mailbox"))}

    good = checked()
    assert good["tokens of Microsoft"] == (True, "are given")
    assert good["mailbox review"][0]
    assert not good["mailbox asha"][0]
    assert "does not let it into this mailbox" in good["mailbox asha"][1]
    signin._microsoft.cache_clear()
    service.refusal = {"error": "invalid_client", "error_description": "AADSTS7000222: The secret has expired."}
    bad = checked()
    assert bad["tokens of Microsoft"][0] is False
    assert "the client secret has expired; make a new one" in bad["tokens of Microsoft"][1]
