"""A copy of the safeguards of transfers outside the EEA, because the person asked (GDPR arts. 13(1)(f) and 46)."""

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override as language_override

from dsar.core.actors import Actor
from dsar.core.errors import DomainError
from dsar.core.models import Organisation, ProcessingActivity, StoredFile
from dsar.core.roles import Act
from dsar.core.texts import country_name, localised
from requests_app.case_journal import case_journal
from requests_app.models import Case, Message
from requests_app.services.messages import message_send


def safeguards_stated(organisation: Organisation) -> list[str]:
    """The safeguard of each transfer on record for what the organisation controls, in the active language."""
    activities = ProcessingActivity.objects.filter(organisation=organisation).exclude(
        capacity=ProcessingActivity.Capacity.PROCESSOR
    )
    return [
        gettext("%(activity)s, %(country)s: %(safeguard)s") % {
            "activity": activity,
            "country": country_name(transfer.get("country") or "") or gettext("country not stated"),
            "safeguard": localised(transfer.get("safeguard")) or gettext("safeguard not stated"),
        }
        for activity in activities
        for transfer in activity.transfers or ()
    ]


@transaction.atomic
def safeguards_send(
    *, case: Case, text: str, files: Sequence[StoredFile] = (), actor: Actor, version: int | None = None
) -> Message:
    """Send what the record states of the safeguards, the handler's words and the documents, on the tracking page.

    `files` hold the safeguards themselves, such as the standard contractual clauses. Raises DomainError
    `safeguards_missing` where there is neither a word nor a file beyond the record, and the record states none.
    """
    actor.must(Act.CASE_WORK, case.organisation)
    with language_override(case.language):
        stated = safeguards_stated(case.organisation)
        intro = gettext("You asked what protects your data when they leave the European Economic Area. Here it is.")
    if not (stated or text.strip() or files):
        raise DomainError(
            "safeguards_missing", _("The record states no transfer: write what applies, or attach the documents.")
        )
    parts = [intro, "\n".join(f"– {line}" for line in stated), text.strip()]
    body = "\n\n".join(part for part in parts if part)
    message = message_send(case=case, body=body, files=files, actor=actor, version=version)
    case_journal(
        case=case,
        kind="safeguards.sent",
        actor=actor,
        facts={"files": [stored.sha256 for stored in files], "stated": len(stated)},
    )
    return message
