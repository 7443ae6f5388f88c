"""Codes on their way to the person, and the tracking page they open."""

from contextlib import suppress

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from dsar.core.actors import Actor
from dsar.core.broker import task_queue
from dsar.core.errors import DomainError
from requests_app.access_codes import NOBODY, code_issue
from requests_app.case_journal import case_journal
from requests_app.correspondence import absolute, person_write
from requests_app.models import AccessCode, Case, PartyAddress
from requests_app.services.certificates import certificate_queue


@transaction.atomic
def code_send(*, address: PartyAddress, purpose: str) -> None:
    """Mail a fresh code to an address of a case, with a link where it is to be confirmed.

    Raises DomainError `codes_too_many`, `address_ended` for one that was replaced by another, or `looked_at_first`
    while a person has yet to see that no machine asks.
    """
    if PartyAddress.objects.filter(pk=address.pk).exclude(ended_at=None).exists():
        raise DomainError("address_ended", _("This address is not used any more."))
    case = address.party.case
    if case.spam_signs:
        raise DomainError("looked_at_first", _("Somebody here looks at your request before any mail leaves."))
    issued = code_issue(address=address, purpose=purpose)
    context = {"purpose": purpose, "code": issued.code, "expires_at": issued.row.expires_at}
    if purpose == AccessCode.Purpose.CONFIRM:
        context["confirm_url"] = absolute("confirm-address", case.organisation.slug, issued.token)
    person_write(
        case=case, template="emails/access_code", address=address, key=f"access_code:{issued.row.pk}", context=context
    )


def portal_code_ask(*, address: PartyAddress | None) -> None:
    """Have a worker mail the code, so that the page takes as long for a stranger as for the person it knows.

    A stranger's message reaches the worker too, and does nothing there. Without a broker the code is mailed at once: a
    person who waits for it counts for more than the moment that tells an outage apart.
    """
    if not task_queue("requests_app.portal_code_send", address.pk if address else NOBODY) and address is not None:
        portal_code_send(address_id=address.pk)


def portal_code_send(*, address_id: int) -> None:
    """Mail the code; nothing for NOBODY, and nothing after too many: the newest code still works."""
    address = PartyAddress.objects.select_related("party__case__organisation").filter(pk=address_id).first()
    if address is not None:
        with suppress(DomainError):
            code_send(address=address, purpose=AccessCode.Purpose.PORTAL)


@transaction.atomic
def portal_opened(*, case: Case, opened_by: str) -> None:
    """Journal that somebody opened the tracking page of a case, by its "key" or by a "code"."""
    case_journal(case=case, kind="portal.opened", actor=Actor.DATA_SUBJECT, facts={"opened_by": opened_by})
    certificate_queue(case)
