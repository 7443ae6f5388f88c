"""Records identity checks by a handler, and tells the case when one establishes who asks (GDPR art. 12(6))."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from dsar.core.actors import Actor
from dsar.core.errors import DomainError
from dsar.core.roles import Act
from identity.models import IdentityCheck
from requests_app.case_journal import case_journal
from requests_app.models import Case
from requests_app.services import case_touch, identity_establish
from requests_app.vocabulary import Capacity

# Whoever asks more of a person than what is already there must say which doubt makes it necessary (GDPR art. 12(6)).
NEEDS_MOTIVE = frozenset(
    {IdentityCheck.Method.CALL_BACK, IdentityCheck.Method.KNOWLEDGE, IdentityCheck.Method.VIEWED}
)

# Authority to act for somebody else: the controller must be able to show that it saw it (law.md §4.3, EDPB 01/2022
# §80-81); whoever acts is established by nothing less.
AUTHORITY = frozenset(
    {IdentityCheck.Method.MANDATE, IdentityCheck.Method.PARENTAL, IdentityCheck.Method.HEIRSHIP}
)


@transaction.atomic
def identity_check_add(
    *,
    case: Case,
    method: str,
    where: str,
    result: str,
    actor: Actor,
    motive: str = "",
    version: int | None = None,
) -> IdentityCheck:
    """Record one check; with the result "established" the identity of the requester is established.

    Where somebody acts for another person, that needs an authority to act. Raises DomainError `method_unknown`,
    `where_missing`, `motive_missing`, `authority_missing` or `case_closed`; NotAllowed; Conflict.
    """
    user = actor.must(Act.CASE_WORK, case.organisation)
    case_touch(case=case, version=version)
    if case.closed_at is not None:
        raise DomainError("case_closed", _("This case is closed."))
    if method not in IdentityCheck.Method.values or result not in IdentityCheck.Result.values:
        raise DomainError("method_unknown", _("Choose one of the checks of the list."))
    if not where.strip():
        raise DomainError("where_missing", _("Say where it is on file."))
    if method in NEEDS_MOTIVE and not motive.strip():
        raise DomainError("motive_missing", _("Say which doubt made this check necessary."))
    if result == IdentityCheck.Result.ESTABLISHED:
        _authority_check(case, method)
    check = IdentityCheck.objects.create(
        case=case, method=method, where=where.strip(), motive=motive.strip(), result=result, by=user
    )
    case_journal(
        case=case,
        kind="identity.checked",
        actor=actor,
        facts={"method": method, "result": result},
        values={"where": check.where, "motive": check.motive},
    )
    if result == IdentityCheck.Result.ESTABLISHED:
        identity_establish(case=case, basis={"code": method, "where": check.where}, actor=actor)
    return check


def _authority_check(case: Case, method: str) -> None:
    requester = case.requester
    acts = requester is not None and requester.capacity != Capacity.DATA_SUBJECT
    if acts and method not in AUTHORITY:
        raise DomainError(
            "authority_missing", _("This person acts for somebody else: record which authority to act was shown.")
        )
    if not acts and method in AUTHORITY:
        raise DomainError("authority_missing", _("Nobody acts for somebody else here: choose another check."))
