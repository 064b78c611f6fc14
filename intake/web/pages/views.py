"""A user's saved views of the log: save one, list them, delete one."""

from typing import Any
from urllib.parse import parse_qsl

from fastapi import APIRouter
from starlette.responses import Response

from intake.errors import NotPossible
from intake.responses.filters import Filters
from intake.responses.finding import visible_consultations
from intake.responses.saved_views import delete_view, save_view, saved_views
from intake.web.asking import Asking, Officer, RowId
from intake.web.forms import Sent
from intake.web.showing import page, redirect

router = APIRouter()


@router.get("/views")
def listed(asking: Officer) -> Response:
    return _show(asking)


@router.post("/views")
def save(asking: Officer, form: Sent) -> Response:
    try:
        with asking.this.database.transaction() as session:
            consultations = visible_consultations(session, asking.access)
            filters, _ = Filters.from_query(parse_qsl(form.text("query")), consultations)
            view = save_view(session, asking.user, form.text("name"), filters)
    except NotPossible as refused:
        return _show(asking, status=422, mistakes={"name": str(refused)}, given=form)
    return redirect(asking, f"/responses?{view.query}", notice=f"The view “{view.name}” was saved.")


@router.post("/views/{view_id}/delete")
def delete(asking: Officer, view_id: RowId, _form: Sent) -> Response:
    with asking.this.database.transaction() as session:
        name = delete_view(session, asking.user, view_id)
    return redirect(asking, "/views", notice=f"The view “{name}” was deleted.")


def _show(asking: Asking, **more: Any) -> Response:
    with asking.this.database.reading() as session:
        views = saved_views(session, asking.user)
    return page(asking, "views.html", views=views, **more)
