"""The pages that take in another platform's export, in every state; as `states.py` has those of everything else."""

from tests.inbound.exports import PLAIN
from tests.web.states import State, press, upload

IMPORT = "/consultations/{slug}/import"
EXPORT = PLAIN.decode() + "r-3,some day,,,,,School,,One more.,\n"


IMPORT_STATES = [
    State(IMPORT),
    State(IMPORT, "mistakes", act=press("Look at it")),
    State(IMPORT, "looked at", act=upload("Look at it", "export.csv", EXPORT), says="would be imported"),
    State(IMPORT, "mistakes: no answers", act=upload("Look at it", "export.csv", "ID\nr-1\n"), says="Choose at least"),
]
