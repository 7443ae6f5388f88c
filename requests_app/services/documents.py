"""A document for the person is a web page and, where this server makes them, a PDF: made and kept this one way."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override as language_override

from dsar.core.actors import Actor
from dsar.core.files import file_store
from requests_app.models import Case, CaseRight, Deliverable
from requests_app.pdf import PdfUnavailable, pdf_render
from requests_app.services.deliverables import deliverable_register, deliverables_release
from requests_app.vocabulary import CERTIFICATE_KINDS, EXTENSION_KINDS, LETTER_KINDS, LIFTING_KINDS, DeliverableKind

Kinds = tuple[DeliverableKind, DeliverableKind]  # of the PDF and of the web page

FILE_NAMES: Mapping[Kinds, Promise] = {
    LETTER_KINDS: _("letter"),
    EXTENSION_KINDS: _("extension"),
    LIFTING_KINDS: _("restriction"),
    CERTIFICATE_KINDS: _("certificate-of-receipt"),
}


@dataclass(frozen=True)
class Document:
    """What is made and not stored yet; `pdf` is None where this server makes none: the web page is complete."""

    kinds: Kinds
    page: bytes
    pdf: bytes | None


def document_make(html: str, kinds: Kinds) -> Document:
    """The slow part: runs before any transaction is open."""
    pdf = None
    with suppress(PdfUnavailable):
        pdf = pdf_render(html)
    return Document(kinds, html.encode(), pdf)


@transaction.atomic
def document_register(
    document: Document, *, case: Case, rights: Sequence[CaseRight], bears_data: bool
) -> list[Deliverable]:
    """Store the files under names in the person's language, the web page first, and register them for release."""
    of_pdf, of_page = document.kinds
    with language_override(case.language):
        name = f"{case.reference}-{FILE_NAMES[document.kinds]}"
    files = [(of_page, f"{name}.html", "text/html", document.page)]
    if document.pdf is not None:
        files.append((of_pdf, f"{name}.pdf", "application/pdf", document.pdf))
    return [
        deliverable_register(
            case=case,
            rights=rights,
            kind=kind,
            stored_file=file_store(key=case.key, name=name, content_type=content_type, content=content),
            bears_data=bears_data,
        )
        for kind, name, content_type, content in files
    ]


@transaction.atomic
def document_publish(document: Document, *, case: Case, rights: Sequence[CaseRight]) -> list[Deliverable]:
    """Register what tells nothing that needs proof of who reads it, and put it on the tracking page at once."""
    made = document_register(document, case=case, rights=rights, bears_data=False)
    deliverables_release(made, Actor.SYSTEM, expires=False)
    return made
