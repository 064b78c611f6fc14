"""Which domains say nothing about whose an address is."""

import pytest

from intake.mail.public_providers import is_public_domain, organisation_domain


@pytest.mark.parametrize(
    "domain",
    [
        "gmail.com",
        "googlemail.com",
        "Hotmail.co.uk",
        "live.com",
        "outlook.fr",
        "yahoo.com.tr",
        "aol.com",
        "icloud.com.",
        "btinternet.com",
        "virginmedia.com",
        "talktalk.net",
        "protonmail.com",
        "smith.freeserve.co.uk",
        "sch.uk",
        "co.uk",
    ],
)
def test_a_provider_for_everybody_is_public_and_so_is_a_suffix(domain: str) -> None:
    assert is_public_domain(domain)
    assert organisation_domain(f"somebody@{domain}") is None


@pytest.mark.parametrize(
    "domain", ["heathfield.example", "heathfield.sch.uk", "live.heathfield.example", "county.gov.uk", "notgmail.com"]
)
def test_an_organisations_own_domain_is_not(domain: str) -> None:
    assert not is_public_domain(domain)


@pytest.mark.parametrize(
    ("address", "domain"), [("Head@School.Example", "school.example"), ("head@x", None), ("", None)]
)
def test_the_domain_of_an_address_is_in_lower_case(address: str, domain: str | None) -> None:
    assert organisation_domain(address) == domain
