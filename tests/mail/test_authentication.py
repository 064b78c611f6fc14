"""Only the finding of our own mail server counts."""

import pytest

from intake.mail.authentication import MICROSOFT, dmarc_result, is_authenticated

OURS = "mx.council.example"
BEN = ("ben@school.example",)
ASHA = "asha@council.example"


@pytest.mark.parametrize(
    ("header", "result"),
    [
        (f"{OURS}; dmarc=pass (p=reject dis=none) header.from=school.example", "pass"),
        (f"{OURS.upper()} 1; spf=fail smtp.mailfrom=x.example; DMARC = Fail header.from=x.example", "fail"),
        (f"(by) {OURS} (v2); dkim=pass header.d=school.example; dmarc=pass", "pass"),
        (f'"{OURS}"; dmarc/1=pass', "pass"),
        (f"{OURS}; dmarc=bestguesspass action=none", "none"),
        (f"{OURS}; dmarc=temperror", "none"),
        (f"{OURS}; none", "none"),
        (f"{OURS}; spf=pass", "none"),
        (f'{OURS}; spf=fail reason="; dmarc=pass"', "none"),
        (f"{OURS}; spf=fail (; dmarc=pass)", "none"),
        (f"{OURS}; spf=fail x.dmarc=pass", "none"),
        (f"evil.example; dmarc=pass; {OURS}; dmarc=pass", "none"),
        (f"{OURS}.evil.example; dmarc=pass", "none"),
        ("dmarc=pass", "none"),
        ("((((;;;;", "none"),
        ("", "none"),
    ],
)
def test_result_is_read_from_our_own_header_only(header: str, result: str) -> None:
    assert dmarc_result([header], authserv_id=OURS, authors=BEN) == result


def test_topmost_header_of_our_server_wins_over_one_the_sender_wrote() -> None:
    headers = ["relay.example; dmarc=pass", f"{OURS}; dmarc=fail", f"{OURS}; dmarc=pass"]
    assert dmarc_result(headers, authserv_id=OURS, authors=BEN) == "fail"


def test_nothing_is_believed_without_a_configured_server() -> None:
    assert dmarc_result([f"{OURS}; dmarc=pass"], authserv_id=None, authors=BEN) == "none"


@pytest.mark.parametrize(
    ("headers", "result"),
    [
        (["spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=x.example; dmarc=pass action=none;compauth=pass"], "pass"),
        (["spf=none; dmarc=bestguesspass action=none header.from=x.example"], "none"),
        (["relay.example; dmarc=fail", "spf=pass; dmarc=pass"], "none"),
        (["microsoft; dmarc=pass"], "none"),
        ([], "none"),
    ],
)
def test_microsofts_nameless_header_counts_only_at_the_very_top(headers: list[str], result: str) -> None:
    assert dmarc_result(headers, authserv_id=MICROSOFT, authors=BEN) == result


@pytest.mark.parametrize(
    ("said", "authors", "result"),
    [
        ("dmarc=pass header.from=school.example", BEN, "pass"),
        ("dmarc=pass (p=reject) header.from=School.Example", BEN, "pass"),
        ("dmarc=pass header.from=ben@school.example", BEN, "pass"),
        ("dmarc=pass", BEN, "pass"),
        ("dmarc=pass header.from=elsewhere.example", BEN, "none"),
        ("dmarc=pass header.from=evil-school.example", BEN, "none"),
        ("dmarc=pass header.from=school.example.evil.example", BEN, "none"),
        ("dmarc=pass header.from=school.example header.from=evil.example", BEN, "none"),
        ("dmarc=pass header.from=school.example", (*BEN, "evil@elsewhere.example"), "none"),
        ("dmarc=pass header.from=school.example", (), "none"),
        ("dmarc=fail header.from=elsewhere.example", (*BEN, "evil@elsewhere.example"), "fail"),
    ],
)
def test_pass_is_one_only_for_the_domain_of_the_one_sender(said: str, authors: tuple[str, ...], result: str) -> None:
    assert dmarc_result([f"{OURS}; {said}"], authserv_id=OURS, authors=authors) == result


@pytest.mark.parametrize(
    ("said", "is_so"),
    [
        ("dmarc=pass header.from=council.example", True),
        (f"auth=pass (cram) smtp.auth={ASHA}", True),
        (f"auth=pass smtp.auth={ASHA.upper()} smtp.mailfrom={ASHA}", True),
        (f"spf=pass; auth=pass smtp.auth={ASHA}", True),
        ("auth=pass smtp.auth=dan@council.example", False),
        ("auth=pass", False),
        (f'auth=pass reason="smtp.auth={ASHA}"', False),
        (f"auth=pass smtp.auth=dan@council.example x.smtp.auth={ASHA}", False),
        (f"auth=fail smtp.auth={ASHA}", False),
        (f"spf=pass smtp.mailfrom={ASHA}; dkim=pass header.d=council.example", False),
        ("none", False),
    ],
)
def test_officer_is_proven_by_dmarc_or_by_having_signed_in_as_that_address(said: str, is_so: bool) -> None:
    assert is_authenticated([f"{OURS}; {said}"], authserv_id=OURS, authors=(ASHA,)) is is_so


def test_nobody_is_proven_without_a_server_or_with_two_senders_or_by_a_header_below_ours() -> None:
    good = f"{OURS}; auth=pass smtp.auth={ASHA}"
    assert is_authenticated([good], authserv_id=OURS, authors=(ASHA,))
    assert not is_authenticated([good], authserv_id=None, authors=(ASHA,))
    assert not is_authenticated([good], authserv_id=OURS, authors=(ASHA, "evil@elsewhere.example"))
    assert not is_authenticated([f"{OURS}; none", good], authserv_id=OURS, authors=(ASHA,))


@pytest.mark.parametrize(
    ("authserv_id", "exchange", "is_so"),
    [
        (MICROSOFT, ["Internal"], True),
        (MICROSOFT, ["Anonymous"], False),
        (MICROSOFT, ["Internal", "Anonymous"], False),
        (MICROSOFT, [], False),
        (OURS, ["Internal"], False),
    ],
)
def test_exchange_says_itself_what_never_left_the_house(authserv_id: str, exchange: list[str], is_so: bool) -> None:
    assert is_authenticated([], authserv_id=authserv_id, authors=(ASHA,), exchange=exchange) is is_so
