"""One run of reconciling, and what it named."""

from intake import jobs
from intake.inbound.reconciliation import Reconciled
from tests.office import Office


def reconcile(office: Office, *, mend: bool = False) -> Reconciled:
    return jobs.reconcile(office.this, mend=mend, actor="Asha")


def named(found: Reconciled) -> list[tuple[str, str, bool]]:
    """Kind, place, and whether it was mended."""
    return [(one.kind.value, one.where, one.mended) for one in found.differences]
