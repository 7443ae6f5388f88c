"""The letter on what is decided: written by a worker before anybody releases it, so that no page waits for a PDF."""

from collections.abc import Sequence
from contextlib import suppress

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override as language_override

from dsar.core.files import file_store
from requests_app.letters import letter_html
from requests_app.models import Case, CaseRight, Deliverable
from requests_app.pdf import PdfUnavailable, pdf_render
from requests_app.services.cases import case_lock
from requests_app.services.deliverables import bears_data, deliverable_register
from requests_app.vocabulary import DeliverableKind, DeliverableState, Stage

LETTER_KINDS = (DeliverableKind.LETTER, DeliverableKind.LETTER_HTML)


def letter_groups(case: Case) -> list[list[CaseRight]]:
    """The decided rights as their letters answer them: all in one, where all may leave together.

    While identity is not established what bears data is held back in a letter of its own, which comes last, so that
    an objection is answered although access must wait (DESIGN §2).
    """
    decided = [right for right in case.rights.all() if right.stage == Stage.DECIDED]
    held = [right for right in decided if bears_data(right) and case.identity_established_at is None]
    return [group for group in ([right for right in decided if right not in held], held) if group]


def letter_prepared(case: Case, rights: Sequence[CaseRight]) -> list[Deliverable]:
    """The prepared letter that answers exactly these rights: web page, and PDF where this server can make one."""
    wanted = {right.pk for right in rights}
    prepared = Deliverable.objects.filter(
        case=case, kind__in=LETTER_KINDS, state=DeliverableState.PREPARED
    ).prefetch_related("rights")
    return [letter for letter in prepared if {right.pk for right in letter.rights.all()} == wanted]


def letter_prepare(*, case: Case) -> list[Deliverable]:
    """Write each letter that is due on what is decided, as a web page and as a PDF. Safe to run twice.

    Without the PDF libraries the web page alone is prepared.
    """
    written: list[Deliverable] = []
    for rights in letter_groups(case):
        if not letter_prepared(case, rights):
            written += _letter_write(case, rights)
    return written


def _letter_write(case: Case, rights: list[CaseRight]) -> list[Deliverable]:
    with language_override(case.language):
        html = letter_html(case, rights)
        name = _("letter")
    files = [(DeliverableKind.LETTER_HTML, f"{name}.html", "text/html", html.encode())]
    with suppress(PdfUnavailable):  # the web page is a complete letter
        files.append((DeliverableKind.LETTER, f"{name}.pdf", "application/pdf", pdf_render(html)))
    stored = [
        (kind, file_store(key=case.key, name=f"{case.reference}-{title}", content_type=content_type, content=content))
        for kind, title, content_type, content in files
    ]
    with transaction.atomic():
        case_lock(case)
        now = Case.objects.get(pk=case.pk)
        if rights not in letter_groups(now) or letter_prepared(now, rights):
            return []  # something moved meanwhile: the sweep writes the letter that is due now
        return [
            deliverable_register(
                case=case, rights=rights, kind=kind, stored_file=file, bears_data=any(map(bears_data, rights))
            )
            for kind, file in stored
        ]


def cases_without_letter() -> list[int]:
    """Cases with decided rights and no prepared letter that answers exactly those."""
    waiting = Case.objects.filter(rights__stage=Stage.DECIDED).distinct().prefetch_related("rights")
    return [
        case.pk for case in waiting if not all(letter_prepared(case, rights) for rights in letter_groups(case))
    ]
