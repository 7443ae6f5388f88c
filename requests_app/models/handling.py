"""What becomes of a case beside its rights: handed on, frozen, complained about, or the start of a breach."""

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q

from dsar.core.models import ClientController, Organisation, StoredFile, SupervisoryAuthority, User
from dsar.core.privacy import PURGE, Fate
from dsar.core.roles import Act, roles_with
from requests_app.models.cases import Case, CaseRight, OfCaseQuerySet
from requests_app.models.messages import Message, Outgoing
from requests_app.vocabulary import BreachRisk, ForwardedTo, HandOver


class Forwarding(models.Model):
    """Rights handed on to who decides on the processing, with both days of arrival, until the answer is known.

    Arrival at a processor may start the controller's clock (law.md §2.3): the earlier day counts, both are kept.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="forwardings")
    rights = models.ManyToManyField(CaseRight, related_name="forwardings")
    to = models.CharField(max_length=12, choices=ForwardedTo.choices)
    client = models.ForeignKey(ClientController, null=True, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=300)
    email = models.EmailField(blank=True)
    reference_there = models.CharField(max_length=100, blank=True)  # of the case that was opened there
    why = models.TextField()
    text = models.TextField(blank=True)  # what left of the request: all of it, or what is theirs to know
    messages = models.ManyToManyField(Message, related_name="+", blank=True)  # written later, and handed on too
    files = models.ManyToManyField(StoredFile, related_name="+", blank=True)
    because = models.CharField(max_length=8, choices=HandOver.choices, blank=True)  # only to another organisation
    forwarded_at = models.DateTimeField()
    forwarded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    mail = models.ForeignKey(Outgoing, null=True, on_delete=models.PROTECT, related_name="+")
    received_there_on = models.DateField(null=True)
    answered_there_on = models.DateField(null=True)
    answer_note = models.TextField(blank=True)  # what it answered, or why nobody follows it any more
    stopped_at = models.DateTimeField(null=True)  # nobody follows it any more, although no answer is known

    objects = OfCaseQuerySet.as_manager()

    personal: ClassVar[dict[str, Fate]] = {"why": PURGE, "text": PURGE, "answer_note": PURGE}
    impersonal: ClassVar[tuple[str, ...]] = ("name", "email", "reference_there")

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.case.reference} → {self.name}"

    @property
    def is_followed(self) -> bool:
        """Whether somebody still waits to hear that the controller answered."""
        return self.to == ForwardedTo.CLIENT and self.answered_there_on is None and self.stopped_at is None


class Hold(models.Model):
    """A legal hold: nothing of this case is purged until somebody ends it (law.md §6.3)."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="holds")
    reason = models.TextField()
    begun_at = models.DateTimeField()
    begun_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    end_reason = models.TextField(blank=True)

    objects = OfCaseQuerySet.as_manager()

    personal: ClassVar[dict[str, Fate]] = {"reason": PURGE, "end_reason": PURGE}
    impersonal: ClassVar[tuple[str, ...]] = ()

    class Meta:
        ordering = ("pk",)
        constraints = [models.UniqueConstraint(fields=["case"], name="hold_unique", condition=Q(ended_at=None))]

    def __str__(self) -> str:
        return f"{self.case.reference} on hold"


class Complaint(models.Model):
    """A complaint about this case at a supervisory authority (GDPR art. 77): a state of the case, which freezes it."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="complaints")
    authority = models.ForeignKey(SupervisoryAuthority, on_delete=models.PROTECT, related_name="+")
    lodged_on = models.DateField()
    reference = models.CharField(max_length=100, blank=True)  # of the authority
    note = models.TextField(blank=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    ended_on = models.DateField(null=True)
    end_note = models.TextField(blank=True)

    objects = OfCaseQuerySet.as_manager()

    personal: ClassVar[dict[str, Fate]] = {"note": PURGE, "end_note": PURGE, "reference": PURGE}
    impersonal: ClassVar[tuple[str, ...]] = ()

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.case.reference} complaint"

    @property
    def is_in_force(self) -> bool:
        return self.ended_on is None


class BreachQuerySet(models.QuerySet["Breach"]):
    def to_notify(self) -> Self:
        """Open ones of which the authority may still have to be told: not assessed yet, or with a risk."""
        return self.filter(closed_at=None, authority_told_at=None).exclude(risk=BreachRisk.NONE)

    def visible_to(self, user: User) -> Self:
        """Breaches of organisations whose cases the user may read."""
        return self.filter(
            organisation__memberships__user=user, organisation__memberships__role__in=roles_with(Act.CASE_READ)
        ).distinct()


class Breach(models.Model):
    """A possible personal data breach (GDPR arts. 33-34): reported in one click, assessed by the DPO within hours."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="breaches")
    case = models.ForeignKey(Case, null=True, on_delete=models.PROTECT, related_name="breaches")
    what = models.TextField()
    aware_at = models.DateTimeField()
    notify_by = models.DateTimeField()  # awareness and 72 hours, through weekends (law.md §6.4)
    reported_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    alerts = models.ManyToManyField(Outgoing, related_name="breaches")  # to whoever answers for data protection
    risk = models.CharField(max_length=12, choices=BreachRisk.choices, blank=True)  # empty until assessed
    assessment = models.TextField(blank=True)
    assessed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    assessed_at = models.DateTimeField(null=True)
    authority_told_at = models.DateTimeField(null=True)
    delay_reason = models.TextField(blank=True)  # why the authority was told after the hours (art. 33(1))
    persons_told_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    close_note = models.TextField(blank=True)  # why nobody was told

    objects = BreachQuerySet.as_manager()

    personal: ClassVar[dict[str, Fate]] = {
        "what": PURGE,
        "assessment": PURGE,
        "delay_reason": PURGE,
        "close_note": PURGE,
    }
    impersonal: ClassVar[tuple[str, ...]] = ()

    class Meta:
        ordering = ("pk",)
        verbose_name_plural = "breaches"

    def __str__(self) -> str:
        return f"breach {self.pk}"

    @property
    def chain(self) -> str:
        """Key of the chain of the journal that holds what happens with it."""
        return self.case.chain if self.case else f"organisation:{self.organisation.slug}"

    @property
    def must_be_notified(self) -> bool:
        """Whether the authority may still have to be told (see `BreachQuerySet.to_notify`)."""
        return self.closed_at is None and self.authority_told_at is None and self.risk != BreachRisk.NONE
