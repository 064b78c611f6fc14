"""What the identity provider says counts only when it is proven, and only for whom it means."""

import base64
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from intake.accounts.external import NotProven, ProviderUnavailable, Returned, leave, look_at_provider, prove, take_up
from intake.accounts.identities import (
    AddressInUse,
    Disabled,
    Identity,
    InNoGroup,
    NoAddress,
    TooManyGroups,
    identity_in,
    let_in_from_elsewhere,
)
from intake.accounts.sessions import SessionRules, find_session
from intake.accounts.users import disable, user_by_address
from intake.settings import SignInSettings
from intake.store.users import ExternalSignIn, Role, User
from tests.accounts.staff import OFFICE_NETWORK, add, add_second_factor, link_for, stored
from tests.databases import both_databases
from tests.office import DURING, Office, open_office
from tests.people import ASHA
from tests.servers.lying_provider import KEY, Claims, LyingProvider, honest

RETURN = "http://127.0.0.1:8000/sign-in/external/return"
SECRET = "a-secret-of-the-client"
OFFICERS, ADMINISTRATORS = "officers", "administrators"
RULES = SessionRules(timedelta(hours=1), timedelta(hours=12))


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_office(tmp_path, polled=False) as office:
        yield office


@pytest.fixture
def provider() -> Iterator[LyingProvider]:
    with LyingProvider() as running:
        yield running


def settings_for(issuer: str, **changed: Any) -> SignInSettings:
    given = {"issuer": issuer, "client_id": "intake", "client_secret": SECRET}
    groups = {"officers_group": OFFICERS, "administrators_group": ADMINISTRATORS}
    return SignInSettings.model_validate({**given, **groups, **changed})


def claims_of(issuer: str, **changed: Any) -> Claims:
    now = int(DURING.timestamp())
    who = {"sub": "asha", "name": "Asha Rahman", "email": ASHA, "email_verified": True, "groups": [OFFICERS]}
    return {"iss": issuer, "aud": "intake", "iat": now, "exp": now + 300, "nonce": "the-nonce", **who, **changed}


def proven(provider: LyingProvider, **changed: Any) -> Identity:
    expires_at = DURING + timedelta(minutes=10)
    begun = ExternalSignIn(state_sha256="", nonce="the-nonce", verifier="v" * 43, wanted="/", expires_at=expires_at)
    settings = settings_for(provider.issuer, **changed)
    return prove(settings, begun, "code", return_address=RETURN, now=DURING)


def test_an_honest_token_says_who_somebody_is(provider: LyingProvider) -> None:
    provider.claims = claims_of(provider.issuer)
    key = f"{provider.issuer} asha"
    assert proven(provider) == Identity(key, ASHA, True, "Asha Rahman", Role.officer)


@pytest.mark.parametrize(
    "changed",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "another application"},
        {"aud": ["intake", "another application"]},
        {"iss": "https://elsewhere.example"},
        {"exp": 1},
        {"exp": None},
        {"iat": 4_000_000_000},
        {"sub": None},
        {"azp": "another application"},
    ],
    ids=str,
)
def test_a_token_that_was_not_made_for_this_sign_in_proves_nothing(
    provider: LyingProvider, changed: dict[str, Any]
) -> None:
    given = {**claims_of(provider.issuer), **changed}
    provider.claims = {name: value for name, value in given.items() if value is not None}
    with pytest.raises(NotProven):
        proven(provider)


def unsigned(claims: Claims) -> str:
    parts = (base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in ({"alg": "none"}, claims))
    return b".".join([*parts, b""]).decode()


def signed_by_another(claims: Claims) -> str:
    return jwt.encode({"alg": "RS256", "kid": KEY.kid}, claims, RSAKey.generate_key(2048))


def signed_by_an_unknown_key(claims: Claims) -> str:
    return jwt.encode({"alg": "RS256", "kid": "unheard-of"}, claims, RSAKey.generate_key(2048))


def signed_with_what_we_know_too(claims: Claims) -> str:
    return jwt.encode({"alg": "HS256", "kid": KEY.kid}, claims, OctKey.import_key(SECRET * 2))


def changed_afterwards(claims: Claims) -> str:
    header, _, signature = honest(claims).split(".")
    forged = unsigned({**claims, "groups": [ADMINISTRATORS]}).split(".")[1]
    return f"{header}.{forged}.{signature}"


@pytest.mark.parametrize(
    "forge",
    [
        unsigned,
        signed_by_another,
        signed_by_an_unknown_key,
        signed_with_what_we_know_too,
        changed_afterwards,
        lambda _: "",
        lambda _: "no.token.at.all",
    ],
)
def test_a_forged_token_proves_nothing(provider: LyingProvider, forge: Callable[[Claims], str]) -> None:
    provider.claims, provider.sign = claims_of(provider.issuer), forge
    with pytest.raises(NotProven):
        proven(provider)


@pytest.mark.parametrize(
    ("path", "status", "text", "error"),
    [
        ("/.well-known/openid-configuration", 500, "", ProviderUnavailable),
        ("/.well-known/openid-configuration", 200, "<html>", ProviderUnavailable),
        ("/.well-known/openid-configuration", 200, "[]", ProviderUnavailable),
        ("/.well-known/openid-configuration", 200, '{"issuer": "https://elsewhere.example"}', ProviderUnavailable),
        ("/token", 500, "", ProviderUnavailable),
        ("/token", 200, "<html>", ProviderUnavailable),
        ("/token", 400, '{"error": "invalid_grant"}', NotProven),
        ("/token", 200, "{}", NotProven),
        ("/keys", 404, "", ProviderUnavailable),
        ("/keys", 200, "{}", ProviderUnavailable),
        ("/keys", 200, '{"keys": ["odd", {"kty": "RSA"}]}', ProviderUnavailable),
    ],
)
def test_whatever_else_it_answers_is_one_sentence(
    provider: LyingProvider, path: str, status: int, text: str, error: type[Exception]
) -> None:
    provider.claims = claims_of(provider.issuer)
    provider.answers[path] = (status, text)
    with pytest.raises(error):
        proven(provider)


def test_a_provider_that_is_away_is_one_sentence(office: Office) -> None:
    settings = settings_for("http://127.0.0.1:1")
    with pytest.raises(ProviderUnavailable, match="cannot be reached now"):
        leave(office.database, settings, return_address=RETURN, wanted="/", now=office.now)


def test_the_provider_can_be_looked_at_without_signing_in(provider: LyingProvider) -> None:
    look_at_provider(settings_for(provider.issuer))
    with pytest.raises(ProviderUnavailable, match=r"see sign_in\.issuer"):
        look_at_provider(settings_for(f"{provider.issuer}/"))
    provider.answers["/keys"] = (200, "[]")
    with pytest.raises(ProviderUnavailable):
        look_at_provider(settings_for(provider.issuer))


def test_one_comes_back_once_in_time_and_at_the_browser_one_left_from(office: Office, provider: LyingProvider) -> None:
    settings = settings_for(provider.issuer)

    def left() -> str:
        return leave(office.database, settings, return_address=RETURN, wanted="/held", now=office.now).state

    state = left()
    for returned in (
        Returned("code", state, "", "cookie of another browser"),
        Returned("code", state, "", ""),
        Returned("code", "", "", ""),
        Returned("", state, "", state),
        Returned("code", state, "https://elsewhere.example", state),
    ):
        with pytest.raises(NotProven):
            take_up(office.database, settings, returned, now=office.now)
    good = Returned("code", state, provider.issuer, state)
    assert take_up(office.database, settings, good, now=office.now).wanted == "/held"
    with pytest.raises(NotProven):
        take_up(office.database, settings, good, now=office.now)
    late = left()
    office.now += timedelta(minutes=10)
    with pytest.raises(NotProven):
        take_up(office.database, settings, Returned("code", late, "", late), now=office.now)
    left()
    assert len(office.rows(ExternalSignIn)) == 1


@pytest.mark.parametrize(
    ("changed", "claims", "role"),
    [
        ({}, {"groups": [OFFICERS, ADMINISTRATORS]}, Role.administrator),
        ({}, {"groups": OFFICERS}, Role.officer),
        ({}, {"groups": ["staff"]}, None),
        ({}, {"groups": None}, None),
        ({}, {"groups": {"officers": True}}, None),
        ({"administrators_group": None}, {"groups": [None]}, None),
        ({"groups_claim": "roles"}, {"roles": [ADMINISTRATORS]}, Role.administrator),
    ],
)
def test_groups_give_the_role(changed: dict[str, Any], claims: dict[str, Any], role: Role | None) -> None:
    settings = settings_for("http://127.0.0.1", **changed)
    assert identity_in(settings, claims_of("http://127.0.0.1", **claims)).role is role


@pytest.mark.parametrize("sign", [{"hasgroups": True}, {"_claim_names": {"groups": "src1"}}])
def test_somebody_in_too_many_groups_to_list_is_told_so(sign: dict[str, Any]) -> None:
    claims = claims_of("http://127.0.0.1", **sign)
    del claims["groups"]
    with pytest.raises(TooManyGroups):
        identity_in(settings_for("http://127.0.0.1"), claims)


@pytest.mark.parametrize(
    ("changed", "claims", "address", "is_proven"),
    [
        ({}, {"email_verified": "true"}, ASHA, False),
        ({}, {"email": None, "preferred_username": "Asha.K@county.example"}, "asha.k@county.example", False),
        ({"trust_addresses": True}, {"email": None, "preferred_username": ASHA}, ASHA, True),
        ({"trust_addresses": True}, {"email_verified": None}, ASHA, True),
    ],
)
def test_an_address_is_proven_only_by_the_provider_or_by_our_trust_in_it(
    changed: dict[str, Any], claims: dict[str, Any], address: str, is_proven: bool
) -> None:
    found = identity_in(settings_for("http://127.0.0.1", **changed), claims_of("http://127.0.0.1", **claims))
    assert (found.address, found.is_address_proven) == (address, is_proven)


def test_somebody_without_an_address_is_told_so() -> None:
    with pytest.raises(NoAddress):
        identity_in(settings_for("http://127.0.0.1"), claims_of("http://127.0.0.1", email="asha"))


def identity(**changed: Any) -> Identity:
    given = {"key": "issuer 1", "address": ASHA, "is_address_proven": True, "name": "Asha", "role": Role.officer}
    return Identity(**{**given, **changed})


def arrive(office: Office, **changed: Any) -> tuple[User, str]:
    door = let_in_from_elsewhere(office.database, identity(**changed), OFFICE_NETWORK, now=office.now)
    with office.database.reading() as session:
        found = find_session(session, door.token, RULES, now=office.now)
    assert found
    return found[1], door.token


@both_databases
def test_the_first_sign_in_makes_a_user_and_later_ones_follow_the_groups(office: Office) -> None:
    made, _ = arrive(office)
    assert (made.name, made.role, made.password_hash) == ("Asha", Role.officer, None)
    again, _ = arrive(office, role=Role.administrator, address="asha.khan@county.example")
    assert (again.id, again.role, again.address) == (made.id, Role.administrator, "asha.khan@county.example")
    assert [entry.detail for entry in office.history("changed")] == [{"fields": ["address"]}, {"fields": ["role"]}]


@both_databases
def test_a_user_with_a_proven_address_is_linked_and_the_password_kept_here_is_gone(office: Office) -> None:
    local = add(office, ASHA)
    add_second_factor(office, ASHA)
    link_for(office, ASHA)
    linked, _ = arrive(office)
    assert (linked.id, linked.identity) == (local.id, "issuer 1")
    assert (linked.password_hash, linked.totp_secret) == (None, None)
    assert len(office.history("linked")) == 1


def test_an_address_that_is_not_proven_takes_over_nobody(office: Office) -> None:
    add(office, ASHA)
    with pytest.raises(AddressInUse):
        arrive(office, is_address_proven=False)
    assert stored(office.database, ASHA).password_hash


def test_an_address_given_to_somebody_else_in_the_directory_is_not_the_same_person(office: Office) -> None:
    arrive(office)
    with pytest.raises(AddressInUse):
        arrive(office, key="issuer 2")


def test_who_was_taken_out_of_the_groups_is_out_in_every_browser(office: Office) -> None:
    _, token = arrive(office)
    with pytest.raises(InNoGroup):
        arrive(office, role=None)
    with office.database.reading() as session:
        assert find_session(session, token, RULES, now=office.now) is None


def test_who_was_disabled_here_stays_so(office: Office) -> None:
    arrive(office)
    with office.database.transaction() as session:
        disable(session, user_by_address(session, ASHA), now=office.now, actor="test")
    with pytest.raises(Disabled):
        arrive(office)
