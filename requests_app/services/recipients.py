"""Who must be told of a rectification, erasure or restriction: one line for each recipient (GDPR art. 19)."""

from django.utils.translation import override as language_override

from dsar.core.actors import Actor
from dsar.core.models import ProcessingActivity, Recipient
from requests_app.case_journal import case_journal
from requests_app.models import CaseRight, RecipientNotice
from requests_app.services.cases import case_lock
from requests_app.vocabulary import NoticeState

# The rights that art. 19 names, with the checklist item that says that every recipient was told (law.md §1.2).
CHECKLIST_ITEMS = {"rectification": "R3", "erasure": "E4", "restriction": "L4"}


def recipient_lines_add(*, case_right: CaseRight) -> int:
    """Add a line for each recipient that has none yet; returns how many. Must be called in a transaction.

    Recipients are those of what the organisation does as a controller, processors among them (GDPR art. 4(9)); one
    without a name is called by its category.
    """
    case = case_right.case
    case_lock(case)
    known = case_right.recipient_notices.exclude(recipient=None).values("recipient")
    recipients = Recipient.objects.filter(
        organisation=case.organisation,
        activities__in=ProcessingActivity.objects.exclude(capacity=ProcessingActivity.Capacity.PROCESSOR),
    )
    with language_override(case.organisation.language):
        lines = [
            RecipientNotice(case_right=case_right, recipient=recipient, name=str(recipient)[:300])
            for recipient in recipients.exclude(pk__in=known).distinct()
        ]
    if not lines:
        return 0
    RecipientNotice.objects.bulk_create(lines)
    case_journal(
        case=case,
        kind="recipient_notices.planned",
        actor=Actor.SYSTEM,
        facts={"right": case_right.right, "recipients": [line.name for line in lines]},
    )
    return len(lines)


def tells_recipients(case_right: CaseRight) -> bool:
    """Whether art. 19 asks to tell recipients of this right: by itself, or because its data were restricted meanwhile.

    Reads `restrictions` through the prefetch cache when there is one.
    """
    return case_right.right in CHECKLIST_ITEMS or bool(case_right.restrictions.all())


def recipients_waiting(case_right: CaseRight) -> list[RecipientNotice]:
    """The recipients that are still to be told."""
    return list(case_right.recipient_notices.filter(state=NoticeState.TO_NOTIFY))
