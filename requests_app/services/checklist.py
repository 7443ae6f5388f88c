"""What a package and the organisation's own record already answer: items A0-A10 of access, P1-P3 of portability.

An item of access is marked done only when the fact is stated for every processing activity that the organisation
controls; what is unknown stays open, with a note that says what is missing, for a person to find out or to justify.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.utils.translation import override as language_override

from dsar.core.actors import Actor
from dsar.core.models import ProcessingActivity
from dsar.core.texts import listed
from requests_app.case_journal import case_journal
from requests_app.models import CaseRight, ChecklistItem
from requests_app.vocabulary import ItemState


def checklist_fill(*, case_right: CaseRight) -> None:
    """Fill the open items that a package answers once it is built. Must be called in a transaction."""
    case = case_right.case
    items = list(ChecklistItem.objects.filter(case_right=case_right, state=ItemState.OPEN))
    missing: dict[str, str] = {}
    if case_right.right == "access":
        activities = _activities(case_right)
        with language_override(case.organisation.language):
            missing = {code: found(activities) for code, found in _MISSING.items()}
    else:
        items = [item for item in items if item.code in _PORTABLE]
    for item in items:
        item.note = missing.get(item.code, "")
        item.state = ItemState.OPEN if item.note else ItemState.DONE
        item.set_at = datetime.now(UTC)
    ChecklistItem.objects.bulk_update(items, ["note", "state", "set_at"])
    done = [item.code for item in items if item.state == ItemState.DONE]
    if done:
        case_journal(
            case=case,
            kind="checklist.set",
            actor=Actor.SYSTEM,
            facts={"right": case_right.right, "items": done, "state": str(ItemState.DONE)},
        )


def recipients_missing(case_right: CaseRight) -> str:
    """What is not known about the recipients of this person's data, in words; empty when each has a name."""
    return _recipients_unnamed(_activities(case_right))


def _activities(case_right: CaseRight) -> list[ProcessingActivity]:
    """What the organisation does as a controller: for the rest it answers nothing itself (GDPR art. 28)."""
    return list(
        ProcessingActivity.objects.filter(organisation=case_right.case.organisation)
        .exclude(capacity=ProcessingActivity.Capacity.PROCESSOR)
        .prefetch_related("recipients", "retention_rules")
    )


def _unstated(activities: list[ProcessingActivity], is_stated: Callable[[ProcessingActivity], bool]) -> str:
    """Which activities state nothing; empty when all do."""
    silent = [str(activity) for activity in activities if not is_stated(activity)]
    if not silent:
        return ""
    return _("Not stated for: %(activities)s.") % {"activities": listed(silent)}


def _recipients_unnamed(activities: list[ProcessingActivity]) -> str:
    """Recipients are owed by name (GDPR art. 15(1)(c), CJEU C-154/21)."""
    recipients = {recipient.pk: recipient for activity in activities for recipient in activity.recipients.all()}
    unnamed = [str(recipient) for recipient in recipients.values() if not recipient.name]
    if not unnamed:
        return _unstated(activities, lambda activity: bool(activity.recipients.all()))
    sentence = ngettext(
        "%(count)d recipient has no name: %(list)s.", "%(count)d recipients have no name: %(list)s.", len(unnamed)
    )
    return sentence % {"count": len(unnamed), "list": listed(unnamed)}


# What the package itself settles: the data of art. 20, in a form that a machine reads, and what is left out and why.
_PORTABLE = frozenset({"P1", "P2", "P3"})

_MISSING: dict[str, Callable[[list[ProcessingActivity]], str]] = {
    "A1": lambda activities: _unstated(activities, lambda activity: bool(activity.purpose)),
    "A2": lambda activities: _unstated(activities, lambda activity: bool(activity.categories)),
    "A3": _recipients_unnamed,
    "A4": lambda activities: _unstated(activities, lambda activity: bool(activity.retention_rules.all())),
    "A7": lambda activities: _unstated(activities, lambda activity: bool(activity.sources)),
    "A8": lambda activities: _unstated(activities, lambda activity: activity.automated_decisions is not None),
    "A9": lambda activities: _unstated(activities, lambda activity: activity.transfers is not None),
}
