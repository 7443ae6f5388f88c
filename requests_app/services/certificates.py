"""The certificate of receipt: made by a worker when somebody opens the tracking page and there is none that holds.

A dated proof of arrival serves both sides. It bears no personal data but what was asked.
"""

from django.db import transaction

from dsar.core.broker import task_queue_on_commit
from dsar.core.models import AuditEvent
from requests_app.letters import certificate_html
from requests_app.models import Case, Deliverable
from requests_app.services.cases import case_lock
from requests_app.services.documents import document_make, document_publish
from requests_app.vocabulary import CERTIFICATE_KINDS, DeliverableState


def certificate_valid(case: Case) -> list[Deliverable]:
    """The certificate that holds, as a web page and, where this server makes them, as a PDF.

    One made before another right was added, or before a day of arrival was corrected, holds no more.
    """
    made = Deliverable.objects.filter(case=case, kind__in=CERTIFICATE_KINDS, state=DeliverableState.RELEASED)
    found = list(made.select_related("stored_file").prefetch_related("rights").order_by("pk"))
    rights = {right.pk for right in case.rights.all()}
    if any({right.pk for right in one.rights.all()} != rights for one in found):
        return []
    corrected = AuditEvent.objects.filter(chain__key=case.chain, kind="receipt.corrected").order_by("-seq").first()
    if corrected is not None and any(one.created_at < corrected.at for one in found):
        return []
    return found


def certificate_queue(case: Case) -> None:
    """Ask a worker for the certificate unless there is one that holds; the next visit asks again if it got lost."""
    if not certificate_valid(case):
        task_queue_on_commit("requests_app.certificate_prepare", case.pk)


def certificate_prepare(*, case: Case) -> list[Deliverable]:
    """Make the certificate and put it on the tracking page at once. Safe to run twice."""
    if certificate_valid(case):
        return []
    rights = list(case.rights.all())
    document = document_make(certificate_html(case, rights), CERTIFICATE_KINDS)
    with transaction.atomic():
        case_lock(case)
        if certificate_valid(case):
            return []
        Deliverable.objects.filter(case=case, kind__in=CERTIFICATE_KINDS, state=DeliverableState.RELEASED).update(
            state=DeliverableState.SUPERSEDED
        )
        return document_publish(document, case=case, rights=rights)
