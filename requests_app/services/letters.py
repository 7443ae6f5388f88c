"""The letter on what is decided: written by a worker before anybody releases it, so that no page waits for a PDF."""

from collections.abc import Sequence

from django.db import transaction

from requests_app.letters import letter_html
from requests_app.models import Case, CaseRight, Deliverable
from requests_app.services.cases import case_lock
from requests_app.services.deliverables import bears_data
from requests_app.services.documents import document_make, document_register
from requests_app.vocabulary import LETTER_KINDS, DeliverableState, Stage


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
    document = document_make(letter_html(case, rights), LETTER_KINDS)
    with transaction.atomic():
        case_lock(case)
        now = Case.objects.get(pk=case.pk)
        if rights not in letter_groups(now) or letter_prepared(now, rights):
            return []  # something moved meanwhile: the sweep writes the letter that is due now
        return document_register(document, case=case, rights=rights, bears_data=any(map(bears_data, rights)))


def cases_without_letter() -> list[int]:
    """Cases with decided rights and no prepared letter that answers exactly those."""
    waiting = Case.objects.filter(rights__stage=Stage.DECIDED).distinct().prefetch_related("rights")
    return [
        case.pk for case in waiting if not all(letter_prepared(case, rights) for rights in letter_groups(case))
    ]
