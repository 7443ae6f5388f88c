"""The queue of cases: its views, filters and totals, one keyset page at a time, so that its cost does not grow."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from dsar.core.models import User
from dsar.core.rights import RIGHTS
from requests_app.clock_ruler import MiniRuler
from requests_app.clock_words import DueWords
from requests_app.desk_dates import right_due, right_mini_ruler
from requests_app.models import Case, CaseRight, CaseTask, Complaint, Message, Party
from requests_app.vocabulary import ACTING, Capacity, Channel, Review, Stage, TaskKind

PAGE = 50  # cases
WEEK = timedelta(days=7)
WRITTEN = TaskKind.MESSAGE_AFTER_ANSWER  # one open task a case: services.reopening


@dataclass(frozen=True)
class View:
    """One saved view: its name, what the table shows, and what an empty one means."""

    code: str
    name: str | Promise
    empty: str | Promise
    newest_first: bool = False


VIEWS = {
    view.code: view
    for view in (
        View("my", _("My cases"), _("You handle no open case. Take one from “Unassigned”.")),
        View("team", _("My team"), _("Your team has no open case.")),
        View("unassigned", _("Unassigned"), _("Every open case has somebody who handles it.")),
        View("week", _("Due in 7 days"), _("Nothing is due in the next 7 days.")),
        View("overdue", _("Overdue"), _("Nothing is overdue.")),
        View("review", _("In review"), _("No decision and no extension waits for a second person.")),
        View("look", _("To be looked at"), _("No request waits for a look before our mail leaves.")),
        View("paused", _("Paused"), _("No clock stands still.")),
        View("written", _("Written after the answer"), _("Nobody has written after their answer.")),
        View("open", _("All open"), _("No case is open.")),
        View("closed", _("Closed"), _("No case has been closed yet."), newest_first=True),
        View("any", _("All cases"), _("No case matches."), newest_first=True),
    )
}
RAIL = tuple(view for view in VIEWS.values() if view.code != "any")


@dataclass(frozen=True)
class QueueQuery:
    """What the address of the page asks for; a value that does not exist counts as not given."""

    view: str = "open"
    organisation: str = ""
    right: str = ""
    stage: str = ""
    channel: str = ""
    text: str = ""
    after: str = ""

    @classmethod
    def read(cls, parameters: Mapping[str, str]) -> "QueueQuery":
        """From GET parameters; never raises."""
        text = parameters.get("q", "").strip()[:200]
        view = parameters.get("view", "")
        return cls(
            view=view if view in VIEWS else "open",
            organisation=parameters.get("organisation", "")[:50],
            right=_known(parameters.get("right", ""), RIGHTS),
            stage=_known(parameters.get("stage", ""), Stage.values),
            channel=_known(parameters.get("channel", ""), Channel.values),
            text=text,
            after=parameters.get("after", "")[:40],
        )

    @property
    def is_filtered(self) -> bool:
        """Whether anything narrows the view."""
        return any((self.organisation, self.right, self.stage, self.channel, self.text))

    def query_string(self, **changes: str) -> str:
        """The same list with some parameters changed, for a link."""
        asked = replace(self, **changes)
        named = {
            "view": asked.view, "organisation": asked.organisation, "right": asked.right, "stage": asked.stage,
            "channel": asked.channel, "q": asked.text, "after": asked.after,
        }
        return urlencode({name: value for name, value in named.items() if value})


def _known(value: str, vocabulary: Any) -> str:
    return value if value in vocabulary else ""


@dataclass(frozen=True)
class QueueRow:
    """One case as the table shows it."""

    case: Case
    who: str
    acting_for: str
    rights: list[CaseRight]
    lead: CaseRight  # the right whose date comes first, else the last one answered
    due: DueWords
    ruler: MiniRuler
    unread: int
    is_complained: bool
    is_hot: bool

    @property
    def stage(self) -> str:
        """The stage of the right whose date the row shows, in words; closed cases say so."""
        return gettext("Closed") if self.case.closed_at else self.lead.get_stage_display()


@dataclass(frozen=True)
class QueuePage:
    """One page; `after` is the key of its last row when more follow."""

    rows: list[QueueRow]
    after: str


def queue_page(user: User, query: QueueQuery, today: date) -> QueuePage:
    """The cases of a view, nearest date first, from behind `query.after`: a constant number of queries."""
    newest_first = VIEWS[query.view].newest_first
    cases = _filtered(_in_view(Case.objects.visible_to(user), user, query.view, today), query)
    cases = _after(cases, query.after, newest_first=newest_first)
    order = ("-id",) if newest_first else ("next_on", "id")
    found = list(_with_rows(cases).order_by(*order)[: PAGE + 1])
    shown = found[:PAGE]
    after = ""
    if len(found) > PAGE:
        last = shown[-1]
        after = f"{last.pk}" if newest_first else f"{last.next_on.isoformat()}.{last.pk}"
    return QueuePage([_row(case, today) for case in shown], after)


def queue_totals(user: User, today: date) -> dict[str, int]:
    """How many cases each view holds, by two queries; `week` does not count what is overdue."""
    counted = {
        code: Count("pk", filter=_condition(user, code, today))
        for code in ("my", "team", "unassigned", "week", "overdue", "review", "look", "paused", "open")
    }
    today_too = Count("pk", filter=_due_between(today, today))
    totals = Case.objects.visible_to(user).open().aggregate(**counted, today=today_too)
    # Closed cases too, so it is not counted among the open ones: an index knows the open tasks of this kind.
    return {**totals, "written": CaseTask.objects.visible_to(user).open().filter(kind=WRITTEN).count()}


def _unanswered(**conditions: Any) -> Exists:
    rights = CaseRight.objects.filter(case=OuterRef("pk"), **conditions).exclude(stage=Stage.ANSWERED)
    return Exists(rights)


def _due_between(first: date, last: date) -> Q:
    return Q(_unanswered(due_on__range=(first, last))) | Q(_unanswered(target_on__range=(first, last)))


def _condition(user: User, view: str, today: date) -> Q:
    teams = [row.team_id for row in user.memberships_cached if row.team_id]
    conditions = {
        "my": Q(assignee=user),
        "team": Q(team__in=teams),
        "unassigned": Q(assignee=None),
        "week": _due_between(today, today + WEEK),
        "overdue": Q(_unanswered(due_on__lt=today)) | Q(_unanswered(target_on__lt=today)),
        "review": Q(_unanswered(stage=Stage.IN_REVIEW)) | Q(_unanswered(extensions__review=Review.WAITING)),
        "look": ~Q(spam_signs=[]),
        "paused": Q(_unanswered(due_on=None)),
        "open": Q(closed_at=None),
    }
    return conditions[view]


def _in_view(cases: QuerySet[Case], user: User, view: str, today: date) -> QuerySet[Case]:
    if view == "any":
        return cases
    if view == "written":
        return cases.filter(Exists(CaseTask.objects.open().filter(case=OuterRef("pk"), kind=WRITTEN)))
    if view == "closed":
        return cases.exclude(closed_at=None)
    return cases.filter(_condition(user, view, today), closed_at=None)


def _filtered(cases: QuerySet[Case], query: QueueQuery) -> QuerySet[Case]:
    if query.organisation:
        cases = cases.filter(organisation__slug=query.organisation)
    if query.channel:
        cases = cases.filter(channel=query.channel)
    if query.right or query.stage:
        asked = {name: value for name, value in (("right", query.right), ("stage", query.stage)) if value}
        cases = cases.filter(Exists(CaseRight.objects.filter(case=OuterRef("pk"), **asked)))
    # `search` belongs to the model's own QuerySet, which every filter above keeps.
    return cases.search(query.text) if query.text else cases  # type: ignore[attr-defined]


def _after(cases: QuerySet[Case], after: str, *, newest_first: bool) -> QuerySet[Case]:
    """Behind the key of the last row seen; a key that cannot be read starts again from the first page."""
    try:
        if newest_first:
            return cases.filter(pk__lt=int(after)) if after else cases
        day, _dot, number = after.partition(".")
        if not number:
            return cases
        last_on, last_id = date.fromisoformat(day), int(number)
    except ValueError:
        return cases
    # The first condition repeats what the second says, in the form that an index on (next_on, id) serves.
    return cases.filter(Q(next_on__gte=last_on), Q(next_on__gt=last_on) | Q(pk__gt=last_id))


def _with_rows(cases: QuerySet[Case]) -> QuerySet[Case]:
    unread = (
        # The request itself is no news: whoever takes the case reads it first.
        Message.objects.unread()
        .filter(case=OuterRef("pk"))
        .order_by()
        .values("case")
        .annotate(count=Count("pk"))
        .values("count")
    )
    return (
        cases.select_related("organisation", "assignee")
        .defer("text", "search_text")
        .annotate(
            unread=Coalesce(unread, 0),
            complained=Exists(Complaint.objects.filter(case=OuterRef("pk"), ended_on=None)),
        )
        .prefetch_related("rights", Prefetch("parties", Party.objects.order_by("pk")))
    )


def lead_right(rights: list[CaseRight]) -> CaseRight:
    """The right whose date comes first among those not answered, else the last one answered."""
    waiting = [right for right in rights if not right.is_answered]
    if waiting:
        return min(waiting, key=lambda right: (right.matters_on, right.pk))
    return max(rights, key=lambda right: (right.answered_at is not None, right.answered_at, right.pk))


def _row(case: Case, today: date) -> QueueRow:
    rights = list(case.rights.all())
    lead = lead_right(rights)
    who, acting_for = people(case)
    due = right_due(lead, today)
    return QueueRow(
        case=case,
        who=who,
        acting_for=acting_for,
        rights=rights,
        lead=lead,
        due=due,
        ruler=right_mini_ruler(lead, today),
        unread=case.unread,  # type: ignore[attr-defined]  # annotated above
        is_complained=case.complained,  # type: ignore[attr-defined]  # annotated above
        is_hot=due.css == "late",
    )


def people(case: Case) -> tuple[str, str]:
    """Who acts and, when that is somebody else, for whom; empty where no name was given. Reads prefetched parties."""
    parties = list(case.parties.all())
    subject = next((party.name for party in parties if party.capacity == Capacity.DATA_SUBJECT), "")
    acting = next((party.name for party in parties if party.capacity in ACTING), "")
    return (acting, subject) if acting else (subject, "")
