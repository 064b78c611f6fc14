"""The pages as they are served: on this machine only, behind a proxy that says who is asking."""

from pathlib import Path

import httpx2
import pytest
from selectolax.lexbor import LexborHTMLParser

from intake.accounts.throttling import network_key
from intake.settings import WebSettings
from intake.store.users import SignInAttempt
from intake.web.forms import TOKEN_FIELD
from intake.web.serving import AddressTaken, Serving, listen
from tests.office import open_office
from tests.people import ASHA

VISITOR = "203.0.113.9"


def test_without_a_setting_only_this_machine_is_answered() -> None:
    assert WebSettings().host == "127.0.0.1"


def test_behind_a_proxy_on_this_machine_guesses_count_for_the_visitor(tmp_path: Path) -> None:
    listening = listen("127.0.0.1", 0)
    base_url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    with (
        open_office(tmp_path, settings={"web": {"base_url": base_url}}) as office,
        Serving(office.this, listening),
        httpx2.Client(base_url=base_url, headers={"x-forwarded-for": VISITOR}) as proxy,
    ):
        token = LexborHTMLParser(proxy.get("/sign-in").text).css_first(f"input[name={TOKEN_FIELD}]")
        assert token is not None
        fields = {TOKEN_FIELD: token.attributes["value"], "address": ASHA, "password": "a wrong guess"}
        assert proxy.post("/sign-in", data=fields).status_code == 422
        keys = {attempt.key for attempt in office.rows(SignInAttempt)}
    assert network_key(VISITOR) in keys
    assert network_key("127.0.0.1") not in keys


def test_an_address_in_use_is_told_in_one_sentence() -> None:
    with listen("127.0.0.1", 0) as first, pytest.raises(AddressTaken, match="something else uses"):
        listen("127.0.0.1", first.getsockname()[1])
