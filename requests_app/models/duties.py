"""What single rights ask of the controller beside an answer: recipients told, data frozen, statements, human review."""

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q

from dsar.core.models import Organisation, Recipient, User
from dsar.core.privacy import PURGE, Fate, keep
from dsar.core.roles import Act, roles_with
from requests_app.models.answers import Deliverable
from requests_app.models.cases import CaseRight, OfCaseRightQuerySet
from requests_app.models.messages import Message, Outgoing
from requests_app.models.tasks import CaseTask
from requests_app.vocabulary import (
    DirectiveEnd,
    DirectiveKind,
    EntitledAs,
    EntitlementProof,
    HumanOutcome,
    NoticeState,
    OutgoingState,
    RestrictionGround,
)

UNTIL_DEATH = keep("directives are kept until they are carried out after the death (loi 78-17 art. 85)")


class RecipientNotice(models.Model):
    """One recipient to be told of a rectification, erasure or restriction (GDPR art. 19)."""

    case_right = models.ForeignKey(CaseRight, on_delete=models.PROTECT, related_name="recipient_notices")
    recipient = models.ForeignKey(Recipient, null=True, on_delete=models.SET_NULL, related_name="+")
    name = models.CharField(max_length=300)  # as it was called when the line was made
    state = models.CharField(max_length=16, choices=NoticeState.choices, default=NoticeState.TO_NOTIFY)
    means = models.CharField(max_length=300, blank=True)
    notified_on = models.DateField(null=True, blank=True)
    why = models.TextField(blank=True)  # why impossible or disproportionate
    set_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField(null=True)

    objects = OfCaseRightQuerySet.as_manager()

    personal: ClassVar[dict[str, Fate]] = {"means": PURGE, "why": PURGE}
    impersonal: ClassVar[tuple[str, ...]] = ("name",)

    class Meta:
        ordering = ("pk",)
        constraints = [
            models.UniqueConstraint(
                fields=["case_right", "recipient"], name="recipient_notice_unique", condition=~Q(recipient=None)
            )
        ]

    def __str__(self) -> str:
        return f"{self.case_right} {self.name}"

    @property
    def is_settled(self) -> bool:
        return self.state != NoticeState.TO_NOTIFY


class RestrictionQuerySet(OfCaseRightQuerySet):
    def in_force(self) -> Self:
        """Restrictions that nobody has lifted."""
        return self.filter(lifted_at=None)


class Restriction(models.Model):
    """Data that may only be stored (GDPR art. 18): since when, why, until a date to look again.

    Lifting needs the person to be told first (art. 18(3)): `told_at` is when that letter left. Prolonging takes
    a letter back that was written before.
    """

    case_right = models.ForeignKey(CaseRight, on_delete=models.PROTECT, related_name="restrictions")
    ground = models.CharField(max_length=1, choices=RestrictionGround.choices)
    scope = models.TextField()  # in the person's language: it stands in the letter
    since = models.DateTimeField()
    review_on = models.DateField()
    review_task = models.ForeignKey(CaseTask, null=True, on_delete=models.PROTECT, related_name="+")  # the day came
    begun_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    lift_reason = models.TextField(blank=True)  # in the person's language: it stands in the letter
    announced_at = models.DateTimeField(null=True)
    announced_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    lift_message = models.ForeignKey(Message, null=True, on_delete=models.PROTECT, related_name="+")
    letter = models.ForeignKey(Deliverable, null=True, on_delete=models.PROTECT, related_name="+")
    mail = models.ForeignKey(Outgoing, null=True, on_delete=models.PROTECT, related_name="+")
    told_at = models.DateTimeField(null=True)
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    objects = RestrictionQuerySet.as_manager()

    personal: ClassVar[dict[str, Fate]] = {"scope": PURGE, "lift_reason": PURGE}
    impersonal: ClassVar[tuple[str, ...]] = ("ground",)

    class Meta:
        ordering = ("pk",)
        constraints = [
            models.UniqueConstraint(fields=["case_right"], name="restriction_unique", condition=Q(lifted_at=None))
        ]
        indexes = [
            models.Index(
                fields=["review_on"], name="restriction_review", condition=Q(lifted_at=None, review_task=None)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_right} restricted"

    @property
    def is_to_post(self) -> bool:
        """Whether the letter before lifting must leave by post: there is no mailbox, or it refused the mail."""
        return self.may_post and (self.mail is None or self.mail.state != OutgoingState.PENDING)

    @property
    def may_post(self) -> bool:
        """Whether that letter may leave by post: also instead of a mail that waits, as behind an outage."""
        waits = (OutgoingState.PENDING, OutgoingState.FAILED, OutgoingState.STOPPED)
        is_written = self.announced_at is not None and self.told_at is None
        return is_written and (self.mail is None or self.mail.state in waits)


class Statement(models.Model):
    """The person's own statement, put beside data that we did not correct (GDPR art. 16, last sentence)."""

    case_right = models.ForeignKey(CaseRight, on_delete=models.PROTECT, related_name="statements")
    text = models.TextField()
    received_at = models.DateTimeField()
    attached_on = models.DateField(null=True)
    attached_where = models.TextField(blank=True)
    set_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    objects = OfCaseRightQuerySet.as_manager()

    personal: ClassVar[dict[str, Fate]] = {"text": PURGE, "attached_where": PURGE}
    impersonal: ClassVar[tuple[str, ...]] = ()

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.case_right} statement"


class HumanReview(models.Model):
    """A person with power to change it looked at an automated decision (GDPR art. 22(3))."""

    case_right = models.ForeignKey(CaseRight, on_delete=models.PROTECT, related_name="human_reviews")
    decision_reviewed = models.TextField()
    reviewer = models.CharField(max_length=300)  # function or name, as the letter gives it
    competence = models.TextField()  # why this person can judge and may change it
    reviewed_on = models.DateField()
    person_view = models.TextField(blank=True)  # what the person said, as it was considered
    outcome = models.CharField(max_length=12, choices=HumanOutcome.choices)
    reasons = models.TextField()
    set_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField()

    objects = OfCaseRightQuerySet.as_manager()

    personal: ClassVar[dict[str, Fate]] = {
        "decision_reviewed": PURGE,
        "reviewer": PURGE,
        "competence": PURGE,
        "person_view": PURGE,
        "reasons": PURGE,
    }
    impersonal: ClassVar[tuple[str, ...]] = ()

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.case_right} reviewed"


class DirectiveQuerySet(models.QuerySet["Directive"]):
    def visible_to(self, user: User) -> Self:
        """Directives of organisations whose cases the user may read."""
        return self.filter(
            organisation__memberships__user=user, organisation__memberships__role__in=roles_with(Act.CASE_READ)
        ).distinct()

    def in_force(self) -> Self:
        """Neither revoked, replaced nor carried out."""
        return self.filter(ended_at=None)


class Directive(models.Model):
    """What a living person wants done with their data after their death (loi 78-17 art. 85), kept until then.

    It names the person itself, because it outlives the case in which it was registered.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="directives")
    case_right = models.ForeignKey(CaseRight, on_delete=models.PROTECT, related_name="directives")
    kind = models.CharField(max_length=12, choices=DirectiveKind.choices)
    text = models.TextField()
    name = models.CharField(max_length=300)
    name_search = models.CharField(max_length=300, db_index=True)  # words of the name, sorted, folded
    email = models.CharField(max_length=320, blank=True, db_index=True)  # normalised
    identifier = models.CharField(max_length=200, blank=True, db_index=True)  # normalised
    executor = models.TextField(blank=True)  # who carries them out, and how to reach them
    registered_at = models.DateTimeField()
    registered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    end = models.CharField(max_length=12, choices=DirectiveEnd.choices, blank=True)

    objects = DirectiveQuerySet.as_manager()

    personal: ClassVar[dict[str, Fate]] = {
        "text": UNTIL_DEATH,
        "name": UNTIL_DEATH,
        "name_search": UNTIL_DEATH,
        "email": UNTIL_DEATH,
        "identifier": UNTIL_DEATH,
        "executor": UNTIL_DEATH,
    }
    impersonal: ClassVar[tuple[str, ...]] = ()

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"directive {self.pk}"


class Entitlement(models.Model):
    """Why somebody may act on the data of a person who has died (loi 78-17 art. 85); what was seen is not kept."""

    case_right = models.ForeignKey(CaseRight, on_delete=models.PROTECT, related_name="entitlements")
    entitled_as = models.CharField(max_length=12, choices=EntitledAs.choices)
    proof = models.CharField(max_length=12, choices=EntitlementProof.choices)
    directive = models.ForeignKey(Directive, null=True, on_delete=models.PROTECT, related_name="+")
    note = models.TextField(blank=True)
    set_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField()

    objects = OfCaseRightQuerySet.as_manager()

    personal: ClassVar[dict[str, Fate]] = {"note": PURGE}
    impersonal: ClassVar[tuple[str, ...]] = ()

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.case_right} {self.entitled_as}"
