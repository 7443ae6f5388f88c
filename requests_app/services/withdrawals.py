"""The person takes a request back: one right, or all that are not answered; whatever was under way for it stops."""

from collections.abc import Sequence
from datetime import UTC, datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.utils.translation import override as language_override

from dsar.core.actors import Actor
from dsar.core.errors import DomainError
from dsar.core.journal import journal_append
from dsar.core.texts import listed
from requests_app.correspondence import person_write
from requests_app.models import Case, CaseRight, Decision, Deliverable, Extension, Message, PartyAddress
from requests_app.outbox import outbox_stop
from requests_app.services.cases import case_touch
from requests_app.services.clocks import case_clock_refresh
from requests_app.services.decisions import work_cancel
from requests_app.services.suspensions import suspensions_drop
from requests_app.vocabulary import Channel, DeliverableState, Direction, Outcome, Review, Stage
from requests_app.workflow import case_right_move


@transaction.atomic
def right_withdraw(*, case: Case, rights: Sequence[CaseRight]) -> Message:
    """Withdraw rights of a case in the person's name, at whatever stage they are; returns the message filed.

    Nothing is decided, so no decision is written: a decision needs an author, and this is the person's own act. Clocks
    and reminders of these rights end with it. Raises DomainError `rights_missing`, or `right_answered` for one that is
    answered already, Conflict for one that moves at the same time.
    """
    case_touch(case=case, version=None)
    if not rights:
        raise DomainError("rights_missing", gettext_lazy("Tick what you withdraw."))
    rights = list(CaseRight.objects.select_for_update().filter(case=case, pk__in=[right.pk for right in rights]))
    if any(right.is_answered for right in rights):
        raise DomainError("right_answered", gettext_lazy("One of these requests is answered already."))
    now = datetime.now(UTC)
    for case_right in rights:
        case_right.case = case
        case_right_move(
            case_right=case_right,
            target=Stage.ANSWERED,
            actor=Actor.DATA_SUBJECT,
            outcome=Outcome.WITHDRAWN,
            answered_at=now,
        )
        _stop(case_right)
    message = _file(case, rights, now)
    case_clock_refresh(case=case)
    _announce(case, rights, message)
    return message


def _stop(case_right: CaseRight) -> None:
    """Nothing prepared for this right leaves any more, and nobody waits for anything."""
    work_cancel(case_right)
    Decision.objects.filter(case_right=case_right, review=Review.WAITING).update(review=Review.NOT_NEEDED)
    Deliverable.objects.filter(rights=case_right, state=DeliverableState.PREPARED).update(
        state=DeliverableState.SUPERSEDED
    )
    for extension in Extension.objects.filter(case_right=case_right, sent_at=None, is_past=False):
        if extension.mail is not None:
            outbox_stop(extension.mail)
        review = Review.NOT_NEEDED if extension.review == Review.WAITING else extension.review
        Extension.objects.filter(pk=extension.pk).update(is_past=True, review=review)
    suspensions_drop(case_right=case_right, actor=Actor.DATA_SUBJECT, also_sent=True)


def _file(case: Case, rights: Sequence[CaseRight], now: datetime) -> Message:
    """What the person did, in their language, among the messages of the case."""
    with language_override(case.language):
        names = listed(_("“%(verb)s”") % {"verb": right.definition.verb} for right in rights)
        body = _("I withdraw: %(requests)s.") % {"requests": names}
    message = Message.objects.create(
        case=case, direction=Direction.INBOUND, channel=Channel.FORM, body=body, at=now
    )
    journal_append(
        chain=case.chain,
        organisation=case.organisation,
        kind="right.withdrawn",
        actor=Actor.DATA_SUBJECT,
        facts={"rights": [right.right for right in rights], "message": message.pk},
    )
    return message


def _announce(case: Case, rights: Sequence[CaseRight], message: Message) -> None:
    """Confirm by mail: whoever did not do it learns of it. The mail holds no data."""
    address = PartyAddress.objects.mailboxes(case).first()
    if address is None:
        return
    person_write(
        case=case,
        template="emails/right_withdrawn",
        address=address,
        key=f"withdrawn:{case.reference}:{message.pk}",
        context={"rights": rights, "others_open": case.rights.exclude(stage=Stage.ANSWERED).exists()},
    )
