"""The tables of a document, for tests that hold what it says to what the product does."""

from collections.abc import Sequence
from pathlib import Path

Row = dict[str, str]
DOCS = Path(__file__).parent.parent / "docs"


def table(document: str, *columns: str) -> list[Row]:
    """The rows of the one table of `docs/…` that has exactly these columns."""
    [found] = [rows for header, rows in _tables(document) if header == list(columns)]
    return found


def _tables(document: str) -> list[tuple[Sequence[str], list[Row]]]:
    tables: list[tuple[Sequence[str], list[Row]]] = []
    is_inside = False
    for line in (DOCS / document).read_text(encoding="utf-8").splitlines():
        if not line.startswith("|"):
            is_inside = False
            continue
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not is_inside:
            tables.append((cells, []))
        elif not set("".join(cells)) <= {"-", ":"}:
            header, rows = tables[-1]
            rows.append(dict(zip(header, cells, strict=True)))
        is_inside = True
    return tables
