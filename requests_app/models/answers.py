"""What was decided, and what leaves: decisions with their review, deliverables, and every download of them."""

from typing import ClassVar

from django.db import models

from dsar.core.models import StoredFile, User
from dsar.core.privacy import PURGE, Fate, keep
from requests_app.models.cases import REGISTER, Case, CaseRight, OfCaseQuerySet, OfCaseRightQuerySet
from requests_app.vocabulary import DeliverableKind, DeliverableState, Delivery, Outcome, Review


class Reviewed(models.Model):
    """Something that a member wrote and a second person reviews."""

    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField()
    review = models.CharField(max_length=16, choices=Review.choices)
    reviewer = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    reviewed_at = models.DateTimeField(null=True)
    review_note = models.TextField(blank=True)  # why sent back, or why released single-handed

    class Meta:
        abstract = True

    @property
    def is_approved(self) -> bool:
        """Whether a second person agreed, or nobody else could be asked."""
        return self.review in (Review.APPROVED, Review.SINGLE_HANDED)


class Decision(Reviewed):
    """One decision on one right: outcome, ground, reasoning, who wrote it and who reviewed it (GDPR art. 12(4)).

    A decision sent back stays; the next one is a new row. The last row is the one in force.
    """

    case_right = models.ForeignKey(CaseRight, on_delete=models.PROTECT, related_name="decisions")
    outcome = models.CharField(max_length=16, choices=Outcome.choices)
    ground = models.CharField(max_length=24, blank=True)  # see requests_app/grounds.py
    reasoning = models.TextField(blank=True)  # goes into the letter, in the person's language
    withheld = models.TextField(blank=True)
    evidence = models.TextField(blank=True)  # mandatory for the grounds marked ●
    provision = models.CharField(max_length=300, blank=True)
    kept_until = models.DateField(null=True, blank=True)  # end date of what is kept under a provision (art. 17(3))
    asked_on = models.DateField(null=True, blank=True)  # for a ground that says that we asked first; a local date
    asked_how = models.TextField(blank=True)  # only where no question of this desk shows it

    objects = OfCaseRightQuerySet.as_manager()

    personal: ClassVar[dict[str, Fate]] = {
        "reasoning": PURGE,
        "withheld": PURGE,
        "evidence": PURGE,
        "asked_how": PURGE,
        "review_note": PURGE,
        "provision": REGISTER,
        "ground": REGISTER,
    }
    impersonal: ClassVar[tuple[str, ...]] = ()

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.case_right} {self.outcome}"


class Deliverable(models.Model):
    """A file made to leave: a letter or a data package. `exports` builds packages and registers them here."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="deliverables")
    rights = models.ManyToManyField(CaseRight, related_name="deliverables")
    kind = models.CharField(max_length=12, choices=DeliverableKind.choices)
    stored_file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()  # bytes
    bears_data = models.BooleanField()  # only to a person whose identity is established
    state = models.CharField(max_length=12, choices=DeliverableState.choices, default=DeliverableState.PREPARED)
    delivery = models.CharField(max_length=16, choices=Delivery.choices, blank=True)
    single_channel_reason = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    released_at = models.DateTimeField(null=True)
    released_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    expires_at = models.DateTimeField(null=True)

    objects = OfCaseQuerySet.as_manager()

    personal: ClassVar[dict[str, Fate]] = {
        "sha256": keep("fingerprint of what was sent (GDPR art. 5(2))"),
        "single_channel_reason": PURGE,
    }
    impersonal: ClassVar[tuple[str, ...]] = ()

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.case.reference} {self.kind}"


class OfDeliverableQuerySet(OfCaseQuerySet):
    case_path = "deliverable__case"


class Download(models.Model):
    """One download of a deliverable by the person; each is journaled too."""

    deliverable = models.ForeignKey(Deliverable, on_delete=models.PROTECT, related_name="downloads")
    at = models.DateTimeField(auto_now_add=True)
    opened_by = models.CharField(max_length=16)  # how the portal was opened: key or code
    second_channel = models.CharField(max_length=16, blank=True)

    objects = OfDeliverableQuerySet.as_manager()

    personal: ClassVar[dict[str, Fate]] = {}
    impersonal: ClassVar[tuple[str, ...]] = ("opened_by", "second_channel")

    def __str__(self) -> str:
        return f"download {self.pk}"
