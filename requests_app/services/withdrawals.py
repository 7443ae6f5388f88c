"""The person takes a request back: one right, or all that are not answered; whatever was under way for it stops."""

from collections.abc import Sequence
from datetime import UTC, datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.utils.translation import override as language_override

from dsar.core.actors import Actor
from dsar.core.errors import DomainError
from dsar.core.texts import listed
from requests_app.case_journal import case_journal
from requests_app.correspondence import person_write
from requests_app.models import Case, CaseRight, Message, PartyAddress
from requests_app.services.cases import case_touch
from requests_app.services.ending import right_end
from requests_app.vocabulary import Channel, Direction, Outcome, Stage


@transaction.atomic
def right_withdraw(*, case: Case, rights: Sequence[CaseRight]) -> Message:
    """Withdraw rights of a case in the person's name, at whatever stage they are; returns the message filed.

    Nothing is decided, so no decision is written: a decision needs an author, and this is the person's own act. Clocks
    and reminders of these rights end with it; that somebody reads of it is still watched. Raises DomainError
    `rights_missing`, or `right_answered` for one that is answered already; Conflict for one that moves meanwhile.
    """
    case_touch(case=case, version=None)
    if not rights:
        raise DomainError("rights_missing", gettext_lazy("Tick what you withdraw."))
    rights = list(CaseRight.objects.select_for_update().filter(case=case, pk__in=[right.pk for right in rights]))
    if any(right.is_answered for right in rights):
        raise DomainError("right_answered", gettext_lazy("One of these requests is answered already."))
    for case_right in rights:
        case_right.case = case
        right_end(case_right=case_right, outcome=Outcome.WITHDRAWN, actor=Actor.DATA_SUBJECT)
    message = _file(case, rights)
    _announce(case, rights, message)
    return message


def _file(case: Case, rights: Sequence[CaseRight]) -> Message:
    """What the person did, in their language, among the messages of the case."""
    with language_override(case.language):
        names = listed(_("“%(verb)s”") % {"verb": right.definition.verb} for right in rights)
        body = _("I withdraw: %(requests)s.") % {"requests": names}
    message = Message.objects.create(
        case=case,
        direction=Direction.INBOUND,
        channel=Channel.FORM,
        body=body,
        at=datetime.now(UTC),
        for_the_record=True,
    )
    case_journal(
        case=case,
        kind="right.withdrawn",
        actor=Actor.DATA_SUBJECT,
        facts={"rights": [right.right for right in rights], "message": message.pk},
    )
    return message


def _announce(case: Case, rights: Sequence[CaseRight], message: Message) -> None:
    """Confirm by mail: whoever did not do it learns of it. The mail holds no data."""
    address = PartyAddress.objects.mailboxes(case).first()
    if address is None or case.spam_signs:  # we mail nobody whom a machine may have named
        return
    person_write(
        case=case,
        template="emails/right_withdrawn",
        address=address,
        key=f"withdrawn:{case.reference}:{message.pk}",
        context={"rights": rights, "others_open": case.rights.exclude(stage=Stage.ANSWERED).exists()},
    )
