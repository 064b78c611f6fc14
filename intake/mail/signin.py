"""Tokens by which accounts are signed in to (OAuth 2.0): from Microsoft's or Google's token service, kept to their end.

The one door to msal and google-auth. Nothing is asked of the network before a token is needed. Never signs in itself,
and never puts a token, a secret or an address into an error.
"""

import hashlib
import re
import ssl
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime
from functools import cache, partial
from typing import Any, NoReturn, Protocol
from urllib.parse import urlsplit

import google.auth.exceptions
import google.auth.transport.requests
import msal
import requests
from google.oauth2 import service_account
from jwt.exceptions import InvalidKeyError

from intake.errors import IntakeError
from intake.settings_sections import GoogleSettings, MicrosoftSettings, Server
from intake.wording import plural

GOOGLE_SCOPE = "https://mail.google.com/"
_TIMEOUT = 30.0  # seconds
_WAIT, _LONGEST_WAIT = 60, 3600  # seconds
# What Entra ID's error codes come to for whoever set the app up (Microsoft, "Microsoft Entra authentication and
# authorization error codes").
_MICROSOFT: Mapping[str, str] = {
    "AADSTS700016": "there is no app with this client_id in the tenant; correct client_id or tenant in [microsoft]",
    "AADSTS7000215": "the client secret is wrong; put the secret's value, not its id, into client_secret_file",
    "AADSTS7000222": "the client secret has expired; make a new one in the app registration",
    "AADSTS700027": "the certificate is not one of the app's; upload it in the app registration",
    "AADSTS90002": "there is no such tenant; correct tenant in [microsoft]",
    "AADSTS500011": "the tenant has no Exchange Online, or resource in [microsoft] is wrong",
    "AADSTS7000112": "the app is disabled; switch it on in the enterprise applications",
    "AADSTS53003": "a conditional access policy of the tenant forbids it; make an exception for the app",
}
_GOOGLE: Mapping[str, str] = {
    "unauthorized_client": "the service account may not act for this mailbox; give its client id the scope "
    f"{GOOGLE_SCOPE} under domain-wide delegation in the admin console",
    "invalid_grant": "there is no such mailbox for the service account, or this machine's clock is off",
    "access_denied": "an administrator of the domain has forbidden it",
}
# What to do where a server does not take a good token, or a password, by `sign_in`.
TO_READ: Mapping[str, str] = {
    "password": "check username and password_file",
    "microsoft": "give the app IMAP.AccessAsApp and full access to the mailbox, and correct username "
    "(docs/microsoft-365.md, steps 2 to 4)",
    "google": "switch IMAP on for the mailbox, and correct username (docs/google-workspace.md)",
}
TO_SEND: Mapping[str, str] = {
    "password": "check username and password_file in [smtp]",
    "microsoft": "give the app SMTP.SendAsApp, and check username in [smtp] (docs/microsoft-365.md, steps 2 to 4)",
    "google": "check username in [smtp] (docs/google-workspace.md)",
}
_NO_KEY = "certificate_file in [microsoft] must hold an RSA private key and its certificate, as PEM."


class TokenRefused(IntakeError):
    """The token service refused; somebody has to set something right."""


class TokenUnavailable(IntakeError):
    """No token can be had now; it is tried again later."""


class TokenSource(Protocol):
    """Where the tokens of one app come from. Every thread may ask."""

    def token(self, username: str) -> str:
        """For this mailbox. Raises TokenRefused or TokenUnavailable."""

    def forget(self, username: str) -> None:
        """The mail server would not take the token: the next one is a new one."""


def tokens_of(settings: Server) -> TokenSource | None:
    """None where it is signed in with a password."""
    match settings.sign_in:
        case "microsoft":
            assert settings.microsoft
            return _microsoft(settings.microsoft)
        case "google":
            assert settings.google
            return _google(settings.google)
    return None


@cache
def _microsoft(settings: MicrosoftSettings) -> "MicrosoftTokens":
    return MicrosoftTokens(settings)


@cache
def _google(settings: GoogleSettings) -> "GoogleTokens":
    return GoogleTokens(settings)


class MicrosoftTokens:
    """Client credentials of an app in Entra ID: one token for every mailbox the app was given."""

    def __init__(self, settings: MicrosoftSettings) -> None:
        self._settings = settings
        self._asking = _Asking("Microsoft", str(settings.ca_file) if settings.ca_file else None)
        self._app: Any = None  # its constructor goes to the network

    def token(self, username: str) -> str:
        with self._asking as http:
            self._app = self._app or self._make(http)
            try:
                answer = self._app.acquire_token_for_client(scopes=[f"{self._settings.resource}/.default"])
            except InvalidKeyError:
                raise TokenRefused(_NO_KEY) from None
            if "access_token" not in answer:
                self._refuse(answer)
            return str(answer["access_token"])

    def forget(self, username: str) -> None:
        with self._asking.lock:
            self._app = None

    def _make(self, http: "_Http") -> Any:
        settings = self._settings
        try:
            return msal.ConfidentialClientApplication(
                settings.client_id,
                client_credential=self._credential(),
                authority=f"{settings.authority}/{settings.tenant}",
                instance_discovery=False,
                http_client=http,
            )
        except ValueError:  # it says so of a tenant that is not there; its text may be an answer's
            raise TokenRefused(f"Microsoft gave no token: {_MICROSOFT['AADSTS90002']}.") from None

    def _credential(self) -> Any:
        if self._settings.client_secret:
            return self._settings.client_secret.get_secret_value()
        assert self._settings.certificate_file
        try:
            pem = self._settings.certificate_file.read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError):
            raise TokenRefused(_NO_KEY) from None
        certificate = re.search(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", pem, re.DOTALL)
        key = re.search(r"-----BEGIN ([A-Z ]*PRIVATE KEY)-----.+?-----END \1-----", pem, re.DOTALL)
        if not (certificate and key):
            raise TokenRefused(_NO_KEY)
        digest = hashlib.sha1(ssl.PEM_cert_to_DER_cert(certificate[0]), usedforsecurity=False).hexdigest()
        return {"private_key": key[0], "thumbprint": digest, "public_certificate": certificate[0]}

    def _refuse(self, answer: Mapping[str, Any]) -> NoReturn:
        said = str(answer.get("error_description", ""))
        code = found[0] if (found := re.search(r"AADSTS\d+", said)) else str(answer.get("error", ""))[:40]
        if answer.get("error") in ("temporarily_unavailable", "server_error"):
            raise TokenUnavailable(f"Microsoft gives no token now ({code}); it is tried again later.")
        reason = _MICROSOFT.get(code, "check tenant, client_id and the secret or certificate in [microsoft]")
        raise TokenRefused(f"Microsoft gave no token ({code}): {reason}.")


class GoogleTokens:
    """A service account with domain-wide delegation: a token for each mailbox."""

    def __init__(self, settings: GoogleSettings) -> None:
        self._settings = settings
        self._asking = _Asking("Google", str(settings.ca_file) if settings.ca_file else None)
        self._by_mailbox: dict[str, Any] = {}

    def token(self, username: str) -> str:
        with self._asking as http:
            credentials = self._by_mailbox.get(username) or self._make(username)
            if not credentials.valid:  # it is not any more from some minutes before its end
                self._refresh(credentials, http)
            self._by_mailbox[username] = credentials
            return str(credentials.token)

    def forget(self, username: str) -> None:
        with self._asking.lock:
            self._by_mailbox.pop(username, None)

    def _make(self, username: str) -> Any:
        try:
            return service_account.Credentials.from_service_account_file(  # type: ignore[no-untyped-call]
                str(self._settings.service_account_file), scopes=[GOOGLE_SCOPE], subject=username
            )
        except (ValueError, OSError, google.auth.exceptions.GoogleAuthError):
            told = "is not the key of a service account; download it again as JSON"
            raise TokenRefused(f"service_account_file in [google] {told}.") from None

    def _refresh(self, credentials: Any, http: "_Http") -> None:
        request = google.auth.transport.requests.Request(session=http)
        try:
            credentials.refresh(partial(request, timeout=_TIMEOUT))
        except google.auth.exceptions.RefreshError as error:
            code = _google_code(error)
            if error.retryable or code not in _GOOGLE:
                raise TokenUnavailable(
                    f"Google gives no token now ({code or 'no answer'}); tried again later."
                ) from None
            raise TokenRefused(f"Google gave no token ({code}): {_GOOGLE[code]}.") from None
        except google.auth.exceptions.GoogleAuthError as error:
            away = error.__cause__ if isinstance(error.__cause__, requests.RequestException) else None
            raise away or requests.RequestException from None


def _google_code(error: google.auth.exceptions.RefreshError) -> str:
    answer = error.args[1] if len(error.args) > 1 and isinstance(error.args[1], dict) else {}
    return str(answer.get("error", ""))[:40]


class _Asking:
    """One question at a time to a token service; what became of it in our own errors."""

    def __init__(self, name: str, ca_file: str | None) -> None:
        self.lock = threading.Lock()
        self._name = name
        self._http = _Http(ca_file)

    def __enter__(self) -> "_Http":
        self.lock.acquire()
        return self._http

    def __exit__(self, _kind: object, error: BaseException | None, _at: object) -> None:
        self.lock.release()
        if isinstance(error, _Throttled):
            raise self._asked_to_wait(error.seconds) from None
        if isinstance(error, requests.RequestException):
            raise TokenUnavailable(
                f"{self._name}’s token service {_reason(error)}. A token is asked for again later."
            ) from None

    def _asked_to_wait(self, seconds: float) -> TokenUnavailable:
        minutes = plural(max(1, round(seconds / 60)), "minute")
        return TokenUnavailable(
            f"{self._name}’s token service asks to wait about {minutes}; no token is asked for until then."
        )


class _Throttled(Exception):  # no error of ours: it never leaves this file
    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds


class _Http(requests.Session):
    """Verified TLS, a timeout always; a wait that was asked for is told, not slept, and nothing is sent meanwhile."""

    def __init__(self, ca_file: str | None) -> None:
        super().__init__()
        self.verify = ca_file or True
        self._not_before = 0.0

    def request(self, *given: Any, **options: Any) -> requests.Response:
        if (wait := self._not_before - time.monotonic()) > 0:
            raise _Throttled(wait)
        options["timeout"] = _TIMEOUT
        options.setdefault("verify", self.verify)  # else a variable of the environment comes before it
        answer: requests.Response = super().request(*given, **options)
        if answer.status_code in (429, 503):
            wait = _wait(answer.headers.get("Retry-After", ""))
            self._not_before = time.monotonic() + wait
            raise _Throttled(wait)
        return answer


def _wait(said: str) -> float:
    """RFC 9110, section 10.2.3: seconds, or a date."""
    asked = float(_WAIT)
    with suppress(ValueError, TypeError):
        asked = float(said) if said.strip().isdigit() else parsedate_to_datetime(said).timestamp() - time.time()
    return min(max(asked, 1), _LONGEST_WAIT)


def _reason(error: requests.RequestException) -> str:
    service = urlsplit(str(error.request.url)).netloc if error.request else "its server"
    match error:
        case requests.exceptions.SSLError():
            return f"has a certificate that is not trusted; behind a proxy, name its authority in ca_file ({service})"
        case requests.exceptions.Timeout():
            return f"does not answer in time; let this machine connect to {service} (firewall, proxy)"
        case requests.exceptions.ConnectionError():
            return f"cannot be reached; let this machine connect to {service} (firewall, proxy)"
    return f"gave an answer that cannot be used; see what stands between this machine and {service} (proxy)"
