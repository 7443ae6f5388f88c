"""Correspondence: messages filed on a case, the outbox that sends them, and incoming mail as it arrived."""

from typing import ClassVar, Self

from django.db import models

from dsar.core.models import Organisation, StoredFile, User
from dsar.core.privacy import PURGE, Fate, keep
from dsar.core.roles import Act, roles_with
from requests_app.models.cases import Case, OfCaseQuerySet
from requests_app.vocabulary import NEWS, Channel, Direction, MailOutcome, OutgoingState

THREAD = keep("identifies a message in both parties' mailboxes, without content (GDPR art. 5(2))")


class MessageQuerySet(OfCaseQuerySet):
    def unread(self) -> Self:
        """What came in later than the request itself, and nobody has read yet (`timeline.is_news`)."""
        return self.filter(direction__in=NEWS, read_at=None, at__gt=models.F("case__received_at"))


class Message(models.Model):
    """One message on a case: received, sent, or an internal note (which art. 15 may disclose).

    Of what came in, `for_the_record` says that nothing is asked or answered by it: a machine wrote it, or it tells what
    the person has already done. A controller to whom the request was passed on writes about one `forwarding`.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="messages")
    direction = models.CharField(max_length=8, choices=Direction.choices)
    channel = models.CharField(max_length=8, choices=Channel.choices)
    author = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")  # None: person or system
    subject = models.CharField(max_length=500, blank=True)
    body = models.TextField(blank=True)
    at = models.DateTimeField()
    message_id = models.CharField(max_length=255, blank=True, db_index=True)
    read_at = models.DateTimeField(null=True, blank=True)
    for_the_record = models.BooleanField(default=False)
    forwarding = models.ForeignKey(
        "requests_app.Forwarding", null=True, blank=True, on_delete=models.PROTECT, related_name="replies"
    )
    files = models.ManyToManyField(StoredFile, related_name="messages", blank=True)

    objects = MessageQuerySet.as_manager()

    personal: ClassVar[dict[str, Fate]] = {"subject": PURGE, "body": PURGE, "message_id": THREAD}
    impersonal: ClassVar[tuple[str, ...]] = ()

    class Meta:
        ordering = ("at", "pk")
        indexes = [
            models.Index(
                fields=["case", "at"],
                name="message_unread",
                condition=models.Q(direction__in=NEWS, read_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"message {self.pk}"


class FormFileQuerySet(models.QuerySet["FormFile"]):
    def visible_to(self, user: User) -> Self:
        """A file is seen once the form that carries it is sent, by whoever may read its case."""
        return self.filter(
            stored_file__messages__case__organisation__memberships__user=user,
            stored_file__messages__case__organisation__memberships__role__in=roles_with(Act.CASE_READ),
        ).distinct()


class FormFile(models.Model):
    """A file chosen in the public form and not sent yet; whoever never sends leaves it to the sweep (a day)."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    submission_hash = models.CharField(max_length=64)  # keyed hash of the form's token
    digest = models.CharField(max_length=64)  # keyed hash of name and content: the same file twice is one
    stored_file = models.OneToOneField(StoredFile, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    objects = FormFileQuerySet.as_manager()

    personal: ClassVar[dict[str, Fate]] = {"submission_hash": PURGE, "digest": PURGE}
    impersonal: ClassVar[tuple[str, ...]] = ()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["submission_hash", "digest"], name="form_file_unique")]

    def __str__(self) -> str:
        return f"form file {self.pk}"


class OutgoingQuerySet(models.QuerySet["Outgoing"]):
    def visible_to(self, user: User) -> Self:
        """Mail of organisations whose cases the user may read."""
        return self.filter(
            organisation__memberships__user=user,
            organisation__memberships__role__in=roles_with(Act.CASE_READ),
        ).distinct()


class Outgoing(models.Model):
    """One e-mail of the outbox: written with the facts it tells, sent later, always with the same Message-ID."""

    key = models.CharField(max_length=200, unique=True)  # "acknowledgement:DSR-…": never two mails for one reason
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    case = models.ForeignKey(Case, null=True, on_delete=models.PROTECT, related_name="outgoing")
    message_id = models.CharField(max_length=255, unique=True)
    recipient = models.EmailField()
    sender = models.CharField(max_length=300)
    reply_to = models.CharField(max_length=300)
    in_reply_to = models.CharField(max_length=255, blank=True)
    subject = models.CharField(max_length=500)
    body_text = models.TextField()
    body_html = models.TextField()
    language = models.CharField(max_length=8)
    files = models.ManyToManyField(StoredFile, related_name="+", blank=True)  # attached to a request handed on
    state = models.CharField(max_length=8, choices=OutgoingState.choices, default=OutgoingState.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    claimed_at = models.DateTimeField(null=True)
    retry_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=200, blank=True)  # class and code of the refusal, never the address

    objects = OutgoingQuerySet.as_manager()

    personal: ClassVar[dict[str, Fate]] = {
        "key": THREAD,
        "message_id": THREAD,
        "in_reply_to": THREAD,
        "recipient": PURGE,
        "subject": PURGE,
        "body_text": PURGE,
        "body_html": PURGE,
    }
    impersonal: ClassVar[tuple[str, ...]] = ("sender", "reply_to", "language", "error")

    class Meta:
        ordering = ("pk",)
        indexes = [
            models.Index(
                fields=["state", "retry_at"],
                name="outgoing_unsent",
                condition=models.Q(state__in=["pending", "claimed"]),
            ),
        ]

    def __str__(self) -> str:
        return f"outgoing {self.pk}"


class InboundMailQuerySet(models.QuerySet["InboundMail"]):
    def visible_to(self, user: User) -> Self:
        """Mail of organisations whose cases the user may read."""
        return self.filter(
            organisation__memberships__user=user,
            organisation__memberships__role__in=roles_with(Act.CASE_READ),
        ).distinct()

    def in_triage(self) -> Self:
        """Mail that waits for a person."""
        return self.filter(outcome=MailOutcome.TRIAGE)


class InboundMail(models.Model):
    """An e-mail as it arrived: its bytes are stored and committed before anything is understood."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="inbound_mail")
    raw_hash = models.CharField(max_length=64)  # keyed hash of the bytes
    raw = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    received_at = models.DateTimeField()
    message_id = models.CharField(max_length=255, blank=True)
    outcome = models.CharField(max_length=16, choices=MailOutcome.choices, default=MailOutcome.TRIAGE)
    reason = models.CharField(max_length=60, blank=True)  # code: why it waits, or by which rule it was filed
    case = models.ForeignKey(Case, null=True, on_delete=models.PROTECT, related_name="inbound_mail")
    sender = models.CharField(max_length=320, blank=True)
    subject = models.CharField(max_length=500, blank=True)
    defects = models.JSONField(default=list)
    retry_at = models.DateTimeField(null=True)

    objects = InboundMailQuerySet.as_manager()

    personal: ClassVar[dict[str, Fate]] = {
        "raw_hash": THREAD,
        "message_id": THREAD,
        "sender": PURGE,
        "subject": PURGE,
    }
    impersonal: ClassVar[tuple[str, ...]] = ("reason", "defects")

    class Meta:
        ordering = ("pk",)
        constraints = [models.UniqueConstraint(fields=["organisation", "raw_hash"], name="inbound_mail_unique")]

    def __str__(self) -> str:
        return f"inbound mail {self.pk}"
