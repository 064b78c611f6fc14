"""The pages that anybody sees, in every state; as `states.py` has those of everything else."""

from tests.web.states import State, fill, press

RESPOND, BEGUN, STEP = "/respond/{slug}", "/respond/{slug}/{token}", "/respond/{slug}/{token}/{step}"
EMPTY, FULL, SENT = "/respond/{open}/{empty_form}", "/respond/{open}/{full_form}", "/respond/{open}/{sent_form}"
RECEIPT, SHOWN = "/receipt/{secret}", "/receipt/{sent_form}"

RESPOND_STATES = [
    State("/respond", who=None, says="Closes at"),
    State(RESPOND, path="/respond/{open}", who=None, says="Start now"),
    State(RESPOND, "closed", "/respond/{slug}", None, says="This consultation closed at"),
    State(STEP, path=f"{EMPTY}/question-{{text_question}}", who=None),
    State(STEP, "mistakes", f"{EMPTY}/question-{{scale_question}}", None, press("Continue"), "Select an answer."),
    State(STEP, "choices", f"{EMPTY}/question-{{choices_question}}", None, says="Select all that apply."),
    State(STEP, "files", f"{FULL}/question-{{file_question}}", None, says="plan.pdf"),
    State(STEP, "about you", f"{EMPTY}/you", None, says="May we publish your response?"),
    State(STEP, "mistakes: about you", f"{EMPTY}/you", None, press("Continue")),
    State(STEP, "check", f"{FULL}/check", None, says="More time."),
    State(STEP, "mistakes: check", f"{EMPTY}/check", None, press("Send my response")),
    State(STEP, "too late", "/respond/{slug}/{late_form}/check", None, says="This form can no longer be sent"),
    State(f"{BEGUN}/saved", path=f"{EMPTY}/saved", who=None),
    State(f"{BEGUN}/done", path=f"{SENT}/done", who=None, says="Your reference"),
    State(RECEIPT, path=SHOWN, who=None, says="in time"),
    State(RECEIPT, "mistakes: nothing to add", SHOWN, None, press("Add this")),
    State(RECEIPT, "added", SHOWN, None, fill("Add this", text="One thing more."), "We have added it"),
    State(RECEIPT, "code", SHOWN, None, press("Send me a code"), "It can take a minute"),
    State(RECEIPT, "mistakes: wrong code", SHOWN, None, fill("Withdraw my response", code="1"), "not the code"),
    State(RECEIPT, "no such page", "/receipt/guessed", None, says="leads to no receipt"),
]
