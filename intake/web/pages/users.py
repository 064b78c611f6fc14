"""Users, for administrators: listed, added, changed, given consultations, sent a new link, signed out, disabled."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import Response

from intake.accounts.links import LASTS, link_address, make_link
from intake.accounts.second_factor import turn_off
from intake.accounts.sessions import end_sessions, live_sessions
from intake.accounts.users import (
    LastAdministrator,
    add_user,
    change_user,
    consultations_of,
    consultations_to_give,
    disable,
    enable,
    give_consultations,
    list_users,
    user_by_id,
)
from intake.errors import Mistakes
from intake.responses.recounting import tell
from intake.store.history import history_of
from intake.store.users import LinkPurpose, Role, User
from intake.web.asking import Administrator, Asking, RowId, session_rules
from intake.web.forms import Form, Sent
from intake.web.showing import page, redirect

router = APIRouter()
TOLD = 30  # entries of the history
_NONE: Mapping[str, str] = {}


@router.get("/users")
def users(asking: Administrator) -> Response:
    with asking.this.database.reading() as session:
        listed = list_users(session)
    return page(asking, "users.html", listed=listed)


@router.get("/users/new")
def ask_for_new(asking: Administrator) -> Response:
    return _new_page(asking)


@router.post("/users/new")
def add(asking: Administrator, form: Sent) -> Response:
    """The link is on the answer only: nobody can open it a second time to see it again."""
    role = form.choice("role", Role)
    try:
        if role is None:
            raise Mistakes({"role": "Choose a role."})
        with asking.this.database.transaction() as session:
            by: dict[str, Any] = {"now": asking.now, "actor": asking.user.actor}
            user = add_user(session, address=form.text("address"), name=form.text("name"), role=role, **by)
            give_consultations(session, user, form.numbers("consultations"), **by)
            address = _new_link(asking, session, user) if asking.this.settings.sign_in.local_accounts else None
    except Mistakes as error:
        return _new_page(asking, status=422, mistakes=error.by_field, given=form)
    return _link_page(asking, user, address, is_new=True)


@router.get("/users/{user_id}")
def show(asking: Administrator, user_id: RowId) -> Response:
    return _user_page(asking, user_id)


@router.post("/users/{user_id}")
def change(asking: Administrator, user_id: RowId, form: Sent) -> Response:
    try:
        with asking.this.database.transaction() as session:
            user = user_by_id(session, user_id, lock=True)
            role = form.choice("role", Role) or user.role
            change_user(session, user, name=form.text("name"), role=role, now=asking.now, actor=asking.user.actor)
            chosen = form.numbers("consultations")
            give_consultations(session, user, chosen, now=asking.now, actor=asking.user.actor)
    except Mistakes as error:
        return _user_page(asking, user_id, status=422, mistakes=error.by_field, given=form)
    except LastAdministrator as error:
        return _user_page(asking, user_id, status=422, mistakes={"role": str(error)}, given=form)
    gave_up = user_id == asking.user.id and role is not Role.administrator
    return redirect(asking, "/" if gave_up else f"/users/{user_id}", notice="The changes have been saved.")


@router.post("/users/{user_id}/link")
def link(asking: Administrator, user_id: RowId, form: Sent) -> Response:
    with asking.this.database.transaction() as session:
        user = user_by_id(session, user_id, lock=True)
        address = _new_link(asking, session, user)
    return _link_page(asking, user, address, is_new=False)


@router.post("/users/{user_id}/second-factor")
def switch_second_factor_off(asking: Administrator, user_id: RowId, form: Sent) -> Response:
    with asking.this.database.transaction() as session:
        turn_off(session, user_by_id(session, user_id, lock=True), now=asking.now, actor=asking.user.actor)
    return redirect(asking, f"/users/{user_id}", notice="The second factor is switched off.")


@router.post("/users/{user_id}/sign-out")
def sign_out(asking: Administrator, user_id: RowId, form: Sent) -> Response:
    with asking.this.database.transaction() as session:
        user = user_by_id(session, user_id, lock=True)
        end_sessions(session, user.id, now=asking.now, actor=asking.user.actor)
    return redirect(asking, f"/users/{user_id}", notice=f"{user.name} is signed out everywhere.")


@router.post("/users/{user_id}/disable")
def disable_user(asking: Administrator, user_id: RowId, form: Sent) -> Response:
    with asking.this.database.transaction() as session:
        user = user_by_id(session, user_id, lock=True)
        disable(session, user, now=asking.now, actor=asking.user.actor)
    return redirect(asking, f"/users/{user_id}", notice=f"{user.name} is disabled and signed out everywhere.")


@router.post("/users/{user_id}/enable")
def enable_user(asking: Administrator, user_id: RowId, form: Sent) -> Response:
    with asking.this.database.transaction() as session:
        user = user_by_id(session, user_id, lock=True)
        enable(session, user, now=asking.now, actor=asking.user.actor)
    return redirect(asking, f"/users/{user_id}", notice=f"{user.name} can sign in again.")


def _new_link(asking: Asking, session: Session, user: User) -> str:
    token = make_link(session, user, LinkPurpose.set_password, now=asking.now, actor=asking.user.actor)
    return link_address(asking.this.settings.web.base_url, token)


def _link_page(asking: Asking, person: User, address: str | None, *, is_new: bool) -> Response:
    days = LASTS[LinkPurpose.set_password].days
    return page(asking, "user_link.html", person=person, address=address, is_new=is_new, days=days)


def _new_page(
    asking: Asking, *, status: int = 200, mistakes: Mapping[str, str] = _NONE, given: Form | None = None
) -> Response:
    with asking.this.database.reading() as session:
        consultations = consultations_to_give(session)
    chosen = given.numbers("consultations") if given else []
    fields: dict[str, Any] = {"consultations": consultations, "chosen": chosen, "mistakes": mistakes, "given": given}
    return page(asking, "user_new.html", status=status, **fields)


def _user_page(
    asking: Asking, user_id: int, *, status: int = 200, mistakes: Mapping[str, str] = _NONE, given: Form | None = None
) -> Response:
    with asking.this.database.reading() as session:
        person = user_by_id(session, user_id)
        consultations = consultations_to_give(session)
        chosen = given.numbers("consultations") if given else consultations_of(session, person)
        sessions = live_sessions(session, user_id, session_rules(asking.this.settings.web), now=asking.now)
        told = tell(session, history_of(session, person, most=TOLD))
    fields: dict[str, Any] = {"person": person, "consultations": consultations, "chosen": chosen, "sessions": sessions}
    fields |= {"mistakes": mistakes, "given": given, "ways": asking.this.settings.sign_in, "told": told}
    return page(asking, "user.html", status=status, **fields)
