"""Only the finding of our own mail server counts."""

import pytest

from intake.mail.authentication import MICROSOFT, dmarc_result

OURS = "mx.council.example"


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
    assert dmarc_result([header], authserv_id=OURS) == result


def test_topmost_header_of_our_server_wins_over_one_the_sender_wrote() -> None:
    headers = ["relay.example; dmarc=pass", f"{OURS}; dmarc=fail", f"{OURS}; dmarc=pass"]
    assert dmarc_result(headers, authserv_id=OURS) == "fail"


def test_nothing_is_believed_without_a_configured_server() -> None:
    assert dmarc_result([f"{OURS}; dmarc=pass"], authserv_id=None) == "none"


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
    assert dmarc_result(headers, authserv_id=MICROSOFT) == result
