"""A person looks at a request that looked like the work of a machine, and lets it go on."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from dsar.core.actors import Actor
from dsar.core.errors import DomainError
from dsar.core.roles import Act
from requests_app.case_journal import case_journal
from requests_app.models import Case, PartyAddress
from requests_app.services.cases import case_touch
from requests_app.services.intake import case_acknowledge


@transaction.atomic
def case_vouch(*, case: Case, actor: Actor, version: int | None = None) -> None:
    """Somebody looked: the request goes on like any other, and its acknowledgement leaves now.

    The clock has run since the request arrived (GDPR art. 12(3)); only our own mail waited. Raises DomainError
    `nothing_to_vouch` for a case that shows no sign.
    """
    actor.must(Act.CASE_WORK, case.organisation)
    case_touch(case=case, version=version)
    case.refresh_from_db(fields=["spam_signs"])
    if not case.spam_signs:
        raise DomainError("nothing_to_vouch", _("Nothing is to be looked at here any more."))
    signs, case.spam_signs = case.spam_signs, []
    case.save(update_fields=["spam_signs"])
    case_journal(case=case, kind="case.vouched", actor=actor, facts={"signs": signs})
    addresses = list(PartyAddress.objects.in_use(case).select_related("party__case__organisation").order_by("pk"))
    case_acknowledge(case=case, rights=list(case.rights.all()), addresses=addresses)
