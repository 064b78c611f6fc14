"""A token is worth what an administrator said, until it is revoked; nobody can read it again."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlmodel import Session, select

from intake.accounts.tokens import PREFIX, Rights, access_by, find_token, list_tokens, make_token, revoke
from intake.errors import Mistakes, NotFound
from intake.store.history import history_of
from intake.store.online import ApiToken
from intake.store.users import Role, User
from tests.accounts.staff import add
from tests.databases import both_databases
from tests.office import Office, open_office
from tests.people import ADAM

pytestmark = both_databases
WRITES = Rights(may_write=True)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_office(tmp_path) as opened:
        add(opened, ADAM, role=Role.administrator)
        yield opened


def adam(session: Session) -> User:
    return session.exec(select(User).where(User.address == ADAM)).one()


def made(office: Office, name: str = "Survey", rights: Rights = WRITES) -> str:
    with office.database.transaction() as session:
        return make_token(session, name, rights, user=adam(session), now=office.now)[1]


def test_token_is_found_by_itself_and_kept_by_its_digest_only(office: Office) -> None:
    secret = made(office)
    assert secret.startswith(PREFIX)
    with office.database.reading() as session:
        token = find_token(session, secret)
        assert token is not None
        assert (token.name, token.may_write, token.may_read) == ("Survey", True, False)
        assert secret not in str(token.model_dump())
        assert find_token(session, f"{secret}x") is None
        assert [one.action for one in history_of(session, token)] == ["token-made"]


def test_revoked_token_is_worth_nothing_and_stays_in_the_list(office: Office) -> None:
    secret = made(office)
    with office.database.transaction() as session:
        token = session.exec(select(ApiToken)).one()
        for _ in range(2):
            revoke(session, token.id, now=office.now, actor="user 1")
    with office.database.reading() as session:
        assert find_token(session, secret) is None
        [listed] = list_tokens(session)
        assert (listed.token.revoked_at, listed.consultations) == (office.now, None)
        assert [one.action for one in history_of(session, listed.token)] == ["token-made", "token-revoked"]
    with office.database.transaction() as session, pytest.raises(NotFound):
        revoke(session, 999, now=office.now, actor="user 1")


def test_what_it_may_see_is_what_was_chosen(office: Office) -> None:
    rights = Rights(may_read=True, consultation_ids=[1])
    with office.database.transaction() as session:
        row, _ = make_token(session, "Reads", rights, user=adam(session), now=office.now)
        seen = access_by(session, row)
        assert (seen.may_see(1), seen.may_see(2), seen.hides_confidential) == (True, False, True)
        trusted, _ = make_token(
            session, "Trusted", replace(rights, sees_confidential=True), user=adam(session), now=office.now
        )
        assert not access_by(session, trusted).hides_confidential


@pytest.mark.parametrize(
    ("name", "rights", "field", "sentence"),
    [
        ("", WRITES, "name", "Enter the name of the system"),
        ("S" * 81, WRITES, "name", "at most 80 characters"),
        ("Survey", Rights(), "rights", "Choose what the system may do"),
        ("Survey", Rights(may_write=True, sees_confidential=True), "rights", "it must be able to read"),
        ("Survey", replace(WRITES, consultation_ids=[]), "consultations", "Choose at least one consultation"),
    ],
)
def test_what_makes_no_token_is_told(office: Office, name: str, rights: Rights, field: str, sentence: str) -> None:
    with pytest.raises(Mistakes) as wrong:
        made(office, name, rights)
    assert sentence in wrong.value.by_field[field]
    assert office.rows(ApiToken) == []


def test_no_two_tokens_have_one_name(office: Office) -> None:
    made(office)
    with pytest.raises(Mistakes, match="There is a token with this name already"):
        made(office)
