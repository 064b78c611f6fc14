"""A meeting, as an officer types it into the form."""

MEETING = {
    "title": "Evening at the Town Hall",
    "held-day": "11",
    "held-month": "2",
    "held-year": "2020",
    "place": "Town Hall",
    "officers": "Asha Rao",
    "attendance": "40",
    "notes": "Many asked about buses.",
}
