"""The sections of the configuration: what each setting may be, with its default. Never reads a file of settings.

A relative path starts at the folder of the configuration file, which `settings.py` names while it loads.
"""

import ipaddress
import os
import re
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    SecretStr,
    model_validator,
)

config_folder: ContextVar[Path] = ContextVar("folder of the configuration file", default=Path())
# Of a PostgreSQL URL, behind the scheme: user and password, host, port, database, options. A part of a host's name has
# at most 63 characters (RFC 1035, section 2.3.4).
_LABEL = r"[^\[\]@:/?.]{1,63}"
_SERVER_PLACE = re.compile(rf"([^@]*@)?(\[[^\]@]*\]|{_LABEL}(\.{_LABEL})*)?(:\d+)?(/[^?]*)?(\?.*)?")


def _within_folder(path: Path) -> Path:
    return config_folder.get() / path.expanduser()


def _existing(path: Path) -> Path:
    if not path.exists():
        raise ValueError("names a file that does not exist")
    return path


def _database_url(url: str) -> str:
    """Only what intake is tested on. What is refused here would be an error of a library's, which may quote it."""
    scheme, _, place = url.partition("://")
    if scheme in ("postgres", "postgresql"):
        raise ValueError("names no driver; write postgresql+psycopg:// at its start")
    if scheme == "postgresql+psycopg" and _SERVER_PLACE.fullmatch(place):
        return url
    if scheme != "sqlite" or not place.startswith("/") or place == "/":
        raise ValueError('must look like "sqlite:///intake.sqlite3" or "postgresql+psycopg://user@host/database"')
    if place == "/:memory:":
        return url
    return f"sqlite:///{os.path.normpath(_within_folder(Path(place[1:])))}"


def _domain(domain: str) -> str:
    if not re.fullmatch(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", domain.lower()):
        raise ValueError('must be a bare domain, such as "consultations.example"')
    return domain.lower()


def mailbox_name(name: str) -> str:
    # Only such names can be written in a variable: a hyphen cannot, and two underscores divide.
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name):
        raise ValueError("must have a name of lower-case letters, digits and single underscores")
    return name


def _server_action(action: str) -> str:
    if not re.fullmatch(r"leave|flag|move:\S.*", action):
        raise ValueError('must be "leave", "flag" or "move:" and the name of a folder')
    return action


def _base_url(url: str) -> str:
    """Such as "https://consultations.riverford.example", without a path."""
    match = re.fullmatch(r"(https?)://(\[[0-9a-f:]+\]|[a-z0-9.-]+)(:\d{1,5})?/?", url.lower())
    if not match:
        raise ValueError('must look like "https://consultations.riverford.example", without a path')
    if match[1] == "http" and not _is_loopback(match[2]):
        raise ValueError("begins with http://, which others can listen to; use https://, or an address of this machine")
    return url.lower().rstrip("/")


def _issuer(url: str) -> str:
    """Exactly as the provider writes it (OpenID Connect Discovery, section 4.3), so a slash at its end stays."""
    match = re.fullmatch(r"(https?)://(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+)(:\d{1,5})?(/[^?#\s]*)?", url)
    if not match:
        raise ValueError('must look like "https://login.microsoftonline.com/TENANT-ID/v2.0"')
    if match[1] == "http" and not _is_loopback(match[2]):
        raise ValueError("begins with http://, which others can listen to; use https://")
    if re.match(r"https://login\.microsoftonline\.com/(common|organizations|consumers)(/|$)", url):
        raise ValueError("lets in people of every organisation; put your own tenant's id in it")
    return url


_Path = Annotated[Path, AfterValidator(_within_folder)]
_ExistingPath = Annotated[_Path, AfterValidator(_existing)]
Domain = Annotated[str, AfterValidator(_domain)]
_Security = Literal["tls", "starttls", "none"]
_Port = Annotated[int, Field(ge=1, le=65535)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class DatabaseSettings(_Section):
    # Can hold a password, so it is not shown.
    url: Annotated[str, AfterValidator(_database_url)] = Field(repr=False)


class FileSettings(_Section):
    path: _Path


class MailSettings(_Section):
    """`authserv_id` is the name our own server signs Authentication-Results with; without it none is believed."""

    message_id_domain: Domain
    authserv_id: str | None = None
    largest_email_mb: PositiveInt = 60


class _App(_Section):
    """What an app proves itself with to an identity provider."""

    client_secret: SecretStr | None = Field(default=None, min_length=1)
    client_secret_file: _Path | None = None

    @model_validator(mode="before")
    @classmethod
    def _secret_from_file(cls, given: Any) -> Any:
        return _with_secret(given, "client_secret")


class MicrosoftSettings(_App):
    """The app registered in Entra ID that reads and sends for mailboxes of Microsoft 365, by a secret or a certificate.

    `certificate_file` holds the private key and the certificate, both as PEM.
    """

    tenant: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]*$")
    client_id: str = Field(min_length=1)
    certificate_file: _ExistingPath | None = None
    authority: str = Field(default="https://login.microsoftonline.com", pattern=r"^https://[A-Za-z0-9.:-]+$")
    resource: str = Field(default="https://outlook.office365.com", pattern=r"^https://[A-Za-z0-9.:-]+$")
    ca_file: _ExistingPath | None = None

    @model_validator(mode="after")
    def _proves_itself_in_one_way(self) -> Self:
        if bool(self.client_secret) is bool(self.certificate_file):
            raise ValueError("needs either a client_secret_file or a certificate_file; set one of them")
        return self


class GoogleSettings(_Section):
    """The service account of Google Workspace that may act for the mailboxes; its key file as Google gives it out."""

    service_account_file: _ExistingPath
    ca_file: _ExistingPath | None = None


class Server(_Section):
    """A mail server and how to sign in to it: with a password, or with a token that `microsoft` or `google` get."""

    host: str = Field(min_length=1)
    security: _Security
    ca_file: _ExistingPath | None = None
    sign_in: Literal["password", "microsoft", "google"] = "password"
    password_file: _Path | None = None
    timeout_seconds: PositiveFloat = 30
    # The sections of these names, which `settings.py` puts here for an account that signs in by one of them.
    microsoft: MicrosoftSettings | None = Field(default=None, exclude=True)
    google: GoogleSettings | None = Field(default=None, exclude=True)

    @model_validator(mode="before")
    @classmethod
    def _password_from_file(cls, given: Any) -> Any:
        return _with_secret(given, "password")

    @model_validator(mode="after")
    def _knows_who_gets_its_token(self) -> Self:
        if self.sign_in != "password" and getattr(self, self.sign_in) is None:
            raise ValueError(f'signs in with "{self.sign_in}", but there is no [{self.sign_in}] section; add it')
        return self

    @model_validator(mode="after")
    def _plain_text_stays_on_this_machine(self) -> Self:
        if self.security == "none" and not _is_loopback(self.host):
            raise ValueError('would send mail and passwords in plain text; set security to "tls" or "starttls"')
        return self


class MailboxSettings(Server):
    """One IMAP account. No `folders` means every one that can be selected, except Sent, Drafts and Trash.

    `remove_round_trips`: the emails of `alarms.round_trip_minutes` are deleted from it once they came.
    """

    port: _Port = 993
    security: _Security = "tls"
    username: str = Field(min_length=1)
    password: SecretStr | None = Field(default=None, min_length=1)
    take: Literal["all", "matching"] = "all"
    server_action: Annotated[str, AfterValidator(_server_action)] = "leave"
    folders: list[str] = []
    skip_folders: list[str] = []
    remove_round_trips: bool = False

    @model_validator(mode="after")
    def _has_a_password_or_needs_none(self) -> Self:
        if self.sign_in == "password" and self.password is None:
            raise ValueError("has no password; set password_file in it, or sign_in")
        if self.sign_in != "password" and self.password:
            raise ValueError(f'signs in with "{self.sign_in}", which needs no password; remove it')
        return self


def is_account_of(username: str, address: str) -> bool:
    """Whether who signs in by this name reads this address (in lower case): by the whole of it, or by its first half
    where the server wants no domain in a user name."""
    return username.lower() in (address, address.partition("@")[0])


class SmtpSettings(Server):
    """The account everything is sent through. `per_minute` holds for all processes together."""

    port: _Port = 587
    security: _Security = "starttls"
    username: str | None = Field(default=None, min_length=1)
    password: SecretStr | None = Field(default=None, min_length=1)
    per_minute: PositiveInt = 30

    @property
    def account(self) -> str:
        """What it is called where it is counted what was sent through it."""
        return self.username or self.host

    @model_validator(mode="after")
    def _user_name_and_password_go_together(self) -> Self:
        if self.sign_in != "password":
            if self.password or not self.username:
                raise ValueError(f'signs in with "{self.sign_in}": that takes a username, and no password')
            return self
        if self.username and not self.password:
            raise ValueError("has a username but no password; set password_file, or remove the username")
        if self.password and not self.username:
            raise ValueError("has a password but no username; add the username")
        return self


class AcknowledgementSettings(_Section):
    per_sender_a_day: PositiveInt = 5


class AlarmSettings(_Section):
    """When administrators are told by email that something stopped working: once, and once when it is over.

    `to` are addresses; without any, every administrator who has an account.
    """

    to: list[str] = []
    silent_minutes: PositiveInt = 30
    waiting_minutes: PositiveInt = 60
    free_mb: PositiveInt = 1000
    round_trip_minutes: NonNegativeInt = 0  # 0: none
    round_trip_wait_minutes: PositiveInt = 15


class WorkerSettings(_Section):
    """`lease_seconds` is how long a claimed row or mailbox stays claimed when its process dies."""

    collect_seconds: PositiveInt = 60
    record_seconds: PositiveInt = 5
    send_seconds: PositiveInt = 5
    remind_seconds: PositiveInt = 60
    reconcile_hours: PositiveInt = 24
    lease_seconds: PositiveInt = 300
    parsers: PositiveInt = 2
    parse_seconds: PositiveInt = 60


class TemplateSettings(_Section):
    path: _ExistingPath | None = None


class WebSettings(_Section):
    """The pages. `base_url` is what people type; links in emails and one-time links begin with it.

    A session ends when it was not used for `idle_minutes`, and after `session_hours` whatever was done in it.
    """

    base_url: Annotated[str, AfterValidator(_base_url)] = "http://127.0.0.1:8000"
    host: str = Field(default="127.0.0.1", min_length=1)
    port: _Port = 8000
    organisation: str = Field(default="The council", min_length=1, max_length=80)
    contact: str | None = Field(default=None, min_length=3, max_length=320)
    idle_minutes: PositiveInt = 60
    session_hours: PositiveInt = 12
    forms_per_hour: PositiveInt = 120

    @property
    def is_secure(self) -> bool:
        return self.base_url.startswith("https://")


class SignInSettings(_App):
    """How people sign in to the pages: with a password kept here, through the council's identity provider, or either.

    `trust_addresses`: the provider vouches for its addresses even where it does not say `email_verified`. Right for a
    directory that only the council writes to, such as a single tenant of Entra ID; wrong for one anybody can join.
    """

    local_accounts: bool = True
    issuer: Annotated[str, AfterValidator(_issuer)] | None = None
    client_id: str | None = Field(default=None, min_length=1)
    button: str = Field(default="Sign in with your council account", min_length=1, max_length=80)
    administrators_group: str | None = Field(default=None, min_length=1)
    officers_group: str | None = Field(default=None, min_length=1)
    groups_claim: str = Field(default="groups", min_length=1)
    scope: str = Field(default="openid profile email", pattern=r"^openid( \S+)*$")
    trust_addresses: bool = False
    ca_file: _ExistingPath | None = None

    @model_validator(mode="after")
    def _there_is_a_way_in(self) -> Self:
        if self.issuer is None and not self.local_accounts:
            raise ValueError("lets nobody in; set issuer, or local_accounts = true")
        if self.issuer and not (self.client_id and self.client_secret):
            raise ValueError("has an issuer but no client_id or no client_secret_file; add what is missing")
        if self.issuer and not (self.administrators_group or self.officers_group):
            raise ValueError("has an issuer, but nobody gets in; set officers_group and administrators_group")
        return self


def _with_secret(given: Any, key: str) -> Any:
    """What was given for a section, with the secret read from the file that `<key>_file` names."""
    file = f"{key}_file"
    if not isinstance(given, dict) or not isinstance(given.get(file), str):
        return given
    if key in given:
        raise ValueError(f"has both a {key} and a {file}; remove one")
    return {**given, key: _read_secret(_within_folder(Path(given[file])), file)}


def _read_secret(path: Path, setting: str) -> str:
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise ValueError(f"has a {setting} that cannot be read ({reason}): {path}") from None
    if not secret:
        raise ValueError(f"has a {setting} that is empty: {path}")
    return secret


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
