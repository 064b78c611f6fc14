"""Which email addresses can be written to, as far as their form tells. Never asks a server, and guesses nothing."""

import re
from typing import Final
from unicodedata import category

LONGEST_ADDRESS: Final = 320  # RFC 5321, section 4.5.3.1: 64 before the @, 255 after it
_USABLE: Final = re.compile(r"[^\s@<>,;\"()\\]+@[^\s@<>,;\"()\\]+\.[^\s@<>,;\"()\\]+")


def is_usable_address(text: str) -> bool:
    """Whether this is one bare address with a whole domain: no name beside it, no list, no comment."""
    return len(text) <= LONGEST_ADDRESS and _USABLE.fullmatch(text) is not None


def tidy_address(text: str) -> str:
    """As it was meant: in lower case, without the invisible marks that copying from a page or a list leaves in it."""
    return "".join(character for character in text.strip().lower() if category(character) != "Cf")
