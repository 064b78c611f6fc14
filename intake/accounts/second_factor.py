"""The second factor: six digits from an app on the user's telephone, new every half minute (TOTP, RFC 6238).

Each code is good once: the step of the last one is kept. Never counts guesses; `signing_in.py` does before it asks.
"""

import re
from datetime import datetime

import pyotp
import segno
import sqlalchemy as sa
from sqlmodel import Session, col

from intake.errors import IntakeError
from intake.store.history import note
from intake.store.users import User

STEPS_OFF = 1  # RFC 6238, section 5.2: telephones' clocks differ, and typing takes time


class WrongCode(IntakeError):
    """This code is not right, or was used already. Enter the one your app shows now."""


def new_secret() -> str:
    """In base32, as apps take it."""
    return pyotp.random_base32()


def is_secret(text: str) -> bool:
    return re.fullmatch(r"[A-Z2-7]{32}", text) is not None


def in_groups(secret: str) -> str:
    """In groups of four, to be typed."""
    return " ".join(re.findall(".{1,4}", secret))


def qr_code(secret: str, *, address: str, issuer: str) -> str:
    """The picture an app reads the secret from, as SVG to stand within a page."""
    uri = pyotp.TOTP(secret, name=address, issuer=issuer).provisioning_uri()
    picture: str = segno.make(uri, error="m").svg_inline(scale=5, border=4, light="#fff", omitsize=False, title=None)
    return picture


def turn_on(session: Session, user: User, secret: str, code: str, *, now: datetime) -> None:
    """From the next sign-in on a code is asked for. Raises WrongCode unless the app shows the right one now."""
    step = _step_of(secret, code, now)
    if step is None:
        raise WrongCode
    user.totp_secret, user.totp_last_step = secret, step
    session.add(user)
    note(session, user, "second-factor-on", now=now, actor=user.actor)


def turn_off(session: Session, user: User, *, now: datetime, actor: str) -> None:
    if user.totp_secret is None:
        return
    user.totp_secret = user.totp_last_step = None
    session.add(user)
    note(session, user, "second-factor-off", now=now, actor=actor)


def use_code(session: Session, user: User, code: str, *, now: datetime) -> bool:
    """Whether the code is right. It is used up: of two requests with the same code one is refused."""
    step = _step_of(user.totp_secret, code, now) if user.totp_secret else None
    if step is None:
        return False
    last = col(User.totp_last_step)
    used = session.execute(
        sa.update(User)
        .where(col(User.id) == user.id, last.is_(None) | (last < step))
        .values(totp_last_step=step)
        .returning(col(User.id))
    ).first()
    return used is not None


def _step_of(secret: str, code: str, now: datetime) -> int | None:
    """The half minute this code belongs to."""
    digits = re.sub(r"[\s-]", "", code)
    if not re.fullmatch("[0-9]{6}", digits):
        return None
    try:
        return pyotp.TOTP(secret).verify_and_get_timecode(digits, for_time=now, valid_window=STEPS_OFF)
    except pyotp.exceptions.OTPVerificationError:
        return None
