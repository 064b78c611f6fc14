"""People with accounts, for the tests of accounts: an office, a password everybody is allowed, codes of an app."""

from datetime import datetime

import pyotp

from intake.accounts.links import make_link
from intake.accounts.second_factor import new_secret, turn_on
from intake.accounts.signing_in import Caller, SignedIn, choose_password
from intake.accounts.users import add_user, user_by_address
from intake.store.database import Database
from intake.store.users import LinkPurpose, Role, User
from tests.office import Office

PASSWORD = "otter ladder marmalade"
OFFICE_NETWORK = Caller("192.0.2.10", "Firefox")
ELSEWHERE = Caller("203.0.113.77", "curl")


def add(office: Office, address: str, *, role: Role = Role.officer, password: str | None = PASSWORD) -> User:
    """A user who has chosen this password (None: who has not yet chosen one)."""
    with office.database.transaction() as session:
        user = add_user(session, address=address, name="", role=role, now=office.now, actor="test")
        token = make_link(session, user, LinkPurpose.set_password, now=office.now, actor="test")
    if password:
        door = choose_password(office.database, token, password, OFFICE_NETWORK, now=office.now)
        assert isinstance(door, SignedIn)
    return user


def link_for(office: Office, address: str, purpose: LinkPurpose = LinkPurpose.set_password) -> str:
    with office.database.transaction() as session:
        return make_link(session, user_by_address(session, address), purpose, now=office.now, actor="test")


def add_second_factor(office: Office, address: str) -> str:
    """Switch it on, and give back the secret; the code of this moment is used up."""
    secret = new_secret()
    with office.database.transaction() as session:
        turn_on(session, user_by_address(session, address), secret, code_of(secret, office.now), now=office.now)
    return secret


def code_of(secret: str, now: datetime) -> str:
    return pyotp.TOTP(secret).at(now)


def stored(database: Database, address: str) -> User:
    with database.reading() as session:
        return user_by_address(session, address)
