"""The pages about tokens of other systems, in every state; as `states.py` has those of everything else."""

from playwright.sync_api import Page

from tests.web.states import State, fill, press

TOKENS = "/api-tokens"


def _make(page: Page) -> None:
    page.get_by_label("Hand responses over").check()
    page.get_by_label("Read the log").check()
    fill("Make the token", name="The council's website")(page)


def _make_and_revoke(page: Page) -> None:
    _make(page)
    page.get_by_role("link", name="API tokens").first.click()
    press("Revoke the token of The council's website")(page)


API_STATES = [
    State(TOKENS, "empty"),
    State(TOKENS, "mistakes", act=press("Make the token")),
    State(TOKENS, "made", act=_make, says="It is shown only now"),
    State(TOKENS, "revoked", act=_make_and_revoke, says="is worth nothing any more"),
]
