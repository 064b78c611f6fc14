"""One's own account: name, password, second factor, and the browsers one is signed in at."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from markupsafe import Markup
from starlette.responses import Response

from intake.accounts.second_factor import WrongCode, in_groups, is_secret, new_secret, qr_code, turn_on
from intake.accounts.sessions import end_session, live_sessions, own_session
from intake.accounts.signing_in import change_password, end_second_factor
from intake.accounts.throttling import TooManyGuesses
from intake.accounts.users import change_user, consultations_of, consultations_to_give, user_by_id
from intake.errors import Mistakes, NotFound
from intake.web.asking import Asking, Officer, RowId, session_rules
from intake.web.entering import caller_of
from intake.web.forms import Sent
from intake.web.showing import page, redirect

router = APIRouter()
_NONE: Mapping[str, str] = {}
_BROWSERS = {"Edg": "Edge", "OPR": "Opera", "Firefox": "Firefox", "FxiOS": "Firefox", "Chrome": "Chrome"}
_BROWSERS |= {"CriOS": "Chrome", "Safari": "Safari"}
_SYSTEMS = {"Windows": "Windows", "Android": "Android", "iPhone": "an iPhone", "iPad": "an iPad", "Mac OS": "a Mac"}
_SYSTEMS |= {"CrOS": "ChromeOS", "Linux": "Linux"}


@router.get("/account")
def account(asking: Officer) -> Response:
    with asking.this.database.reading() as session:
        sessions = live_sessions(session, asking.user.id, session_rules(asking.this.settings.web), now=asking.now)
        given = consultations_of(session, asking.user)
        titles = [one.title for one in consultations_to_give(session) if one.id in given]
    names = {row.id: _browser_in_words(row.browser) for row in sessions}
    return page(asking, "account.html", sessions=sessions, names=names, titles=titles)


@router.get("/account/name")
def ask_for_name(asking: Officer) -> Response:
    return page(asking, "account_name.html")


@router.post("/account/name")
def change_name(asking: Officer, form: Sent) -> Response:
    try:
        with asking.this.database.transaction() as session:
            user = user_by_id(session, asking.user.id, lock=True)
            change_user(session, user, name=form.text("name"), role=user.role, now=asking.now, actor=user.actor)
    except Mistakes as error:
        return page(asking, "account_name.html", status=422, mistakes=error.by_field, given=form)
    return redirect(asking, "/account", notice="Your name has been changed.")


@router.get("/account/password")
def ask_for_password(asking: Officer) -> Response:
    if asking.user.password_hash is None:
        return redirect(asking, "/account")
    return page(asking, "account_password.html")


@router.post("/account/password")
def set_password(asking: Officer, form: Sent) -> Response:
    old, new, caller = form.secret("old_password"), form.secret("password"), caller_of(asking.request)
    try:
        if new != form.secret("again"):
            raise Mistakes({"again": "The two new passwords are not the same."})
        change_password(asking.this.database, asking.session_row, old, new, caller, now=asking.now)
    except Mistakes as error:
        return page(asking, "account_password.html", status=422, mistakes=error.by_field)
    except TooManyGuesses as error:
        return page(asking, "account_password.html", status=429, mistakes={"old_password": str(error)})
    notice = "Your password has been changed. Other browsers you were signed in at are signed out."
    return redirect(asking, "/account", notice=notice)


@router.get("/account/second-factor")
def show_second_factor(asking: Officer) -> Response:
    if asking.user.password_hash is None:
        return redirect(asking, "/account")
    return _second_factor_page(asking, new_secret())


@router.post("/account/second-factor")
def switch_on(asking: Officer, form: Sent) -> Response:
    """The secret is on the page only, until a code proves that an app has it."""
    secret, user = form.text("secret"), asking.user
    if user.password_hash is None or user.totp_secret is not None or not is_secret(secret):
        raise NotFound
    try:
        with asking.this.database.transaction() as session:
            user = user_by_id(session, asking.user.id, lock=True)
            turn_on(session, user, secret, form.text("code"), now=asking.now)
    except WrongCode as error:
        return _second_factor_page(asking, secret, status=422, mistakes={"code": str(error)})
    return redirect(asking, "/account", notice="From now on a code of your app is asked for when you sign in.")


@router.post("/account/second-factor/off")
def switch_off(asking: Officer, form: Sent) -> Response:
    caller, code = caller_of(asking.request), form.text("code")
    if asking.user.totp_secret is None:  # switched off already, perhaps by an administrator meanwhile
        return redirect(asking, "/account")
    try:
        end_second_factor(asking.this.database, asking.session_row, code, caller, now=asking.now)
    except (WrongCode, TooManyGuesses) as error:
        status = 422 if isinstance(error, WrongCode) else 429
        return _second_factor_page(asking, "", status=status, mistakes={"code": str(error)})
    return redirect(asking, "/account", notice="The second factor is switched off.")


@router.post("/account/sessions/{session_id}/end")
def end(asking: Officer, session_id: RowId, form: Sent) -> Response:
    with asking.this.database.transaction() as session:
        row = own_session(session, asking.user, session_id)
        end_session(session, row, now=asking.now, actor=asking.user.actor)
    return redirect(asking, "/account", notice="That browser is signed out.")


def _second_factor_page(
    asking: Asking, secret: str, *, status: int = 200, mistakes: Mapping[str, str] = _NONE
) -> Response:
    if asking.user.totp_secret is not None:
        return page(asking, "account_second_factor_off.html", status=status, mistakes=mistakes)
    organisation = asking.this.settings.web.organisation
    picture = Markup(qr_code(secret, address=asking.user.address, issuer=organisation))  # noqa: S704  # drawn by us
    fields: dict[str, Any] = {"secret": secret, "typed": in_groups(secret), "picture": picture, "mistakes": mistakes}
    return page(asking, "account_second_factor.html", status=status, **fields)


def _browser_in_words(user_agent: str) -> str:
    """ "Firefox on Windows". Later names contain earlier ones: Edge calls itself Chrome and Safari, too."""
    name = next((name for mark, name in _BROWSERS.items() if mark in user_agent), "A browser")
    system = next((name for mark, name in _SYSTEMS.items() if mark in user_agent), None)
    return f"{name} on {system}" if system else name
