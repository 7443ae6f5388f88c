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

    Raises DomainError `codes_too_many`, or `looked_at_first` while a person has yet to see that no machine asks.
    """
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
