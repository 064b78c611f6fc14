"""Why something is held, ignored, failed or not sent: stable constants, each with the one sentence officers read.

Never decides; the deciding files name a reason from here.
"""

from enum import StrEnum


class Reason(StrEnum):
    """A reason as it is stored. `sentence` is what a person reads."""

    sentence: str

    def __new__(cls, value: str, sentence: str) -> "Reason":
        member = str.__new__(cls, value)
        member._value_ = value
        member.sentence = sentence
        return member

    @classmethod
    def of(cls, stored: str) -> "Reason":
        """The reason behind a stored value."""
        return next(reason for reason in cls if reason.value == stored)

    # Held: a person decides.
    possible_question = (
        "possible-question",
        "It came to an officer's own address and may be a question rather than a response.",
    )
    unknown_address = "unknown-address", "None of its recipients is a published address of a consultation."
    found_in_junk = "found-in-junk", "The mail server took it for junk."
    list_mail = "list-mail", "It came through a mailing list."
    possible_auto_reply = "possible-auto-reply", "It looks like an automatic reply, but that is not certain."
    names_a_reference = (
        "names-a-reference",
        "It names an earlier response, but it is not certain that the same person wrote it.",
    )
    another_senders_thread = (
        "another-senders-thread",
        "It answers our email to one respondent, but comes from another address.",
    )
    answers_withdrawn = "answers-withdrawn", "It belongs to a response that has been withdrawn."
    forwarded_by_officer = (
        "forwarded-by-officer",
        "An officer forwarded it; someone has to confirm who wrote it and when it came.",
    )
    unproven_officer = (
        "unproven-officer",
        "It came from an officer's address, but our mail server did not confirm that the officer sent it.",
    )
    from_ourselves = (
        "from-ourselves",
        "It was sent from a published address: an officer's own letter, or a copy of an answer.",
    )
    oversize = "oversize", "It is larger than intake fetches by itself; only its headers are here."
    encrypted = "encrypted", "It is encrypted; only its recipient's own key can open it."
    asks_to_withdraw = "asks-to-withdraw", "It asks for an earlier response to be withdrawn."
    asks_to_replace = "asks-to-replace", "It asks for an earlier response to be replaced by this one."
    empty = "empty", "It has neither text nor attachments."
    no_sender = "no-sender", "It does not say who wrote it."
    put_back = "put-back", "An officer put it back from the log, to be decided anew."

    # Ignored: nothing is owed.
    auto_reply = "auto-reply", "It is an automatic reply."
    bounce = "bounce", "It reports that one of our emails could not be delivered."
    handed_on = "handed-on", "The letters attached to it were taken in as emails of their own."
    own_mail = "own-mail", "It is one of our own emails."
    duplicate = "duplicate", "The same letter was already taken in by another route."
    before_opening = "before-opening", "It was received before the consultation opened."

    # Ignored by an officer.
    spam = "spam", "An officer ignored it: it is spam."
    not_about_it = "not-about-it", "An officer ignored it: it is not about a consultation."
    private = "private", "An officer ignored it: it is private."
    a_copy = "a-copy", "An officer ignored it: it is a copy of something that is already here."
    other_reason = "other-reason", "An officer ignored it and wrote why."

    # Failed: tried again.
    reader_died = "reader-died", "The process that reads emails was stopped three times while reading it."
    file_missing = "file-missing", "Its stored file is missing or damaged."
    recording_broke = "recording-broke", "Writing it into the log broke off; the details are in the process output."

    # Outgoing mail.
    owed_again = "owed-again", "It was found missing when everything was accounted for."
    unwritable = "unwritable", "It could not be written as an email; correct the address."
    backlog = "backlog", "It answers mail that was already there when the mailbox was first polled."
    restored = "restored", "It waited when the backup was made that was restored; it may have gone since."
    template_error = "template-error", "Its template could not be filled in."
    mail_server_postponed = "mail-server-postponed", "The mail server could not take it; it is tried again."
    mail_server_refused = "mail-server-refused", "The mail server refused it for good."
    gave_up = "gave-up", "The mail server could not take it for three days."
    claim_ran_out = "claim-ran-out", "The worker that was sending it stopped; it goes again, with the same Message-ID."
    released = "released", "An administrator released it."
    response_put_back = "response-put-back", "The response it answers was put back among what is held."
    bounced_for_now = "bounced-for-now", "It could not be delivered for now; it may still arrive."
    corrected = "corrected", "It was sent again to a corrected address."

    # Mailings: why somebody gets none, why one waits, and why one that was queued does not go.
    answered = "answered", "They have answered."
    answer_gone = "answer-gone", "Their response was withdrawn, moved, or is no answer any more."
    opted_out = "opted-out", "They asked for no more of these emails."
    address_dead = "address-dead", "Mail to this address came back for good; correct it."
    no_address = "no-address", "No contact with an email address is known."
    not_invited = "not-invited", "They are no longer invited."
    another_that_day = "another-that-day", "They are sent another reminder on that day."
    told_already = "told-already", "They were sent this already."
    same_address = "same-address", "The same address gets it for another organisation."
    nothing_waits = "nothing-waits", "Nothing waits for an officer."
    no_access = "no-access", "They may no longer see this consultation."
    waits_for_mailbox = "waits-for-mailbox", "A mailbox was not read since it was due: an answer may lie there."
    waits_for_email = "waits-for-email", "An email that may be their answer waits to be recorded."
    waits_for_morning = "waits-for-morning", "It waits until the quiet hours are over."
    has_closed = "has-closed", "The consultation has closed."
    not_open_yet = "not-open-yet", "The consultation is not open yet."
    closing_moved = "closing-moved", "The closing time moved, and with it the day this was due."
    rule_changed = "rule-changed", "Its rule was changed, turned off or removed."
    day_passed = "day-passed", "Its day passed before it could be sent."
    mailing_cancelled = "mailing-cancelled", "The mailing was cancelled."

    # Acknowledgements that are not owed.
    no_usable_address = "no-usable-address", "There is no address to answer to."
    our_own_address = "our-own-address", "The sender is one of our own addresses."
    robot_address = "robot-address", "The sender's address belongs to a machine."
    automatic_mail = "automatic-mail", "Automatic mail is never answered."
    failed_dmarc = "failed-dmarc", "The sender's domain says that it did not send this."
    sender_limit = "sender-limit", "This sender has had as many acknowledgements today as one address gets."
    forwarded_letter = "forwarded-letter", "An officer forwarded it, and such letters are not acknowledged here."
    officer_declined = "officer-declined", "The officer who recorded it decided that none is sent."
