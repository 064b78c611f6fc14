"""The log as it is filtered, as a file for whoever looks at it. By a button, not a link: it is noted in the history."""

from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qsl

from fastapi import APIRouter, Response

from intake.responses.exporting import Format, export_found
from intake.responses.filters import Filters
from intake.responses.finding import visible_consultations
from intake.web.asking import Officer
from intake.web.forms import Sent
from intake.web.showing import CSV, download

router = APIRouter()
_KINDS = {
    Format.xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Format.csv: CSV,
    Format.json: "application/json",
}


@router.post("/responses/download")
def downloaded(asking: Officer, form: Sent) -> Response:
    kind = form.choice("format", Format) or Format.xlsx
    with TemporaryDirectory() as folder, asking.this.database.transaction() as session:
        file = Path(folder) / f"responses.{kind}"
        query = parse_qsl(form.text("query"))
        filters, _ = Filters.from_query(query, visible_consultations(session, asking.access))
        export_found(session, asking.access, filters, file, kind, now=asking.now, actor=asking.user.actor)
        content = file.read_bytes()
    name = f"{filters.consultation or 'responses'}-{asking.now:%Y-%m-%d}.{kind}"
    return download(content, name, _KINDS[kind])
