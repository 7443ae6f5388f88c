"""Acts on a case as a whole: take it, guard it against two editors, close it."""

from datetime import UTC, date, datetime

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from dsar.core.actors import Actor
from dsar.core.errors import Conflict, DomainError
from dsar.core.roles import Act
from dsar.core.search import search_text
from requests_app.case_journal import case_journal
from requests_app.deadlines import local_date
from requests_app.models import Case, Party, PartyAddress, Restriction
from requests_app.models.cases import LOOK_NOW
from requests_app.vocabulary import Stage, TaskState


def case_lock(case: Case) -> None:
    """Hold the case until the transaction ends; first of all locks, before its rights, its questions and its journal.

    Whoever changes what hangs on a case takes it in this order, `case_touch` included, so that of two that meet one
    waits and none is thrown out. Rows that point to the case can be added meanwhile.
    """
    Case.objects.select_for_update(no_key=True).only("pk").get(pk=case.pk)


def case_touch(*, case: Case, version: int | None) -> None:
    """Count one change of the case. Raises Conflict when `version` is not the one in the database.

    None skips the guard, for acts that no person began from a page.
    """
    rows = Case.objects.filter(pk=case.pk)
    if version is not None:
        rows = rows.filter(version=version)
    if not rows.update(version=F("version") + 1):
        raise Conflict("case_changed", _("Somebody changed this case meanwhile. Look at it again, then repeat."))


def case_touch_open(*, case: Case, version: int | None) -> None:
    """As `case_touch`, for work that a closed case no longer takes. Raises DomainError `case_closed`."""
    case_touch(case=case, version=version)
    case_open_check(case)


def case_open_check(case: Case) -> None:
    """Raises DomainError `case_closed`: work on a closed case begins with a new request."""
    case.refresh_from_db(fields=["closed_at"])
    if case.closed_at is not None:
        raise DomainError("case_closed", _("This case is closed."))


def day_past_check(*, case: Case, day: date) -> None:
    """Raises DomainError `day_in_future` for a local date that the case's organisation has not reached yet."""
    if day > local_date(datetime.now(UTC), case.organisation.time_zone):
        raise DomainError("day_in_future", _("This day lies in the future."))


def case_search_refresh(case: Case) -> None:
    """Write again what the case is found by: its people, their addresses in use, its words, and what joined it."""
    parties = list(Party.objects.filter(case=case).order_by("pk"))
    addresses = PartyAddress.objects.filter(party__in=parties, ended_at=None).order_by("pk")
    case.search_text = search_text(
        case.reference,
        *(party.name for party in parties),
        *addresses.values_list("value", flat=True),
        case.text,
        *case.rights.order_by("pk").values_list("detail", flat=True),
        *case.merged.order_by("pk").values_list("reference", flat=True),
        *case.merged.order_by("pk").values_list("text", flat=True),
    )
    case.save(update_fields=["search_text"])


@transaction.atomic
def case_take(*, case: Case, actor: Actor, version: int | None = None) -> None:
    """The acting member becomes the one who handles the case."""
    user = actor.must(Act.CASE_WORK, case.organisation)
    case_touch(case=case, version=version)
    case.assignee = user
    case.save(update_fields=["assignee"])
    case.rights.awaited().update(remind_on=LOOK_NOW)  # somebody else is to be reminded now
    case_journal(case=case, kind="case.assigned", actor=actor, facts={"user": user.pk})


@transaction.atomic
def case_close(*, case: Case, actor: Actor, version: int | None = None) -> None:
    """Close an answered case; retention counts from here.

    Raises DomainError `case_not_answered`, `tasks_open`, or `restriction_in_force`: who obtained a restriction must be
    told before it ends (GDPR art. 18(3)), so the case stays open as long as it stands.
    """
    actor.must(Act.CASE_WORK, case.organisation)
    case_touch(case=case, version=version)
    if case.closed_at is not None:
        return
    if case.rights.exclude(stage=Stage.ANSWERED).exists():
        raise DomainError("case_not_answered", _("A right of this case is not answered yet."))
    if case.tasks.filter(state=TaskState.OPEN).exists():
        raise DomainError("tasks_open", _("A task of this case is still open."))
    if Restriction.objects.in_force().filter(case_right__case=case).exists():
        raise DomainError("restriction_in_force", _("Data of this case are still restricted: lift that first."))
    case.closed_at = datetime.now(UTC)
    case.save(update_fields=["closed_at"])
    case_journal(case=case, kind="case.closed", actor=actor)
