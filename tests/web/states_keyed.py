"""The pages of what officers key in, in every state; as `states.py` has those of everything else."""

from tests.people import ASHA
from tests.web.states import CONFLICT, State, fill, overtaken, press

KEYING, MEETINGS, MEETING = "/responses/new", "/consultations/{slug}/meetings", "/meetings/{meeting_id}"
FOR_REVIEW = f"{KEYING}?consultation={{slug}}"
LETTER = {"received__day": "11", "received__month": "2", "received__year": "2020", "text": "Leave it as it is."}

KEYED_STATES = [
    State(KEYING, "for which", says="Which consultation is it for?"),
    State(KEYING, path=FOR_REVIEW, who=ASHA),
    State(KEYING, "mistakes", FOR_REVIEW, ASHA, press("Record it")),
    State(MEETINGS, who=ASHA),
    State(MEETINGS, "mistakes", who=ASHA, act=press("Note the meeting")),
    State(MEETING, who=ASHA),
    State(MEETING, "conflict", who=ASHA, act=overtaken("Save", place="Library"), says=CONFLICT),
    State(KEYING, "at a meeting", f"{KEYING}?meeting={{meeting_id}}", ASHA, says="Town Hall"),
    State("/responses/{reference}", "keyed in", f"{FOR_REVIEW}&channel=letter", ASHA, fill("Record it", **LETTER)),
]
