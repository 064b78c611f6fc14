"""The table of history sentences: for each table and action one plain sentence, with variants after a colon.

A variant names what the entry's detail holds under `to`, `from` or `kind` ("nobody" for nothing), or is "decided"
where an officer's decision stands behind it. Words in braces are filled in by `recounting.py`.
"""

from collections.abc import Mapping

SENTENCES: Mapping[str, Mapping[str, str]] = {
    "response": {
        "recorded": "{who} recorded it.",
        "recorded:decided": "{who} recorded it, as {decider} had decided.",
        "added-to": "{who} added a later email to it.",
        "added-to:decided": "{who} added a later email to it, as {decider} had decided.",
        "acknowledgement-suppressed": "{who} sent no acknowledgement. {reason}",
        "received-earlier": "{who} found a copy that had come earlier, so it counts as received then.",
        "unread": "{who} marked it as unread.",
        "read": "{who} marked it as read.",
        "read:considered": "{who} took back that it was considered.",
        "considered": "{who} marked it as considered.",
        "nature-changed": "{who} changed it from {nature_before} to {nature}.",
        "assigned": "{who} gave it to {officer}.",
        "assigned:nobody": "{who} took it from {officer_before}, so nobody has it.",
        "flagged": "{who} marked it as {flag}.",
        "unflagged": "{who} took back the mark “{flag}”.",
        "tagged": "{who} added a tag.",
        "untagged": "{who} removed a tag.",
        "corrected": "{who} corrected {fields}.",
        "moved": "{who} moved it from {consultation_before} to {consultation}: {before} became {after}.",
        "put-back": "{who} put it back among what is held, for a new decision. Its reference is not used again.",
        "withdrawn": "{who} withdrew it.",
        "restored": "{who} restored it.",
        "late-decided": "{who} decided whether it counts.",
        "late-decided:counted": "{who} decided that it counts although it is late.",
        "late-decided:not_counted": "{who} decided that it does not count, because it is late.",
        "late-decided:nobody": "{who} took back the decision about its being late.",
        "replied": "{who} replied to it.",
        "noted": "{who} wrote a note.",
        "note-removed": "{who} removed a note of theirs.",
    },
    "addition": {
        "received-earlier": "{who} found an earlier copy of a later email, which counts as received then.",
    },
    "inbound_email": {
        "received": "{who} had {email} read again.",
        "recorded": "{who} recorded {email}.",
        "held": "{who} held {email} for a person to decide. {reason}",
        "ignored": "{who} set {email} aside. {reason}",
        "failed": "{who} could not read {email}. {reason}",
        "dropped": "{who} took in {email} from a file.",
        "fetch-requested": "{who} asked for the whole of {email}, however large.",
        "decided": "{who} decided what becomes of {email}.",
        "decided:record": "{who} decided to record {email} as {nature} to {consultation}.",
        "decided:addition": "{who} decided to join {email} to {reference}.",
        "decided:ignore": "{who} decided to ignore {email}. {reason}",
        "decided:again": "{who} decided to try again with {email}.",
        "decided:fetch": "{who} decided to fetch the whole of {email}.",
    },
    "outgoing_email": {
        "queued": "{who} queued {outgoing}.",
        "queued:sending": "{who} will try to send {outgoing} again. {reason}",
        "queued:held": "{who} released {outgoing}.",
        "queued:failed": "{who} queued {outgoing} again.",
        "sending": "{who} began to send {outgoing}.",
        "sent": "{who} sent {outgoing}.",
        "held": "{who} held {outgoing}. {reason}",
        "failed": "{who} could not send {outgoing}. {reason}",
        "cancelled": "{who} cancelled {outgoing}. {reason}",
        "missed": "{who} did not send {outgoing}, because its time had passed.",
        "bounced": "{who} was told that {outgoing} could not be delivered.",
    },
    "consultation": {
        "added": "{who} set up the consultation.",
        "copied-from": "{who} set up the consultation as a copy of another.",
        "changed": "{who} changed {fields}.",
        "opening-changed": "{who} changed the opening time.",
        "closing-changed": "{who} changed the closing time.",
        "archived": "{who} archived the consultation.",
        "unarchived": "{who} took the consultation out of the archive.",
        "address-added": "{who} added a published address.",
        "address-changed": "{who} changed a published address.",
        "address-removed": "{who} removed a published address.",
        "question-added": "{who} added a question.",
        "question-changed": "{who} changed a question.",
        "question-moved": "{who} moved a question to another place.",
        "question-removed": "{who} removed a question.",
        "group-added": "{who} added a stakeholder group.",
        "group-renamed": "{who} renamed a stakeholder group.",
        "group-moved": "{who} moved a stakeholder group to another place.",
        "group-removed": "{who} removed a stakeholder group.",
    },
    "mailbox": {
        "test-requested": "{who} asked for a test of the mailbox.",
    },
    "reply_template": {
        "added": "{who} wrote the template.",
        "changed": "{who} changed {fields}.",
        "removed": "{who} removed the template.",
    },
    "day_off": {
        "day-off-added": "{who} added a day that counts as no working day.",
        "day-off-removed": "{who} removed a day that counted as no working day.",
    },
    "user_account": {
        "added": "{who} made the account.",
        "changed": "{who} changed {fields}.",
        "given": "{who} changed which consultations the account is given.",
        "disabled": "{who} disabled the account.",
        "enabled": "{who} enabled the account again.",
        "linked": "{who} linked the account to the council's own sign-in.",
        "link-made": "{who} made a one-time link for the account.",
        "password-set": "{who} set a password.",
        "second-factor-on": "{who} turned the second step of signing in on.",
        "second-factor-off": "{who} turned the second step of signing in off.",
        "signed-in": "{who} signed in.",
        "signed-out": "{who} ended a session.",
    },
}

NATURES = {
    "response": "a response",
    "question": "a question",
    "neither": "neither a response nor a question",
}
FIELDS = {
    "consultee_id": "the consultee",
    "organisation": "the organisation",
    "respondent_address": "the respondent's address",
    "respondent_name": "the respondent's name",
    "stakeholder_group": "the stakeholder group",
}
FLAGS = {"confidential": "confidential", "abusive": "abusive", "needs_reply": "needing a reply"}
OUTGOING = {"acknowledgement": "the acknowledgement", "reply": "a reply"}
