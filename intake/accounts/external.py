"""Sign-in through the council's identity provider: OpenID Connect, authorization code with PKCE, `state` and `nonce`.

The provider says who somebody is and which groups they are in; these say what they may be here, anew at each sign-in.
Nothing it says counts until its signature, issuer, audience, expiry and nonce were checked. Nothing of it is kept
between sign-ins, so its keys are always today's. Never keeps a password of somebody who signs in there.
"""

import hmac
import ssl
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx2
import sqlalchemy as sa
from authlib.common.security import generate_token
from authlib.integrations.httpx_client import OAuth2Client, OAuthError
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from sqlmodel import col

from intake.accounts.identities import Identity, identity_in
from intake.accounts.sessions import token_sha256
from intake.errors import IntakeError
from intake.settings import SignInSettings
from intake.store.database import Database
from intake.store.users import ExternalSignIn

LASTS = timedelta(minutes=10)
CLOCKS_DIFFER = 60  # seconds
TIMEOUT = httpx2.Timeout(10)
LONGEST_ANSWER = 1_000_000  # bytes
SET_UP_WRONGLY = "What the council's sign-in service says of itself is not what intake needs: see sign_in.issuer."
# Signatures with the provider's own key. Never "none", and never one that is made with what we know too.
KINDS = ("RSA", "EC", "OKP")
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"]


class ProviderUnavailable(IntakeError):
    """The council's sign-in service cannot be reached now. Try again in a few minutes."""


class NotProven(IntakeError):
    """The council's sign-in service did not confirm who you are. Try again from the sign-in page."""


@dataclass(frozen=True, slots=True)
class Leaving:
    """Where the browser is sent to sign in, and the `state` that it has to bring back in its cookie too."""

    address: str
    state: str


@dataclass(frozen=True, slots=True)
class Returned:
    """What the provider's redirect back carried, and what the browser's own cookie says."""

    code: str
    state: str
    issuer: str
    cookie: str


def leave(database: Database, settings: SignInSettings, *, return_address: str, wanted: str, now: datetime) -> Leaving:
    """Begin a sign-in at the provider. Raises ProviderUnavailable."""
    state, nonce, verifier = (generate_token(43) for _ in range(3))
    with _client(settings, return_address) as client:
        door = _metadata(client, settings)["authorization_endpoint"]
        address, _ = client.create_authorization_url(door, state=state, nonce=nonce, code_verifier=verifier)
    with database.transaction() as session:
        session.execute(sa.delete(ExternalSignIn).where(col(ExternalSignIn.expires_at) <= now))
        kept = {"nonce": nonce, "verifier": verifier, "wanted": wanted[:2000], "expires_at": now + LASTS}
        session.execute(sa.insert(ExternalSignIn).values(state_sha256=token_sha256(state), **kept))
    return Leaving(address, state)


def take_up(database: Database, settings: SignInSettings, returned: Returned, *, now: datetime) -> ExternalSignIn:
    """The sign-in this browser began, once. Raises NotProven.

    Without the cookie anybody could sign a stranger's browser in as themselves, with a link that carries their code.
    """
    is_other = returned.issuer not in ("", settings.issuer)  # RFC 9207: another provider than the one that was asked
    if is_other or not returned.code or not hmac.compare_digest(returned.state.encode(), returned.cookie.encode()):
        raise NotProven
    with database.transaction() as session:
        begun = session.get(ExternalSignIn, token_sha256(returned.state), with_for_update=True)
        if begun is None or begun.expires_at <= now:
            raise NotProven
        session.delete(begun)
    return begun


def prove(
    settings: SignInSettings, begun: ExternalSignIn, code: str, *, return_address: str, now: datetime
) -> Identity:
    """Who the provider says this is. Raises ProviderUnavailable, NotProven, or what `identity_in` raises."""
    with _client(settings, return_address) as client:
        metadata = _metadata(client, settings)
        try:
            answer = client.fetch_token(
                metadata["token_endpoint"],
                grant_type="authorization_code",
                code=code,
                code_verifier=begun.verifier,
                redirect_uri=return_address,
            )
        except OAuthError:
            raise NotProven from None  # what it says may quote the code
        except (httpx2.HTTPError, ValueError):
            raise ProviderUnavailable from None
        keys = _signing_keys(_get(client, metadata["jwks_uri"]))
    return identity_in(settings, _claims(settings, answer, keys, nonce=begun.nonce, now=now))


def look_at_provider(settings: SignInSettings) -> None:
    """Raises ProviderUnavailable when nobody could sign in there now. Signs nobody in."""
    with _client(settings, "") as client:
        _signing_keys(_get(client, _metadata(client, settings)["jwks_uri"]))


def _client(settings: SignInSettings, return_address: str) -> OAuth2Client:
    assert settings.client_secret is not None
    return OAuth2Client(
        settings.client_id,
        settings.client_secret.get_secret_value(),
        scope=settings.scope,
        redirect_uri=return_address,
        code_challenge_method="S256",
        timeout=TIMEOUT,
        verify=ssl.create_default_context(cafile=settings.ca_file),
        follow_redirects=False,
    )


def _metadata(client: OAuth2Client, settings: SignInSettings) -> dict[str, str]:
    """Where the provider's doors are (OpenID Connect Discovery, section 4)."""
    assert settings.issuer is not None
    found = _get(client, settings.issuer.removesuffix("/") + "/.well-known/openid-configuration")
    doors = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")
    is_secure = settings.issuer.startswith("https://")
    if found.get("issuer") != settings.issuer or not all(isinstance(found.get(door), str) for door in doors):
        raise ProviderUnavailable(SET_UP_WRONGLY)
    if is_secure and not all(found[door].startswith("https://") for door in doors):
        raise ProviderUnavailable(SET_UP_WRONGLY)
    return {door: found[door] for door in doors}


def _get(client: OAuth2Client, address: str) -> dict[str, Any]:
    try:
        answer = client.request("GET", address, withhold_token=True)
        found = answer.raise_for_status().json() if len(answer.content) <= LONGEST_ANSWER else None
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError):
        raise ProviderUnavailable from None
    if not isinstance(found, dict):
        raise ProviderUnavailable
    return found


def _claims(
    settings: SignInSettings, answer: dict[str, Any], keys: KeySet, *, nonce: str, now: datetime
) -> dict[str, Any]:
    """What the ID token says, after the checks of OpenID Connect Core, section 3.1.3.7."""
    wanted = {"essential": True}
    try:
        token = jwt.decode(str(answer.get("id_token", "")), keys, algorithms=ALGORITHMS)
        claims = CodeIDToken(
            token.claims,
            token.header,
            options={"iss": {**wanted, "value": settings.issuer}, "aud": {**wanted, "value": settings.client_id}},
            params={"nonce": nonce, "client_id": settings.client_id, "access_token": answer.get("access_token")},
        )
        claims.validate(now=int(now.timestamp()), leeway=CLOCKS_DIFFER)
    except (JoseError, ValueError, KeyError, TypeError):
        raise NotProven from None
    return dict(token.claims)


def _signing_keys(found: dict[str, Any]) -> KeySet:
    """Kinds of keys we do not know yet, and those for encryption, are left out."""
    try:
        known = [key for key in found["keys"] if key["kty"] in KINDS and key.get("use", "sig") == "sig"]
        return KeySet.import_key_set({"keys": known})
    except (JoseError, ValueError, KeyError, TypeError):
        raise ProviderUnavailable(SET_UP_WRONGLY) from None
