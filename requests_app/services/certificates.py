"""The certificate of receipt: made by a worker when somebody opens the tracking page and there is none that holds.

A dated proof of arrival serves both sides. It bears no personal data but what was asked.
"""

from contextlib import suppress

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override as language_override

from dsar.core.actors import Actor
from dsar.core.broker import task_queue_on_commit
from dsar.core.files import file_store
from dsar.core.models import AuditEvent
from requests_app.letters import receipt_html
from requests_app.models import Case, Deliverable
from requests_app.pdf import PdfUnavailable, pdf_render
from requests_app.services.cases import case_lock
from requests_app.services.deliverables import deliverable_register, deliverables_release
from requests_app.vocabulary import RECEIPT_KINDS, DeliverableKind, DeliverableState


def receipts_valid(case: Case) -> list[Deliverable]:
    """The certificate that holds, as a web page and, where this server makes them, as a PDF.

    One made before another right was added, or before a day of arrival was corrected, holds no more.
    """
    made = Deliverable.objects.filter(case=case, kind__in=RECEIPT_KINDS, state=DeliverableState.RELEASED)
    found = list(made.select_related("stored_file").prefetch_related("rights").order_by("pk"))
    rights = {right.pk for right in case.rights.all()}
    if any({right.pk for right in one.rights.all()} != rights for one in found):
        return []
    corrected = AuditEvent.objects.filter(chain__key=case.chain, kind="receipt.corrected").order_by("-seq").first()
    if corrected is not None and any(one.created_at < corrected.at for one in found):
        return []
    return found


def receipt_queue(case: Case) -> None:
    """Ask a worker for the certificate unless there is one that holds; the next visit asks again if it got lost."""
    if not receipts_valid(case):
        task_queue_on_commit("requests_app.receipt_prepare", case.pk)


def receipt_prepare(*, case: Case) -> list[Deliverable]:
    """Make the certificate and put it on the tracking page at once. Safe to run twice."""
    if receipts_valid(case):
        return []
    rights = list(case.rights.all())
    html = receipt_html(case, rights)
    with language_override(case.language):
        name = _("receipt")
    files = [(DeliverableKind.RECEIPT_HTML, f"{name}.html", "text/html", html.encode())]
    with suppress(PdfUnavailable):  # the web page is a complete certificate
        files.append((DeliverableKind.RECEIPT, f"{name}.pdf", "application/pdf", pdf_render(html)))
    stored = [
        (kind, file_store(key=case.key, name=f"{case.reference}-{title}", content_type=content_type, content=content))
        for kind, title, content_type, content in files
    ]
    with transaction.atomic():
        case_lock(case)
        if receipts_valid(case):
            return []
        Deliverable.objects.filter(case=case, kind__in=RECEIPT_KINDS, state=DeliverableState.RELEASED).update(
            state=DeliverableState.SUPERSEDED
        )
        made = [
            deliverable_register(case=case, rights=rights, kind=kind, stored_file=file, bears_data=False)
            for kind, file in stored
        ]
        deliverables_release(made, Actor.SYSTEM, expires=False)
    return made
