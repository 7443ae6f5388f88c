"""What moves a clock, and what watches it: questions that suspend it, extensions, reminders and their digests."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from dsar.core.models import Team, User
from dsar.core.privacy import PURGE, Fate
from requests_app.models.answers import Reviewed
from requests_app.models.cases import Case, CaseRight, OfCaseQuerySet, OfCaseRightQuerySet
from requests_app.models.messages import Message, Outgoing
from requests_app.vocabulary import (
    DigestState,
    ExtensionReason,
    OutgoingState,
    Overtaken,
    ReminderKind,
    Review,
    SuspensionEnd,
    SuspensionReason,
)


class SuspensionQuerySet(OfCaseQuerySet):
    def open(self) -> "SuspensionQuerySet":
        """Questions that nobody has answered, whether or not they have left yet."""
        return self.filter(answered_at=None)


class Suspension(models.Model):
    """A question to the person that suspends some rights' clocks, from the day it left to the day of the answer.

    EDPB Guidelines 01/2022 §159; in France décret 2019-536 art. 77. `asked_at` is None while the mail waits in the
    outbox: a question that has not left suspends nothing.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="suspensions")
    rights = models.ManyToManyField(CaseRight, related_name="suspensions")
    reason = models.CharField(max_length=12, choices=SuspensionReason.choices)
    why = models.TextField()  # the doubt (GDPR art. 12(6)), or why the scope must be known (recital 63)
    is_voluminous = models.BooleanField(default=False)  # a large quantity of information (recital 63)
    asked_message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="suspensions")
    mail = models.ForeignKey(Outgoing, null=True, on_delete=models.PROTECT, related_name="suspensions")
    asked_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    end = models.CharField(max_length=8, choices=SuspensionEnd.choices, blank=True)

    objects = SuspensionQuerySet.as_manager()

    personal: ClassVar[dict[str, Fate]] = {"why": PURGE}
    impersonal: ClassVar[tuple[str, ...]] = ()

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.case.reference} {self.reason}"


class Extension(Reviewed):
    """One extension of one right to three months from receipt (GDPR art. 12(3)); it holds once its notice has left.

    A second person reviews it like an adverse decision (DESIGN §2). `sent_at` is None until the notice has left.
    """

    case_right = models.ForeignKey(CaseRight, on_delete=models.PROTECT, related_name="extensions")
    reason = models.CharField(max_length=16, choices=ExtensionReason.choices)
    reasoning = models.TextField()  # goes into the notice, in the person's language
    notice_message = models.ForeignKey(Message, null=True, on_delete=models.PROTECT, related_name="extensions")
    mail = models.ForeignKey(Outgoing, null=True, on_delete=models.PROTECT, related_name="extensions")
    sent_at = models.DateTimeField(null=True)
    is_past = models.BooleanField(default=False)  # of a clock that has ended: the right was reopened after its answer

    objects = OfCaseRightQuerySet.as_manager()

    personal: ClassVar[dict[str, Fate]] = {"reasoning": PURGE, "review_note": PURGE}
    impersonal: ClassVar[tuple[str, ...]] = ()

    class Meta:
        ordering = ("pk",)
        constraints = [
            models.UniqueConstraint(
                fields=["case_right"],
                name="extension_unique",
                condition=~Q(review=Review.SENT_BACK) & Q(is_past=False),
            )
        ]
        indexes = [
            models.Index(fields=["id"], name="extension_in_review", condition=Q(review=Review.WAITING)),
        ]

    def __str__(self) -> str:
        return f"{self.case_right} {self.reason}"

    @property
    def is_to_post(self) -> bool:
        """Whether the notice must leave by post: there is no mailbox, or it refused the mail."""
        return self.may_post and (self.mail is None or self.mail.state != OutgoingState.PENDING)

    @property
    def may_post(self) -> bool:
        """Whether the notice may leave by post: also instead of a mail that waits, as behind an outage."""
        waits = (OutgoingState.PENDING, OutgoingState.FAILED, OutgoingState.STOPPED)
        return self.is_approved and self.sent_at is None and (self.mail is None or self.mail.state in waits)


class Digest(models.Model):
    """One mail to a member of staff: the digest of a working day, or an alert at once. At most once (DESIGN §3.5).

    What it says is read from its reminders when it is sent. `slot_on` is the day in the member's time zone.
    """

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="digests")
    slot_on = models.DateField()
    is_urgent = models.BooleanField()
    state = models.CharField(max_length=8, choices=DigestState.choices, default=DigestState.WAITING)
    created_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True)
    retry_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=200, blank=True)  # class and code of the refusal, never the address

    personal: ClassVar[dict[str, Fate]] = {}
    impersonal: ClassVar[tuple[str, ...]] = ("error",)

    class Meta:
        ordering = ("pk",)
        constraints = [
            models.UniqueConstraint(fields=["user", "slot_on"], name="digest_slot_unique", condition=Q(is_urgent=False))
        ]
        indexes = [
            models.Index(fields=["id"], name="digest_unsent", condition=Q(state__in=["waiting", "claimed"])),
        ]

    def __str__(self) -> str:
        return f"digest {self.pk}"


class ReminderQuerySet(OfCaseRightQuerySet):
    def waiting(self) -> "ReminderQuerySet":
        """Lines that no mail carries yet and nothing has overtaken."""
        return self.filter(digest=None, superseded_because="")


class Reminder(models.Model):
    """A line of the ledger: this member was, or was not, told of this threshold of this date, and why not.

    `threshold` is in days, working days for some kinds: before the target date where positive, after it where
    negative (`reminder_rules`).
    """

    case_right = models.ForeignKey(CaseRight, on_delete=models.PROTECT, related_name="reminders")
    kind = models.CharField(max_length=20, choices=ReminderKind.choices)
    threshold = models.SmallIntegerField()
    target_on = models.DateField()
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="reminders")
    is_urgent = models.BooleanField()  # goes at once, not with the digest
    is_escalation = models.BooleanField(default=False)
    digest = models.ForeignKey(Digest, null=True, on_delete=models.PROTECT, related_name="reminders")
    superseded_by = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="supersedes")
    superseded_because = models.CharField(max_length=20, choices=Overtaken.choices, blank=True)
    created_at = models.DateTimeField()

    objects = ReminderQuerySet.as_manager()

    personal: ClassVar[dict[str, Fate]] = {}
    impersonal: ClassVar[tuple[str, ...]] = ()

    class Meta:
        ordering = ("pk",)
        constraints = [
            models.UniqueConstraint(
                fields=["case_right", "kind", "threshold", "target_on", "user"], name="reminder_unique"
            )
        ]
        indexes = [
            models.Index(
                fields=["user"], name="reminder_waiting", condition=Q(digest=None, superseded_because="")
            ),
        ]

    def __str__(self) -> str:
        return f"reminder {self.pk}"


class CalendarFeed(models.Model):
    """A secret link to the due dates of one member, or of one team as that member sees it; revoked, never reused."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="calendar_feeds")
    team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="calendar_feeds")
    token_hash = models.CharField(max_length=64, unique=True)  # keyed
    created_at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True)  # when a calendar last asked
    revoked_at = models.DateTimeField(null=True)

    personal: ClassVar[dict[str, Fate]] = {}
    impersonal: ClassVar[tuple[str, ...]] = ("token_hash",)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"calendar feed {self.pk}"
