"""The outcome of a consultation: where its final document is published, and what people are told with it.

Whoever answered is told once, by a mailing (`notices.py`): another address later tells nobody again.
"""

from collections.abc import Mapping
from typing import Annotated

import sqlalchemy as sa
from pydantic import AfterValidator, BeforeValidator, Field
from sqlmodel import Session, col, select

from intake.administration.changing import Edit, change
from intake.administration.documents import https_address
from intake.administration.mistakes import checked
from intake.outbound.recipients import NEVER_WENT
from intake.store.consultation_keys import Line, Part, Text
from intake.store.consultations import Consultation
from intake.store.emails import OutgoingEmail


class _Typed(Part):
    outcome_url: Annotated[Line, Field(max_length=2000), AfterValidator(https_address)]
    outcome_note: Annotated[
        Annotated[Text, Field(max_length=2000)] | None, BeforeValidator(lambda text: text or None)
    ] = None


def set_outcome(session: Session, consultation: Consultation, given: Mapping[str, object], edit: Edit) -> list[str]:
    """`given`: outcome_url, outcome_note. Says which of them changed. Raises Mistakes or ChangedMeanwhile."""
    values = checked(_Typed, given).model_dump()
    changed = [name for name, value in values.items() if getattr(consultation, name) != value]
    if changed:
        values["outcome_published_at"] = consultation.outcome_published_at or edit.now
        change(session, consultation, "outcome-set", edit, values=values, fields=changed)
    return changed


def told_outcome(session: Session, consultation: Consultation) -> int:
    """How many were sent the outcome, or will be."""
    told = select(sa.func.count()).where(OutgoingEmail.consultation_id == consultation.id)
    return session.exec(told.where(OutgoingEmail.kind == "outcome", col(OutgoingEmail.status).not_in(NEVER_WENT))).one()
