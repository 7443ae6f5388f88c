"""Work for people and for the machine on a case, and the table that routes it to a team."""

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q

from dsar.core.models import Organisation, Team, User
from dsar.core.privacy import PURGE, Fate
from dsar.core.rights import RIGHT_CHOICES
from dsar.core.roles import Act, Role, roles_with
from requests_app.models.cases import Case, CaseRight
from requests_app.vocabulary import TaskKind, TaskState


class CaseTaskQuerySet(models.QuerySet["CaseTask"]):
    def visible_to(self, user: User) -> Self:
        """Tasks of readable cases; a contributor sees only their own and their team's."""
        own = Q(case__organisation__memberships__role=Role.CONTRIBUTOR) & (
            Q(assignee=user) | Q(assignee=None, team__memberships__user=user)
        )
        readable = Q(case__organisation__memberships__role__in=roles_with(Act.CASE_READ))
        return self.filter(Q(case__organisation__memberships__user=user) & (own | readable)).distinct()

    def open(self) -> Self:
        """Tasks not done and not cancelled."""
        return self.filter(state=TaskState.OPEN)

    def of_member(self, user: User) -> Self:
        """Work that waits for this member: theirs, and what nobody of their teams has taken; not the machine's."""
        own = Q(assignee=user) | Q(assignee=None, team__memberships__user=user)
        return self.filter(own, automatic=False).distinct()


class CaseTask(models.Model):
    """One piece of work. Blocking: the right cannot go to review or be decided while it is open."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="tasks")
    case_right = models.ForeignKey(CaseRight, on_delete=models.PROTECT, related_name="tasks")
    kind = models.CharField(max_length=24, choices=TaskKind.choices)
    subject_key = models.CharField(max_length=100, blank=True)  # "source:crm"; routing rules match this text
    label = models.CharField(max_length=200, blank=True)  # name of the subject, as a source calls itself
    blocking = models.BooleanField(default=True)
    automatic = models.BooleanField(default=False)  # done by the machine; a person only watches
    state = models.CharField(max_length=12, choices=TaskState.choices, default=TaskState.OPEN)
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.PROTECT, related_name="tasks")
    assignee = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="tasks")
    result = models.JSONField(default=dict)  # {"records": 12} or {"nothing_found": true}; codes and counts only
    note = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    finished_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    objects = CaseTaskQuerySet.as_manager()

    personal: ClassVar[dict[str, Fate]] = {"note": PURGE}
    impersonal: ClassVar[tuple[str, ...]] = ("subject_key", "label", "result")

    class Meta:
        ordering = ("pk",)
        constraints = [models.UniqueConstraint(fields=["case_right", "kind", "subject_key"], name="case_task_unique")]
        indexes = [
            models.Index(fields=["kind"], name="case_task_open", condition=models.Q(state="open")),
        ]

    def __str__(self) -> str:
        return f"{self.case.reference} {self.kind} {self.subject_key}"


class RoutingRuleQuerySet(models.QuerySet["RoutingRule"]):
    def visible_to(self, user: User) -> Self:
        """Rules of the organisations the user belongs to."""
        return self.filter(organisation__memberships__user=user).distinct()


class RoutingRule(models.Model):
    """The first rule that matches a new task names its team, and perhaps a person. Empty fields match everything."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="routing_rules")
    position = models.PositiveSmallIntegerField(default=0)
    right = models.CharField(max_length=24, choices=RIGHT_CHOICES, blank=True)
    kind = models.CharField(max_length=24, choices=TaskKind.choices, blank=True)
    subject_prefix = models.CharField(max_length=100, blank=True)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+")
    assignee = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    objects = RoutingRuleQuerySet.as_manager()

    personal: ClassVar[dict[str, Fate]] = {}
    impersonal: ClassVar[tuple[str, ...]] = ("subject_prefix",)

    class Meta:
        ordering = ("position", "pk")

    def __str__(self) -> str:
        return f"{self.organisation} {self.position} → {self.team}"
