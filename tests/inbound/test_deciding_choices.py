"""The table of what may be decided for which reason."""

from intake.inbound.choices import IGNORE_REASONS, choices_for
from intake.store.emails import EmailStatus, InboundEmail
from intake.store.reasons import Reason
from tests.office import DURING


def test_every_reason_to_be_held_or_failed_has_choices_that_can_be_made() -> None:
    for reason in Reason:
        for status in (EmailStatus.held, EmailStatus.failed, EmailStatus.ignored):
            email = InboundEmail(raw_sha256="", size=0, collected_at=DURING, status=status, reason=reason)
            choices = choices_for(email)
            assert choices
            assert choices.preselected is None or choices.preselected in choices.options
    assert all(Reason.of(reason).sentence for reason in IGNORE_REASONS)
