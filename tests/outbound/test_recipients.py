"""Whom a mailing goes to and whom not: exactly those, each with the reason."""

from collections.abc import Iterator
from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from intake import jobs
from intake.inbound.entering import Entry, enter
from intake.outbound.dead_addresses import mark_dead
from intake.outbound.opting_out import opt_out
from intake.outbound.recipients import Verdict, has_answered, to_invite, to_tell_outcome, told_old_time
from intake.schedules import DayUnit
from intake.store.consultations import DeadlineChange
from intake.store.emails import OutgoingEmail, OutgoingStatus
from intake.store.mailings import Audience
from intake.store.people import Consultee, ConsulteeAddress
from intake.store.responses import Channel, Nature, Response
from intake.store.users import Role
from tests.building import raw_email
from tests.databases import both_databases
from tests.office import CLOSES_AT, DURING, Office, open_office
from tests.outbound.mailed import add_mailed, review
from tests.outbound.ruled import (
    DUE_AT,
    DUE_ON,
    add_consultee,
    add_rule,
    add_user,
    answer,
    change_rule,
    move_closing,
    remind,
    said,
    verdicts,
)
from tests.people import ADAM, ASHA, BEN, CAROL, DAN, OLGA, REVIEW

pytestmark = both_databases


@pytest.fixture
def office(tmp_path: Path, database_kind: str) -> Iterator[Office]:
    with open_office(tmp_path) as opened:
        yield opened


def change_consultee(office: Office, address: str, **values: Any) -> None:
    with office.database.transaction() as session:
        theirs = select(Consultee).join(ConsulteeAddress).where(ConsulteeAddress.address == address)
        session.exec(theirs).one().sqlmodel_update(values)


def answered_in(office: Office) -> set[int]:
    with office.database.reading() as session:
        return set(has_answered(session, review(office).id))


def change_response(office: Office, **values: Any) -> None:
    with office.database.transaction() as session:
        session.get_one(Response, 1).sqlmodel_update(values)


def test_who_has_answered_gets_none_and_the_page_says_how_they_answered(office: Office) -> None:
    answer(office, BEN)
    found = verdicts(office, add_rule(office))
    assert said(found) == {BEN: "answered", CAROL: None}
    assert [one.sentence for one in found] == [
        "Answered on Wednesday 12 February 2020 by email (IEO-0001).",
        "Gets it.",
    ]


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"nature": Nature.question}, None),
        ({"nature": Nature.neither}, None),
        ({"withdrawn_at": DURING}, None),
        ({"is_uninvited": True, "consultee_id": None}, None),
        ({"channel": Channel.letter, "received_at": None}, "answered"),
    ],
)
def test_only_a_response_that_counts_stops_reminders(
    office: Office, values: dict[str, Any], reason: str | None
) -> None:
    answer(office, BEN)
    change_response(office, **values)
    assert said(verdicts(office, add_rule(office)))[BEN] == reason


@pytest.mark.parametrize("channel", Channel)
def test_reminders_stop_by_whatever_way_a_consultee_answered(office: Office, channel: Channel) -> None:
    with office.database.transaction() as session:
        entry = Entry(channel, DURING, address=BEN, text="We agree.")
        enter(session, review(office), [entry], now=DURING, actor="respondent", rules=None)
    assert said(verdicts(office, add_rule(office))) == {BEN: "answered", CAROL: None}


def test_a_response_matched_to_the_consultee_counts_whoever_wrote_it(office: Office) -> None:
    answer(office, DAN)
    with office.database.reading() as session:
        carols = session.exec(select(ConsulteeAddress).where(ConsulteeAddress.address == CAROL)).one().consultee_id
    change_response(office, consultee_id=carols, channel=Channel.letter, received_at=None)
    [_, verdict] = verdicts(office, add_rule(office))
    assert (verdict.recipient.address, verdict.sentence) == (CAROL, "Answered by letter (IEO-0001).")


def test_a_response_from_a_shared_address_is_everybodys_until_it_is_matched(office: Office) -> None:
    both = [add_consultee(office, name, "office@trust.example") for name in ("Ashford School", "Oxley School")]
    answer(office, "office@trust.example")
    assert answered_in(office) == {one.id for one in both}
    change_response(office, consultee_id=both[1].id)
    assert answered_in(office) == {both[1].id}
    [ashford, *_] = verdicts(office, add_rule(office))
    assert (ashford.recipient.consultee_id, ashford.reason) == (both[0].id, None)
    with office.database.transaction() as session:
        session.get_one(Consultee, both[1].id).removed_at = office.now
    assert answered_in(office) == {one.id for one in both}  # what a duplicate answered is the other one's
    change_response(office, consultee_id=None, is_uninvited=True)
    assert answered_in(office) == set()


def test_no_contact_of_a_consultee_that_answered_is_reminded(office: Office) -> None:
    add_consultee(office, "Ashford School", "head@ashford.example", "office@ashford.example")
    answer(office, "office@ashford.example")
    found = said(verdicts(office, add_rule(office)))
    assert found["head@ashford.example"] == found["office@ashford.example"] == "answered"


def test_opted_out_dead_and_missing_addresses_are_named_as_such(office: Office) -> None:
    add_consultee(office, "Nobody's School")
    bounced, consultation_id = add_mailed(office, CAROL, kind="invitation"), review(office).id
    with office.database.transaction() as session:
        opt_out(session, consultation_id, BEN, now=DURING)
        mark_dead(session, bounced, now=DURING)
    assert said(verdicts(office, add_rule(office))) == {BEN: "opted-out", CAROL: "address-dead", "": "no-address"}


def test_who_is_no_longer_invited_or_only_writes_is_not_among_them(office: Office) -> None:
    change_consultee(office, BEN, removed_at=DURING)
    with office.database.transaction() as session:
        session.exec(select(ConsulteeAddress).where(ConsulteeAddress.address == CAROL)).one().is_mailed = False
    assert said(verdicts(office, add_rule(office))) == {"": "no-address"}


def test_a_rule_for_everybody_goes_to_who_has_answered_too_and_one_for_groups_to_those(office: Office) -> None:
    answer(office, BEN)
    assert said(verdicts(office, add_rule(office, audience=Audience.everyone))) == {BEN: None, CAROL: None}
    assert list(said(verdicts(office, add_rule(office, groups=["trust"])))) == [CAROL]


def test_of_two_consultees_with_one_address_one_reminder_goes(office: Office) -> None:
    add_consultee(office, "Another School", CAROL)
    found = [(one.recipient.organisation, one.reason) for one in verdicts(office, add_rule(office))]
    assert found == [
        ("Another School", None),
        ("Heathfield Primary School", None),
        ("Larkmead Trust", "same-address"),
    ]


def test_who_shares_an_address_is_told_for_whom_it_gets_the_email(office: Office) -> None:
    add_consultee(office, "Another School", CAROL)
    rule = add_rule(office)
    with office.database.reading() as session:
        invited = to_invite(session, review(office), now=DURING)
    for found in (invited, verdicts(office, rule)):
        assert found[-1].sentence == "The same address gets it for Another School."
    remind(office, DUE_AT)
    assert verdicts(office, rule)[-1].reason == "same-address"
    add_mailed(office, CAROL, kind="invitation", status=OutgoingStatus.sent)
    with office.database.reading() as session:
        invited = to_invite(session, review(office), now=office.now)
    assert [one.reason for one in invited] == ["told-already", None, "told-already"]


def test_of_two_rules_on_one_day_the_earlier_gets_it_whatever_the_consultation(office: Office) -> None:
    add_consultee(office, "Larkmead Trust", CAROL, slug="school-admissions")
    later = add_rule(office, clock=time(10))
    earlier = add_rule(office, slug="school-admissions")
    assert said(verdicts(office, earlier)) == {CAROL: None}
    assert said(verdicts(office, later)) == {BEN: None, CAROL: "another-that-day"}
    change_rule(office, earlier, is_on=False)
    assert said(verdicts(office, later)) == {BEN: None, CAROL: None}


def test_of_two_rules_at_one_time_the_older_gets_it(office: Office) -> None:
    older, newer = add_rule(office), add_rule(office, groups=["trust"])
    assert said(verdicts(office, older))[CAROL] is None
    assert said(verdicts(office, newer)) == {CAROL: "another-that-day"}
    remind(office, DUE_AT)
    assert said(verdicts(office, older))[CAROL] is None
    assert said(verdicts(office, newer)) == {CAROL: "another-that-day"}


def test_a_day_without_another_reminder_spares_nobody(office: Office) -> None:
    rule = add_rule(office)
    add_rule(office, amount=-3)
    assert said(verdicts(office, rule, DUE_ON)) == {BEN: None, CAROL: None}


def test_invitations_go_to_each_contact_that_was_not_sent_one(office: Office) -> None:
    add_mailed(office, BEN, kind="invitation", status=OutgoingStatus.sent)
    add_mailed(office, CAROL, kind="invitation", status=OutgoingStatus.cancelled)
    with office.database.reading() as session:
        found = to_invite(session, review(office), now=DURING)
        trusts = to_invite(session, review(office), groups=["trust"], now=DURING)
    assert said(found) == {BEN: "told-already", CAROL: None}
    assert said(trusts) == {CAROL: None}
    assert (found[1].recipient.organisation, found[1].recipient.group) == ("Larkmead Trust", "trust")


def test_the_new_closing_time_is_told_to_who_was_told_the_old(office: Office) -> None:
    asha = add_user(office, ASHA)
    told: dict[str, Any] = {"status": OutgoingStatus.sent, "written_at": DURING}
    names = "It closes at 11:59pm on Friday 28 February 2020."
    add_mailed(office, BEN, kind="acknowledgement", text=names, **told)
    add_mailed(office, CAROL, kind="invitation", text="Yn cau am 11:59pm ddydd Gwener 28 Chwefror 2020.", **told)
    add_mailed(office, DAN, kind="reply", text="Thank you.", **told)
    add_mailed(office, ASHA, kind="digest", text=names, **told)
    move_closing(office, asha, CLOSES_AT + timedelta(days=7))
    with office.database.reading() as session:
        [change] = session.exec(select(DeadlineChange)).all()
        found = told_old_time(session, review(office), change, now=office.now)
    assert said(found) == {BEN: None, CAROL: None}


def test_a_consultee_that_was_acknowledged_since_is_still_told_as_that_consultee(office: Office) -> None:
    told: dict[str, Any] = {"status": OutgoingStatus.sent, "written_at": DURING}
    names = "It closes at 11:59pm on Friday 28 February 2020."
    change_consultee(office, CAROL, language="cy")
    add_mailed(office, CAROL, kind="invitation", text=names, recipient_name="Carol Hughes", **told)
    add_mailed(office, CAROL.upper(), kind="acknowledgement", text=names, consultee_id=None, **told)
    move_closing(office, add_user(office, ASHA), CLOSES_AT + timedelta(days=7))
    with office.database.reading() as session:
        [change] = session.exec(select(DeadlineChange)).all()
        [verdict] = told_old_time(session, review(office), change, now=office.now)
    one = verdict.recipient
    assert (one.address, one.name, one.organisation) == (CAROL, "Carol Hughes", "Larkmead Trust")
    assert (one.language, one.group) == ("cy", "trust")


def test_the_outcome_is_told_once_to_everybody_who_answered_and_their_contacts(office: Office) -> None:
    add_consultee(office, "Ashford School", "head@ashford.example", "office@ashford.example")
    for sender in (BEN, DAN, DAN, "office@ashford.example"):
        office.receive(raw_email(sender=sender, to=REVIEW, text=f"From {sender} {len(office.emails())}"))
        office.collect()
    jobs.record(office.this)
    with office.database.reading() as session:
        found = to_tell_outcome(session, review(office), now=office.now)
    assert said(found) == {BEN: None, DAN: None, "office@ashford.example": None, "head@ashford.example": None}
    assert len(found) == 4


def test_officers_are_reminded_while_something_waits_for_them(office: Office) -> None:
    asha, olga = add_user(office, ASHA), add_user(office, OLGA)
    waiting = add_rule(office, audience=Audience.officers_waiting)
    assert said(verdicts(office, waiting)) == {ASHA: "nothing-waits", OLGA: "nothing-waits"}
    answer(office, BEN)
    assert said(verdicts(office, waiting)) == {ASHA: None, OLGA: None}
    change_response(office, officer_id=olga.id)
    assert said(verdicts(office, waiting)) == {ASHA: "nothing-waits", OLGA: None}
    office.receive(raw_email(sender=DAN, to=ASHA, text="What is a hub?", message_id="<q@x.example>"), mailbox="asha")
    office.collect("asha")
    jobs.record(office.this)
    assert office.outcomes()[-1] == ("held", "possible-question")
    assert said(verdicts(office, waiting)) == {asha.address: None, OLGA: None}


def test_a_digest_goes_to_the_officers_given_the_consultation_or_else_the_administrators(office: Office) -> None:
    add_user(office, ADAM, Role.administrator, slug=None)
    digest = add_rule(office, audience=Audience.officers_digest, unit=DayUnit.days)
    assert said(verdicts(office, digest)) == {ADAM: None}
    add_user(office, ASHA)
    add_user(office, OLGA, slug="school-admissions")
    assert said(verdicts(office, digest)) == {ASHA: None}


def test_the_first_answer_of_a_consultee_is_the_one_named(office: Office) -> None:
    answer(office, BEN)
    office.now = DURING + timedelta(hours=1)
    office.receive(raw_email(sender=BEN, to=REVIEW, text="Another letter.", subject="Also"), received_at=office.now)
    office.collect()
    with office.database.reading() as session:
        assert [one.reference for one in has_answered(session, review(office).id).values()] == ["IEO-0001"]


def test_no_verdict_goes_with_a_reason(office: Office) -> None:
    goes: list[Verdict] = [one for one in verdicts(office, add_rule(office)) if one.goes]
    assert [one.reason for one in goes] == [None, None]
    assert office.rows(OutgoingEmail) == []
