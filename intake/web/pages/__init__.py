"""One module a group of pages, each with its `router`. They read forms, call what is below and show what came of it;
never hold a rule, and never ask the database in SQL of their own."""

PAGES: list[str] = [
    "signing_in",
    "external",
    "account",
    "users",
    "consultation_new",  # before the page of one, whose address would take it in
    "consultation_edit",
    "consultation_addresses",
    "consultation_questions",
    "consultation_groups",
    "consultations",
    "extending",
    "reply_templates",
    "days_off",
    "attachments",
    "backlog",
    "emails",
    "handling",
    "health",
    "held",
    "held_email",
    "mailboxes",
    "outgoing",
    "overview",
    "reply",
    "statements",
    "log",
    "views",
    "bulk",
    "response",  # the last: its address would take in every other below /responses
]
