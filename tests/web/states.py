"""Every page in every state: whose window, which address, and what is done there before it is looked at.

A route that answers with a page and is not here fails tests/web/test_accessibility.py.
"""

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import FilePayload, Page

from tests.accounts.staff import PASSWORD
from tests.people import ADAM, ASHA, BEN, OLGA

Act = Callable[[Page], None]

NO_PAGES = {
    "/attachments/{attachment_id}": "a download",
    "/attachments/{attachment_id}/files/{place}": "a download",
    "/consultations/{slug}/consultees/download": "a download",
    "/documents/{document_id}": "a download",
    "/emails/{email_id}/html": "a stranger's letter, in which axe-core may not run: tests/web/test_browser_emails.py",
    "/emails/{email_id}/files/{place}": "a download",
    "/emails/{email_id}/original": "a download",
    "/reminders/{rule_id}/email/html": "an email as it is laid out, in a frame in which axe-core may not run",
    "/respond/{slug}/{token}": "leads to the first step that is not filled in",
    "/health": "one word for whatever watches",
    "/health/alarms": "one sentence for whatever watches",
    "/health/live": "one word for whatever watches",
    "/health/ready": "one word for whatever watches",
    "/sign-in/external": "leads to the identity provider",
    "/sign-in/external/return": "leads back from it",
}


MISHAPS = {"no such page", "not allowed", "not theirs", "over"}
"""States that are such a page; in any other it would mean that nothing was looked at."""


@dataclass(frozen=True, slots=True)
class State:
    route: str  # as the application names it
    name: str = "filled"
    path: str = ""  # with {names} of tests/web/scene.py; as the route says where not given
    who: str | None = ADAM
    act: Act | None = None
    says: str = ""  # by which the state is known

    def __str__(self) -> str:
        return f"{self.route} {self.name}"


def press(*names: str) -> Act:
    """Presses these buttons in turn, and opens what hides them."""

    def act(page: Page) -> None:
        for name in names:
            _open_all(page)
            with page.expect_navigation():
                page.locator("main").get_by_role("button", name=name, exact=True).first.click()

    return act


def fill(button: str, **fields: str) -> Act:
    def act(page: Page) -> None:
        _open_all(page)
        for name, text in fields.items():
            page.locator(f"main [name='{name.replace('__', '-')}']").first.fill(text)
        press(button)(page)

    return act


def choose(button: str, *labels: str) -> Act:
    def act(page: Page) -> None:
        _open_all(page)
        for label in labels:
            page.locator("main").get_by_label(label, exact=True).first.check()
        press(button)(page)

    return act


def _open_all(page: Page) -> None:
    page.evaluate("() => document.querySelectorAll('details').forEach(one => one.open = true)")


def overtaken(button: str, **fields: str) -> Act:
    """The version the form was shown with is an old one: somebody else changed it meanwhile."""

    def act(page: Page) -> None:
        page.evaluate("() => document.querySelectorAll('input[name=version]').forEach(one => one.value = '-1')")
        fill(button, **fields)(page)

    return act


def upload(button: str, filename: str, content: str) -> Act:
    def act(page: Page) -> None:
        file = FilePayload(name=filename, mimeType="text/csv", buffer=content.encode())
        page.locator("main [name='file']").set_input_files(file)
        press(button)(page)

    return act


def _test_a_mailbox(page: Page) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name="Test now").first.click()


def _add_user(page: Page) -> None:
    page.get_by_label("Administrator").check()
    fill("Add the user", name="Nadia Okoro", address="nadia.okoro@county.example")(page)


CONFLICT = "changed this while you had it open"
RESPONSE, REPLY = "/responses/{reference}", "/responses/{reference}/reply"
WITHIN = "/attachments/{attachment_id}/email"
CONSULTATION, CLOSING = "/consultations/{slug}", "/consultations/{slug}/closing"
OPEN = "/consultations/{open}"
PREVIEW = f"{CONSULTATION}/questions/preview"
TEXT = "/texts/{text_id}"
REMINDERS, RULE, MAILING = f"{CONSULTATION}/reminders", "/reminders/{rule_id}", "/mailings/{mailing_id}"
NEW_CLOSING = "closes-day=17&closes-month=4&closes-year=2020&closes-clock=11:59pm"
CONSULTEE = "/consultees/{consultee_id}"
IMPORT, NEW_CONSULTEE = f"{CONSULTATION}/consultees/import", f"{CONSULTATION}/consultees/new"
LIST = f"""Name of school,Type,URN,Headteacher,Email,Language
Heathfield Primary School,school,137204,Ben Hughes,{BEN},Welsh
St Anne's Church of England Voluntary Aided Primary School,academy,137205,,a.very.long.address@st-annes.example,
Broken,school,137206,,nobody,
"""
CONSULTEES, MATCHING, CHOICE = f"{CONSULTATION}/consultees", f"{CONSULTATION}/matching", f"{RESPONSE}/consultee"

STATES = [
    # Anybody
    State("/sign-in", "empty", who=None),
    State("/sign-in", "mistakes", who=None, act=press("Sign in")),
    State(
        "/sign-in", "mistakes: refused", who=None, act=fill("Sign in", address="asha@county.example", password="guess")
    ),
    State("/sign-in/code", path="/sign-in", who=None, act=fill("Sign in", address=ASHA, password=PASSWORD)),
    State("/link/{token}", who=None),
    State("/link/{token}", "mistakes", who=None, act=fill("Set the password and sign in", password="one", again="two")),
    State("/link/{token}", "over", "/link/guessed", who=None),
    State("/accessibility", who=None),
    State("/privacy", who=None),
    State("/privacy", "signed in", who=ASHA),
    State("/stop/{token}", path="/stop/{stop_token}", who=None),
    State("/stop/{token}", "Welsh", "/stop/{welsh_token}", who=None, says="Peidiwch"),
    State("/stop/{token}", "done", "/stop/{stop_token}", who=None, act=press("Stop these emails"), says="no more"),
    State("/stop/{token}", "undone", "/stop/{stop_token}", who=None, act=press("I pressed by mistake"), says="again"),
    State("/stop/{token}", "unknown", "/stop/guessed", who=None, says="We do not know this link"),
    # Everybody who is signed in
    State("/", who=ASHA),
    State("/", "administrator", says="Something needs attention"),
    State("/", "empty", who=OLGA),
    State("/", "one consultation", "/?consultation={slug}"),
    State("/", "no such page", "/nowhere"),
    State("/", "not allowed", "/users", who=ASHA),
    State("/account"),
    State("/account", "notice", "/account/name", act=press("Save"), says="Your name has been changed."),
    State("/account/name"),
    State("/account/name", "mistakes", act=fill("Save", name="")),
    State("/account/password"),
    State("/account/password", "mistakes", act=press("Change the password")),
    State("/account/second-factor"),
    State("/account/second-factor", "mistakes", act=fill("Switch on", code="000000")),
    State("/account/second-factor", "on already", who=ASHA),
    State("/account/second-factor", "mistakes: on already", who=ASHA, act=press("Switch off")),
    # The log
    State("/responses", who=ASHA),
    State("/responses", "administrator"),
    State("/responses", "filtered", "/responses?consultation={slug}&timing=late&q=sorry", who=ASHA),
    State("/responses", "what was noticed", "/responses?noticed=forged", who=ASHA, says="Possibly forged"),
    State("/responses", "nothing found", "/responses?q=zebra", who=ASHA),
    State("/responses/bulk", "mistakes: nothing ticked", who=ASHA),
    State("/responses/bulk", "asked", "/responses/bulk?chosen={reference}&do=status-read", who=ASHA),
    State("/responses/bulk", "mistakes", "/responses/bulk?chosen={reference}&do=tag", who=ASHA),
    State("/views", who=ASHA),
    State("/views", "mistakes", "/responses?timing=late", who=ASHA, act=press("Save")),
    State("/views", "empty", who=OLGA),
    # A response
    State(RESPONSE, who=ASHA),
    State(RESPONSE, "everything open", who=ASHA, act=_open_all),
    State(RESPONSE, "late", "/responses/{late}", who=ASHA),
    State(RESPONSE, "without words", "/responses/{without_words}", who=ASHA),
    State(RESPONSE, "mistakes", who=ASHA, act=press("Add note")),
    State(RESPONSE, "mistakes in who responded", who=ASHA, act=fill("Save", respondent_address="nobody")),
    State(RESPONSE, "mistakes about being late", "/responses/{late}", who=ASHA, act=press("Decide")),
    State(RESPONSE, "conflict", who=ASHA, act=overtaken("Save", organisation="Another school"), says=CONFLICT),
    State(RESPONSE, "forwarded", "/responses/{forwarded}", who=ASHA, says="Forwarded by"),
    State(RESPONSE, "mistakes in when it came", "/responses/{forwarded}", ASHA, fill("Save", received__year="2031")),
    State(RESPONSE, "asks for something", "/responses/{asking}", who=ASHA, says="They ask for"),
    State(RESPONSE, "asked for and dealt with", "/responses/{asking}", ASHA, press("Mark as dealt with"), "Dealt with"),
    State(RESPONSE, "possibly forged", "/responses/{forged}", who=ASHA, says="it may be forged"),
    State(RESPONSE, "with an email attached", "/responses/{with_email}", who=ASHA, says="letter.eml"),
    State(RESPONSE, "not theirs", who=OLGA),
    State(REPLY, who=ASHA),
    State(REPLY, "mistakes", who=ASHA, act=fill("Look at it before it goes", text="", subject="")),
    State(REPLY, "looked at", who=ASHA, act=fill("Look at it before it goes", text="Thank you for your letter.")),
    State("/emails/{email_id}/headers", who=ASHA),
    # Emails within emails
    State(WITHIN, path="/attachments/{email_attachment_id}/email", who=ASHA, says="map"),
    State(f"{WITHIN}/{{place}}", path="/attachments/{email_attachment_id}/email/2", who=ASHA, says="Too few."),
    State("/emails/{email_id}/attached/{place}", "held", "/emails/{encrypted_id}/attached/1", who=ASHA, says="map.pdf"),
    # Held emails
    State("/held", who=ASHA),
    State("/held", "empty", who=OLGA),
    State("/held", "mistakes", who=ASHA, act=press("Decide")),
    State("/held", "decided", "/held?show=decided", who=ASHA),
    State("/held/{email_id}", path="/held/{held_id}", who=ASHA),
    State("/held/{email_id}", "failed", "/held/{failed_id}"),
    State("/held/{email_id}", "recorded", who=ASHA),
    State("/held/{email_id}", "encrypted", "/held/{encrypted_id}", who=ASHA, says="It is encrypted"),
    State("/held/{email_id}", "unproven officer", "/held/{unproven_id}", who=ASHA, says="did not confirm"),
    State("/held/{email_id}", "asks to withdraw", "/held/{withdrawing_id}", who=ASHA, says="to be withdrawn"),
    State("/held/{email_id}", "handed on", "/held/{handed_on_id}", who=ASHA, says="The letters that were taken out"),
    State("/held/{email_id}", "taken out of a forward", "/held/{taken_out_id}", who=ASHA, says="an officer’s forward"),
    State("/held/{email_id}", "mistakes", "/held/{held_id}", who=ASHA, act=choose("Decide", "Ignore it")),
    State("/held/backlog"),
    # Outgoing mail
    *(State("/outgoing", state, f"/outgoing?state={state}", who=ASHA) for state in ("sent", "failed", "queued")),
    State("/outgoing", "bounced", "/outgoing?state=bounced"),
    State("/outgoing/{outgoing_id}", "sent", who=ASHA),
    State("/outgoing/{outgoing_id}", "failed", "/outgoing/{failed_outgoing_id}", who=ASHA),
    State("/outgoing/{outgoing_id}", "bounced", "/outgoing/{bounced_outgoing_id}"),
    # Running a consultation
    State("/consultations"),
    State("/consultations", "officer", who=ASHA),
    State("/consultations/new", "empty"),
    State("/consultations/new", "mistakes", act=press("Set it up")),
    State(CONSULTATION),
    State(CONSULTATION, "open", OPEN),
    State(CONSULTATION, "officer", who=ASHA),
    *(
        State("/consultations/{slug}/change/{section}", section, f"/consultations/{{slug}}/change/{section}")
        for section in ("naming", "contact", "texts", "judging")
    ),
    State(
        "/consultations/{slug}/change/{section}",
        "mistakes",
        f"{CONSULTATION}/change/texts",
        act=fill("Save", next_steps=""),
    ),
    State(
        "/consultations/{slug}/change/{section}",
        "conflict",
        f"{CONSULTATION}/change/contact",
        act=overtaken("Save", contact_name="Another team"),
        says=CONFLICT,
    ),
    State("/consultations/{slug}/copy"),
    State("/consultations/{slug}/copy", "mistakes", act=press("Make the copy")),
    State("/consultations/{slug}/opening"),
    State("/consultations/{slug}/close", path=f"{OPEN}/close"),
    State("/consultations/{slug}/close", "mistakes", f"{OPEN}/close", act=press("Close it now")),
    State(CLOSING, path=f"{OPEN}/closing"),
    State(f"{CLOSING}/check", path=f"{OPEN}/closing/check?{NEW_CLOSING}"),
    State(f"{CLOSING}/check", "reopened", f"{CLOSING}/check?{NEW_CLOSING}"),
    State(f"{CLOSING}/check", "mistakes", f"{OPEN}/closing/check?closes-day=31&closes-month=2&closes-clock=midnight"),
    State(
        f"{CLOSING}/check",
        "mistakes: no reason",
        f"{OPEN}/closing/check?{NEW_CLOSING}",
        act=press("Change the closing time"),
    ),
    State(f"{CLOSING}/notice", path=f"{OPEN}/closing/notice", says="Send "),
    State(f"{CLOSING}/notice", "never moved", says="never moved"),
    State(f"{CONSULTATION}/invitations", path=f"{OPEN}/invitations", says="Send 1 invitation"),
    State(f"{CONSULTATION}/invitations", "some", f"{OPEN}/invitations?group=trust", says="Nobody gets it"),
    State(f"{CONSULTATION}/invitations", "closed", says="has closed"),
    State(f"{CONSULTATION}/outcome", says="Send "),
    State(f"{CONSULTATION}/outcome", "empty", f"{OPEN}/outcome", says="has not closed yet"),
    State(f"{CONSULTATION}/outcome", "mistakes", act=fill("Save", outcome_url="our website")),
    State(
        f"{CONSULTATION}/outcome", "conflict", act=overtaken("Save", outcome_url="https://a.example/b"), says=CONFLICT
    ),
    State(f"{CONSULTATION}/wishes", path=f"{OPEN}/wishes", who=OLGA, says="Correct it"),
    State(f"{CONSULTATION}/wishes", "everything open", f"{OPEN}/wishes", act=_open_all, says="Why?"),
    State(f"{CONSULTATION}/wishes", "empty", who=ASHA, says="Nobody."),
    State(f"{CONSULTATION}/wishes", "mistakes", who=ASHA, act=fill("Stop these emails", address="nobody")),
    State(f"{CONSULTATION}/wishes", "mistakes: no reason", f"{OPEN}/wishes", act=press("Write to them again")),
    State("/consultations/{slug}/addresses"),
    State("/consultations/{slug}/addresses", "mistakes", act=press("Add the address")),
    State("/consultations/{slug}/addresses/{address_id}"),
    State("/consultations/{slug}/questions"),
    State("/consultations/{slug}/questions", "empty", f"{OPEN}/questions"),
    State("/consultations/{slug}/questions", "mistakes", act=press("Add the question")),
    State("/consultations/{slug}/questions/{question_id}"),
    State("/consultations/{slug}/questions/{question_id}", "mistakes", act=fill("Save", options="One")),
    State(PREVIEW, says="Question 1 of 5"),
    *(State(PREVIEW, f"question {place}", f"{PREVIEW}?question={place}") for place in range(2, 6)),
    State(f"{CONSULTATION}/online-form"),
    State(f"{CONSULTATION}/online-form", "mistakes", act=fill("Save", grace_minutes="soon")),
    State(f"{CONSULTATION}/online-form", "conflict", act=overtaken("Save", about="Something else"), says=CONFLICT),
    State("/consultations/{slug}/groups"),
    State("/consultations/{slug}/groups", "mistakes", act=press("Add the group")),
    State("/consultations/{slug}/groups/{group_id}"),
    # Consultees and documents, as they are kept
    State(NEW_CONSULTEE, "empty"),
    State(NEW_CONSULTEE, "mistakes", act=fill("Add the consultee", contacts="nobody")),
    State(IMPORT, "empty"),
    State(IMPORT, "mistakes", act=press("Look at it")),
    State(IMPORT, "looked at", act=upload("Look at it", "schools.csv", LIST), says="What “schools.csv” would do"),
    State(
        IMPORT,
        "nothing new",
        act=upload("Look at it", "schools.csv", "School\nLarkmead Trust"),
        says="nothing to import",
    ),
    State(
        IMPORT,
        "columns unknown",
        act=upload("Look at it", "list.csv", "Whom,What\nA,school"),
        says="at least the column",
    ),
    State(f"{CONSULTEE}/edit"),
    State(f"{CONSULTEE}/edit", "mistakes", act=fill("Save", organisation="", domain="gmail.com")),
    State(f"{CONSULTEE}/edit", "conflict", act=overtaken("Save", domain="school.example"), says=CONFLICT),
    State(f"{CONSULTEE}/contacts/new", "empty", who=ASHA),
    State(f"{CONSULTEE}/contacts/new", "mistakes", who=ASHA, act=fill("Add the contact", address="nobody")),
    State(f"{CONSULTEE}/contacts/{{contact_id}}", who=ASHA),
    State(f"{CONSULTATION}/documents"),
    State(f"{CONSULTATION}/documents", "officer", who=ASHA),
    State(f"{CONSULTATION}/documents", "empty", f"{OPEN}/documents"),
    State(f"{CONSULTATION}/documents", "mistakes", act=press("Add the document")),
    State(f"{CONSULTATION}/documents/{{document_id}}"),
    State("/days-off"),
    State("/days-off", "mistakes", act=press("Add the day")),
    State("/reply-templates"),
    State("/reply-templates/new", "empty"),
    State("/reply-templates/new", "mistakes", act=press("Save")),
    State("/reply-templates/{template_id}"),
    State("/mailboxes"),
    State("/mailboxes", "being tested", act=_test_a_mailbox, says="test"),
    State("/users"),
    State("/users/new", "empty"),
    State("/users/new", "mistakes", act=press("Add the user")),
    State("/users/new", "link", act=_add_user),
    State("/users/{user_id}"),
    State("/users/{user_id}", "mistakes", act=fill("Save", name="")),
    # Texts of emails
    State(f"{CONSULTATION}/texts"),
    State(f"{CONSULTATION}/texts", "officer", who=ASHA),
    State(f"{CONSULTATION}/texts", "mistakes", act=press("Write it")),
    State(f"{CONSULTATION}/texts/{{kind}}", path=f"{CONSULTATION}/texts/reminder", who=ASHA),
    State(f"{CONSULTATION}/texts/{{kind}}", "Welsh", f"{CONSULTATION}/texts/invitation?language=cy"),
    State(f"{CONSULTATION}/texts/{{kind}}", "made up", f"{OPEN}/texts/outcome", says="is made up"),
    State(TEXT),
    State(TEXT, "Welsh", f"{TEXT}?language=cy"),
    State(TEXT, "looked at", act=fill("Preview", subject="Last call: {{ consultation_title }}"), says="Last call: Imp"),
    State(TEXT, "mistakes", act=fill("Save", text="{{ closing }}\n\n{{ organization }}")),
    State(TEXT, "conflict", act=overtaken("Save", subject="Another subject"), says=CONFLICT),
    State(f"{TEXT}/versions", who=ASHA),
    State(f"{TEXT}/versions", "compared", f"{TEXT}/versions?show=2"),
    # Reminders
    State(REMINDERS),
    State(REMINDERS, "officer", who=ASHA),
    State(REMINDERS, "empty", f"{OPEN}/reminders"),
    State(REMINDERS, "mistakes", act=fill("Save the quiet hours", quiet_from="noon", quiet_until="later")),
    State(REMINDERS, "conflict", act=overtaken("Save the quiet hours", quiet_from="7pm"), says="Nothing of yours"),
    State(f"{REMINDERS}/new"),
    State(f"{REMINDERS}/new", "mistakes", act=fill("Show the dates", clock="midnight", name="x" * 121)),
    State(RULE),
    State(RULE, "weekly", "/reminders/{digest_rule_id}"),
    State(RULE, "mistakes", act=fill("Save the rule", amount="400", clock="")),
    State(RULE, "conflict", act=overtaken("Save the rule", name="Another name"), says=CONFLICT),
    State(f"{RULE}/recipients", who=ASHA),
    State(f"{RULE}/recipients", "officers", "/reminders/{digest_rule_id}/recipients?show=gets"),
    State(f"{RULE}/recipients", "nobody", f"{RULE}/recipients?show=gets&day=2020-02-14", who=ASHA),
    State(f"{RULE}/email", path=f"{RULE}/email?consultee=1", who=ASHA),
    # Mailings
    State(f"{CONSULTATION}/mailings", who=ASHA),
    State(f"{CONSULTATION}/mailings", "empty", f"{OPEN}/mailings"),
    State(MAILING),
    State(MAILING, "officer", f"{MAILING}?show=left-out", who=ASHA),
    State(MAILING, "paused", "/mailings/{paused_mailing_id}", says="Paused"),
    State(MAILING, "missed", "/mailings/{missed_mailing_id}", says="Missed"),
    State(f"{MAILING}/cancel"),
    # Who has answered, and whose responses are
    State(CONSULTEES, who=ASHA),
    State(CONSULTEES, "administrator", f"{CONSULTEES}?answered=yes&group=trust&sort=answered"),
    State(CONSULTEES, "trouble", f"{OPEN}/consultees?trouble=address-dead", who=OLGA, says="Mail came back"),
    State(CONSULTEES, "nobody found", f"{CONSULTEES}?q=zebra", who=ASHA, says="Nobody on the list is like this"),
    State(CONSULTEE, who=ASHA, says="Answered on"),
    State(CONSULTEE, "not answered", "/consultees/{unanswered_id}", who=OLGA, says="Not answered."),
    State(MATCHING, who=ASHA, says="None of them"),
    State(MATCHING, "without a proposal", f"{MATCHING}?show=without", who=ASHA, says="Find whose it is"),
    State(MATCHING, "nobody’s", f"{MATCHING}?show=nobody", who=ASHA, says="Open it again"),
    State(MATCHING, "empty", f"{OPEN}/matching?show=proposed", who=OLGA, says="Nothing waits"),
    State(CHOICE, path="/responses/{proposed}/consultee", who=ASHA, says="It may be from"),
    State(CHOICE, "found", "/responses/{proposed}/consultee?q=larkmead", who=ASHA, says="Found"),
    State(CHOICE, "nobody found", "/responses/{late}/consultee?q=zebra", says="Add one"),
    State(RESPONSE, "may be a consultee’s", "/responses/{proposed}", who=ASHA, says="Is it from a consultee?"),
]
