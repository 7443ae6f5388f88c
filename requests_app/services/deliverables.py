"""Files made to leave: registered when finished, recorded each time the person or a member of staff takes one."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import transaction

from dsar.core.actors import Actor
from dsar.core.journal import journal_append
from dsar.core.models import StoredFile
from requests_app.case_journal import case_journal
from requests_app.models import Case, CaseRight, Deliverable, Download, InboundMail, Message
from requests_app.rights_table import RULES
from requests_app.services.cases import case_lock
from requests_app.services.checklist import checklist_fill
from requests_app.vocabulary import DeliverableKind, DeliverableState, Delivery, FileKind

AVAILABLE_FOR = timedelta(days=settings.DSAR_DOWNLOAD_DAYS)


def bears_data(case_right: CaseRight) -> bool:
    """Whether the letter on this right tells what we hold about the person."""
    return case_right.outcome in RULES[case_right.right].bears_data


@transaction.atomic
def deliverable_register(
    *, case: Case, rights: Sequence[CaseRight], kind: str, stored_file: StoredFile, bears_data: bool
) -> Deliverable:
    """Register a finished file for release; an older prepared one of the same kind and right is superseded."""
    case_lock(case)
    Deliverable.objects.filter(case=case, kind=kind, state=DeliverableState.PREPARED, rights__in=rights).update(
        state=DeliverableState.SUPERSEDED
    )
    deliverable = Deliverable.objects.create(
        case=case,
        kind=kind,
        stored_file=stored_file,
        sha256=stored_file.sha256,
        size=stored_file.size,
        bears_data=bears_data,
    )
    deliverable.rights.set(rights)
    if kind == DeliverableKind.PACKAGE:
        for case_right in rights:
            checklist_fill(case_right=case_right)
    case_journal(
        case=case,
        kind="deliverable.registered",
        actor=Actor.SYSTEM,
        facts={
            "kind": str(kind),
            "rights": [right.right for right in rights],
            "sha256": stored_file.sha256,
            "size": stored_file.size,
        },
    )
    return deliverable


def deliverables_release(
    deliverables: Sequence[Deliverable],
    actor: Actor,
    delivery: str = "",
    single_channel_reason: str = "",
    *,
    expires: bool = True,
) -> None:
    """Put finished files on the tracking page, for AVAILABLE_FOR; the caller has checked that they may leave.

    A notice without data does not expire: the person may need it for as long as the case is open.
    """
    now = datetime.now(UTC)
    Deliverable.objects.filter(pk__in=[deliverable.pk for deliverable in deliverables]).update(
        state=DeliverableState.RELEASED,
        released_at=now,
        released_by=actor.user,
        expires_at=now + AVAILABLE_FOR if expires else None,
        delivery=delivery,
        single_channel_reason=single_channel_reason.strip() if delivery == Delivery.SINGLE_CHANNEL else "",
    )


@transaction.atomic
def deliverable_downloaded(*, deliverable: Deliverable, opened_by: str, second_channel: str = "") -> Download:
    """Record one download by the person: how the portal was opened, and by which other channel the code came."""
    download = Download.objects.create(deliverable=deliverable, opened_by=opened_by, second_channel=second_channel)
    case = deliverable.case
    case_journal(
        case=case,
        kind="deliverable.downloaded",
        actor=Actor.DATA_SUBJECT,
        facts={
            "kind": deliverable.kind,
            "sha256": deliverable.sha256,
            "opened_by": opened_by,
            "second_channel": second_channel,
        },
    )
    return download


@transaction.atomic
def file_opened(*, stored_file: StoredFile, case: Case | None, actor: Actor) -> None:
    """Record that a member took a file: in the chain of its case, else of its organisation (GDPR art. 5(2) and 32)."""
    organisation = case.organisation if case else stored_file.key.organisation
    journal_append(
        chain=case.chain if case else f"organisation:{organisation.slug}",
        organisation=organisation,
        kind="file.opened",
        actor=actor,
        facts={"file": stored_file.pk, "kind": _file_kind(stored_file), "sha256": stored_file.sha256},
    )


def _file_kind(stored_file: StoredFile) -> str:
    made: str | None = Deliverable.objects.filter(stored_file=stored_file).values_list("kind", flat=True).first()
    if made:
        return made
    if InboundMail.objects.filter(raw=stored_file).exists():
        return FileKind.MAIL
    return FileKind.ATTACHMENT if Message.objects.filter(files=stored_file).exists() else FileKind.COLLECTED
