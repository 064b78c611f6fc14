"""What strangers gave us a name for, as we may repeat it: their own names, their files' names and sizes. Pure."""

import re
import unicodedata

LONGEST_NAME = 60
# Kinds of document whose ending is no top-level domain (zip and mov are): mail programs do not make a link of them.
_ENDINGS = re.compile(
    r"bmp|csv|doc[mx]?|eml|gif|heic|html?|jpe?g|mp[34]|msg|od[pst]|pdf|png|ppt[mx]?|rtf|tiff?|txt|wav|xls[mx]?|xml",
    re.I,
)


def size_wording(size: int) -> str:
    """A number of bytes in words: "812 bytes", "34 kB", "1.4 MB", "36 MB"."""
    if size < 1000:
        return "1 byte" if size == 1 else f"{size} bytes"
    if size < 999_500:
        return f"{(size + 500) // 1000} kB"
    megabytes = size / 1_000_000
    return f"{megabytes:.1f}".removesuffix(".0") + " MB" if megabytes < 9.95 else f"{megabytes:.0f} MB"


def inert_name(filename: str) -> str:
    """A sender's file name as we may repeat it: at most 60 letters, digits, spaces, underscores and hyphens.

    The one dot kept stands before the ending of a known kind of document; every other becomes an underscore. So nothing
    a stranger puts into a file name turns into a link in our email, and the name stays one its owner knows again:
    "report.docm.example.com" reads "report_docm_example_com".
    """
    stem, dot, ending = unicodedata.normalize("NFC", filename).rpartition(".")
    if not _ENDINGS.fullmatch(ending):
        stem, dot, ending = f"{stem}{dot}{ending}", "", ""
    kept = "".join(character if _is_plain(character) else " " for character in stem.replace(".", "_"))
    short = " ".join(kept.split())[: LONGEST_NAME - len(dot + ending)].strip()
    return f"{short or 'unnamed'}{dot}{ending}"


def person_name(name: str) -> str:
    """A sender's name for "Dear …", or "" where it holds anything a name does not need: it is a stranger's text too."""
    plain = " ".join(unicodedata.normalize("NFC", name).split())
    looks_like_a_name = re.fullmatch(r"(?=.*[^\W\d_])(?:[^\W\d_]|['’ -]|\.(?= |$))+", plain) is not None
    return plain if looks_like_a_name and len(plain) <= LONGEST_NAME else ""


def _is_plain(character: str) -> bool:
    # Marks belong to letters in many scripts.
    return character.isalnum() or character in "_-" or unicodedata.category(character).startswith("M")
