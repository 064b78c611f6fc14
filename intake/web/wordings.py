"""What the choices of the log, and the kinds of email, are called on every page that names one. Knows no page."""

from collections.abc import Mapping

from intake.outbound.texts import KINDS

WORDINGS: Mapping[str, Mapping[str, str]] = {
    "nature": {"response": "Responses", "question": "Questions", "neither": "Neither of the two"},
    "channel": {
        "email": "Email",
        "online": "Online form",
        "import": "Imported",
        "meeting": "Meeting",
        "phone": "Phone",
        "letter": "Letter",
    },
    "timing": {"in_time": "In time", "late": "Late", "unknown": "Receipt not known"},
    "status": {"unread": "Unread", "read": "Read", "considered": "Considered"},
    "flag": {"confidential": "Confidential", "abusive": "Abusive", "needs_reply": "Needs a reply"},
    "noticed": {
        "asks": "Asks for something",
        "forged": "Possibly forged",
        "forwarded": "Forwarded by an officer",
        "contains-letter": "Contains somebody else’s letter",
        "also-answered": "Also answered another way or time",
    },
    "wish": {
        "withdrawal": "They ask for this response to be withdrawn",
        "replacement": "They ask for an earlier response to be replaced",
        "confidentiality": "They ask for this to be kept confidential",
    },
    "attachments": {"yes": "With attachments", "no": "Without attachments"},
    "withdrawn": {"yes": "Only withdrawn", "no": "Not withdrawn"},
    "question_kind": {
        "text": "Free text",
        "choice": "One of several options",
        "choices": "Any of several options",
        "scale": "One place on a scale",
        "file": "Files",
    },
    "online_form": {
        "off": "Not online",
        "question-a-page": "One question on each page",
        "one-page": "All questions on one page",
    },
    "email_kind": {**{key: kind.name for key, kind in KINDS.items()}, "reply": "Reply", "test": "Test"},
}
