"""What a controller writes to us about a request passed on to it: known by our mail or its address, and filed apart."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Unpack

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from dsar.core.actors import Actor
from requests_app.addresses import address_normalise
from requests_app.correspondence import body_checked
from requests_app.models import Case, Forwarding, Message, Outgoing
from requests_app.services.cases import case_lock
from requests_app.services.messages import MailWritten, files_file, message_journal
from requests_app.vocabulary import AddressKind, Channel, Direction, ForwardedTo


def forwarding_written_about(
    *, case: Case, sender: str, message_ids: Sequence[str], is_party: bool
) -> Forwarding | None:
    """What was passed on, where its controller wrote: in answer to one of our mails, or from the address it has here.

    `message_ids` are those that the mail answers, with their angle brackets. Only who received our mail knows its
    Message-ID. A party of the case that quotes it, because the controller wrote to them too, writes for themselves.
    """
    writer = address_normalise(AddressKind.EMAIL, sender)
    ours = Outgoing.objects.filter(message_id__in=message_ids).filter(
        Q(pk=OuterRef("mail")) | Q(in_reply_to=OuterRef("mail__message_id"))
    )
    of_case = Forwarding.objects.filter(Q(case=case) | Q(case__merged_into=case), to=ForwardedTo.CLIENT)
    for forwarding in of_case.annotate(answers_ours=Exists(ours)).order_by("-answers_ours", "-pk"):
        is_theirs = bool(sender) and address_normalise(AddressKind.EMAIL, forwarding.email) == writer
        answers_ours: bool = forwarding.answers_ours
        if (is_theirs and answers_ours) if is_party else (is_theirs or answers_ours):
            found: Forwarding = forwarding
            return found
    return None


@transaction.atomic
def client_reply_receive(*, forwarding: Forwarding, **written: Unpack[MailWritten]) -> Message:
    """File what a controller wrote about a request passed on to it.

    It is nothing that the person said: it answers no question and opens no work, and the person never sees it. It waits
    to be read; on a closed case whoever files it has read it.
    """
    case, files = written["case"], written["files"]
    case_lock(case)
    message = Message.objects.create(
        case=case,
        direction=Direction.CLIENT,
        channel=Channel.EMAIL,
        subject=written["subject"][:500],
        body=body_checked(written["body"], may_be_empty=True),
        at=written["at"],
        message_id=written["message_id"][:255],
        read_at=datetime.now(UTC) if case.closed_at else None,
        forwarding=forwarding,
    )
    files_file(message, files)
    message_journal(message, "forwarding.replied", Actor.SYSTEM, files)
    return message
