"""Rights as the reminders see them, and who is told: read for many rights at once, in a constant number of queries."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db.models import Min

from dsar.core.jurisdictions import jurisdiction
from dsar.core.models import Membership, Organisation
from dsar.core.roles import ACTS, Act, Role
from requests_app.deadlines import local_date
from requests_app.models import Case, CaseRight, Decision, Extension, Message, Outgoing, Suspension
from requests_app.reminder_rules import RULES, Target, Watched, is_escalated, reached, targets
from requests_app.rights_table import ADVERSE
from requests_app.services.extensions import extension_refusal
from requests_app.vocabulary import OutgoingState, Overtaken, ReminderKind, Review, Stage

IN_HANDS = (Stage.IN_REVIEW, Stage.DECIDED)  # written, not told yet


@dataclass
class Roster:
    """Who of one organisation may be told; active accounts only."""

    workers: dict[int, int | None] = field(default_factory=dict)  # member → team
    reviewers: set[int] = field(default_factory=set)
    answerable: set[int] = field(default_factory=set)  # the data protection officer, else the privacy lead

    def handlers(self, case: Case) -> set[int]:
        """Who works on a case: its assignee, else the members of its team, else everybody who may."""
        if case.assignee_id in self.workers:
            return {case.assignee_id}
        team = {member for member, team_id in self.workers.items() if team_id and team_id == case.team_id}
        return team or set(self.workers)


@dataclass(frozen=True)
class Watch:
    """One right with what is watched of it, and the people."""

    case_right: CaseRight
    watched: Watched
    roster: Roster
    authors: frozenset[int]  # of what waits for a second person

    @property
    def lines(self) -> list[tuple[Target, int]]:
        """Each date with each of its thresholds that is reached."""
        return [
            (target, threshold) for target in targets(self.watched) for threshold in reached(target, self.watched)
        ]

    def told(self, kind: ReminderKind, threshold: int) -> dict[int, bool]:
        """Who is told of that threshold, and to whom it is an escalation; nobody is told of it twice."""
        handlers = (
            self.roster.reviewers - self.authors
            if kind == ReminderKind.REVIEW
            else self.roster.handlers(self.case_right.case)
        )
        above = self.roster.answerable if is_escalated(kind, threshold) or not handlers else ()
        return {**dict.fromkeys(above, True), **dict.fromkeys(handlers, False)}

    def overtaken(self, kind: ReminderKind, threshold: int, target_on: date, user_id: int) -> Overtaken | None:
        """Why a line written earlier is not to be told any more; None while it still holds."""
        dates = {target.on for target in targets(self.watched) if target.kind == kind}
        if target_on in dates:
            return None if user_id in self.told(kind, threshold) else Overtaken.HANDED_ON
        if dates:
            return Overtaken.DATE_CHANGED
        if self.watched.is_answered and kind != ReminderKind.UNREAD:
            return Overtaken.ANSWERED
        stands_still = RULES[kind].alerts and self.watched.due_on is None
        return Overtaken.SUSPENDED if stands_still else Overtaken.DONE


def watches(rights: Sequence[CaseRight], now: datetime) -> dict[int, Watch]:
    """By id of the right, as seen at the aware instant `now`. `case__organisation` must be loaded.

    Raises DomainError for an organisation whose jurisdiction or time zone is not known.
    """
    cases = {right.case_id: right.case for right in rights}
    of_cases, of_rights = _CaseFacts(cases), _RightFacts(rights)
    rosters = rosters_of({case.organisation for case in cases.values()})
    return {
        right.pk: Watch(
            right,
            _watched(right, now, of_cases, of_rights, rosters[right.case.organisation_id]),
            rosters[right.case.organisation_id],
            frozenset(of_rights.authors.get(right.pk, ())),
        )
        for right in rights
    }


def rosters_of(organisations: set[Organisation]) -> dict[int, Roster]:
    """By id of the organisation, in two queries."""
    rosters = {organisation.pk: Roster() for organisation in organisations}
    members = Membership.objects.filter(organisation__in=organisations, user__is_active=True)
    for organisation_id, user_id, team_id, role in members.values_list("organisation_id", "user_id", "team_id", "role"):
        roster = rosters[organisation_id]
        if Act.CASE_WORK in ACTS[Role(role)]:
            roster.workers[user_id] = team_id
        if Act.CASE_REVIEW in ACTS[Role(role)]:
            roster.reviewers.add(user_id)
        if role == Role.DPO:
            roster.answerable.add(user_id)
    leads = Organisation.objects.filter(pk__in=rosters, privacy_lead__is_active=True)
    for organisation_id, lead_id in leads.values_list("pk", "privacy_lead_id"):
        if lead_id and not rosters[organisation_id].answerable:
            rosters[organisation_id].answerable.add(lead_id)
    return rosters


class _CaseFacts:
    """What is watched of cases as a whole. One right of each case carries it, so that nobody is told twice."""

    def __init__(self, cases: dict[int, Case]) -> None:
        self.carriers: dict[int, int] = {}
        for case_id, right_id, stage in (
            CaseRight.objects.filter(case__in=cases).order_by("pk").values_list("case_id", "pk", "stage")
        ):
            if stage != Stage.ANSWERED:
                self.carriers.setdefault(case_id, right_id)
        for case_id, first in (
            CaseRight.objects.filter(case__in=set(cases) - set(self.carriers))
            .order_by().values_list("case_id").annotate(first=Min("pk"))
        ):  # fmt: skip
            self.carriers[case_id] = first
        unread = Message.objects.unread().filter(case__in=cases).order_by()
        self.unread: dict[int, datetime] = dict(unread.values_list("case_id").annotate(first=Min("at")))
        keys = [f"acknowledgement:{case.reference}" for case in cases.values()]
        unsent = Outgoing.objects.filter(key__in=keys).exclude(state=OutgoingState.SENT)
        self.unacknowledged = set(unsent.values_list("case_id", flat=True))


class _RightFacts:
    """What is watched of each right beside its cached dates."""

    def __init__(self, rights: Sequence[CaseRight]) -> None:
        self.asked: dict[int, list[datetime]] = {}
        self.extended: set[int] = set()
        self.extensions_in_review: set[int] = set()
        self.authors: dict[int, list[int]] = {}
        asked = Suspension.rights.through.objects.filter(caseright__in=rights, suspension__answered_at=None)
        for right_id, asked_at in asked.values_list("caseright_id", "suspension__asked_at"):
            if asked_at is not None:  # a question that has not left suspends nothing
                self.asked.setdefault(right_id, []).append(asked_at)
        waiting = Review.WAITING
        gone = (Review.SENT_BACK, Review.OVERTAKEN)
        extensions = Extension.objects.filter(case_right__in=rights).exclude(review__in=gone)
        for right_id, sent_at, review, author_id in extensions.order_by().values_list(
            "case_right_id", "sent_at", "review", "author_id"
        ):
            if sent_at is not None:
                self.extended.add(right_id)
            elif review == waiting:
                self.extensions_in_review.add(right_id)
                self.authors.setdefault(right_id, []).append(author_id)
        decisions = Decision.objects.filter(case_right__in=rights, review=waiting).order_by()
        for right_id, author_id in decisions.values_list("case_right_id", "author_id"):
            self.authors.setdefault(right_id, []).append(author_id)


def _watched(
    right: CaseRight, now: datetime, of_cases: _CaseFacts, of_rights: _RightFacts, roster: Roster
) -> Watched:
    case, organisation = right.case, right.case.organisation

    def on(moment: datetime) -> date:
        return local_date(moment, organisation.time_zone)

    today, received_on = on(now), on(case.received_at)
    carries = of_cases.carriers[case.pk] == right.pk
    unread_at = of_cases.unread.get(case.pk)
    adverse = right.stage in IN_HANDS and right.outcome in ADVERSE
    return Watched(
        today=today,
        calendar=jurisdiction(organisation.jurisdiction).calendar,
        is_answered=right.is_answered,
        is_in_review=right.stage == Stage.IN_REVIEW,
        prudent_due_on=right.prudent_due_on,
        due_on=right.due_on,
        target_on=right.target_on,
        extension_notice_on=(
            right.extension_notice_prudent_on
            if right.pk not in of_rights.extended and extension_refusal(right, today) is None
            else None
        ),
        extension_review_on=right.extension_notice_prudent_on if right.pk in of_rights.extensions_in_review else None,
        refusal_notice_on=right.refusal_notice_due_on if adverse else None,
        asked_on=tuple(on(asked_at) for asked_at in of_rights.asked.get(right.pk, ())),
        unassigned_since=received_on if carries and case.assignee_id not in roster.workers else None,
        unacknowledged_since=received_on if carries and case.pk in of_cases.unacknowledged else None,
        unread_since=on(unread_at) if carries and unread_at else None,
    )
