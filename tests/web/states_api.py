"""The pages about tokens of other systems, in every state; as `states.py` has those of everything else."""

from playwright.sync_api import Page

from tests.web.states import Act, State, fill, press

TOKENS = "/api-tokens"


def _make(name: str) -> Act:
    def act(page: Page) -> None:
        page.get_by_label("Hand responses over").check()
        page.get_by_label("Read the log").check()
        fill("Make the token", name=name)(page)

    return act


def _make_and_revoke(page: Page) -> None:
    _make("An old form")(page)
    with page.expect_navigation():
        page.get_by_role("link", name="API tokens").first.click()
    press("Revoke the token of An old form")(page)


API_STATES = [
    State(TOKENS, "empty"),
    State(TOKENS, "mistakes", act=press("Make the token")),
    State(TOKENS, "made", act=_make("The council's website"), says="It is shown only now"),
    State(TOKENS, "revoked", act=_make_and_revoke, says="is worth nothing any more"),
]
