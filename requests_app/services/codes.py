"""Codes on their way to the person, and the tracking page they open."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from dsar.core.actors import Actor
from dsar.core.errors import DomainError
from dsar.core.journal import journal_append
from requests_app.access_codes import code_issue
from requests_app.correspondence import absolute, person_write
from requests_app.models import AccessCode, Case, PartyAddress


@transaction.atomic
def code_send(*, address: PartyAddress, purpose: str) -> None:
    """Mail a fresh code to an address of a case, with a link where it is to be confirmed.

    Raises DomainError `codes_too_many`, or `address_ended` for one that was replaced by another.
    """
    if PartyAddress.objects.filter(pk=address.pk).exclude(ended_at=None).exists():
        raise DomainError("address_ended", _("This address is not used any more."))
    case = address.party.case
    issued = code_issue(address=address, purpose=purpose)
    context = {"purpose": purpose, "code": issued.code, "expires_at": issued.row.expires_at}
    if purpose == AccessCode.Purpose.CONFIRM:
        context["confirm_url"] = absolute("confirm-address", case.organisation.slug, issued.token)
    person_write(
        case=case, template="emails/access_code", address=address, key=f"access_code:{issued.row.pk}", context=context
    )


@transaction.atomic
def portal_opened(*, case: Case, opened_by: str) -> None:
    """Journal that somebody opened the tracking page of a case, by its "key" or by a "code"."""
    journal_append(
        chain=case.chain,
        organisation=case.organisation,
        kind="portal.opened",
        actor=Actor.DATA_SUBJECT,
        facts={"opened_by": opened_by},
    )
