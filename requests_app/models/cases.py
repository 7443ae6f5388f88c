"""One Case per letter, one CaseRight per right it invokes; the people of the case and their addresses."""

from datetime import date, datetime
from typing import TYPE_CHECKING, ClassVar, Self, cast

from django.db import connections, models
from django.db.models import F, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce
from django.db.models.lookups import IsNull

from dsar.core.models import EncryptionKey, Organisation, Team, User
from dsar.core.privacy import PURGE, Fate, keep
from dsar.core.rights import RIGHT_CHOICES, RIGHTS, Right
from dsar.core.roles import Act, roles_with
from dsar.core.search import search_terms
from requests_app.vocabulary import (
    AddressKind,
    Capacity,
    Channel,
    ItemState,
    Outcome,
    Review,
    Stage,
)

if TYPE_CHECKING:
    from requests_app.models.clocks import Extension

# Before any date that counts: the next sweep of the reminders looks at a right that says so.
LOOK_NOW = date(2018, 5, 25)

REGISTER = keep("line of the register of requests, proves procedure and not content (GDPR arts. 5(2) and 24)")


class CaseQuerySet(models.QuerySet["Case"]):
    def visible_to(self, user: User) -> Self:
        """Cases of the organisations where the user's role may read cases."""
        return self.filter(
            organisation__memberships__user=user,
            organisation__memberships__role__in=roles_with(Act.CASE_READ),
        )

    def open(self) -> Self:
        """Cases with something still to answer, or answered and not closed."""
        return self.filter(closed_at=None)

    def search(self, text: str) -> Self:
        """Cases whose search text holds every word of `text`, accents and capitals aside.

        Three characters and more use an index: pg_trgm on PostgreSQL, an FTS5 trigram table on SQLite.
        """
        found: QuerySet[Case] = self
        for term in search_terms(text):
            if connections[self.db].vendor == "sqlite" and len(term) >= 3:
                matching = RawSQL(
                    "SELECT rowid FROM requests_app_case_search WHERE requests_app_case_search MATCH %s",
                    ['"' + term.replace('"', '""') + '"'],
                )
                found = found.filter(pk__in=matching)
            else:
                found = found.filter(search_text__contains=term)
        return cast("Self", found)


class Case(models.Model):
    """A request as it arrived: one letter, form or mail, with everything done about it."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="cases")
    reference = models.CharField(max_length=24, unique=True)  # an identifier, never a secret
    channel = models.CharField(max_length=8, choices=Channel.choices)
    language = models.CharField(max_length=8)  # of the data subject
    received_at = models.DateTimeField()
    text = models.TextField(blank=True)  # what the person wrote, beyond the details of each right
    submission_hash = models.CharField(max_length=64, blank=True)  # keyed; the same submission twice is one case
    tracking_key_hash = models.CharField(max_length=64, blank=True)  # keyed; empty where no key was ever shown
    country = models.CharField(max_length=2, blank=True)  # where the person lives or works (GDPR art. 77(1))
    spam_signs = models.JSONField(default=list)  # codes; no automatic mail leaves until somebody has looked
    merged_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="merged")

    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    assignee = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    identity_established_at = models.DateTimeField(null=True, blank=True)  # written by services.identity_establish
    identity_basis = models.JSONField(default=dict)  # {code, source, where}: how it was established
    closed_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)  # guards edits by two people

    next_on = models.DateField()  # cache: smallest date that still matters; sort key of the queue
    search_text = models.TextField(blank=True)  # cache: see dsar.core.search
    key = models.OneToOneField(EncryptionKey, on_delete=models.PROTECT, related_name="case")

    objects = CaseQuerySet.as_manager()

    personal: ClassVar[dict[str, Fate]] = {
        "reference": REGISTER,
        "text": PURGE,
        "submission_hash": PURGE,
        "tracking_key_hash": PURGE,
        "identity_basis": PURGE,
        "search_text": PURGE,
        "country": PURGE,
    }
    impersonal: ClassVar[tuple[str, ...]] = ("language", "spam_signs")

    class Meta:
        indexes = [
            models.Index(
                fields=["organisation", "next_on", "id"], name="case_queue", condition=models.Q(closed_at=None)
            ),
            models.Index(  # few among very many: what waits for a look
                fields=["organisation", "next_on", "id"],
                name="case_look",
                condition=models.Q(closed_at=None) & ~models.Q(spam_signs=[]),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "submission_hash"],
                name="case_submission_unique",
                condition=~models.Q(submission_hash=""),
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def status(self) -> str:
        """open, answered or closed; derived, never stored."""
        if self.closed_at:
            return "closed"
        return "answered" if all(right.stage == Stage.ANSWERED for right in self.rights.all()) else "open"

    @property
    def chain(self) -> str:
        """Key of the case's chain in the journal."""
        return f"case:{self.reference}"

    @property
    def data_subject(self) -> "Party | None":
        """The person the data are about."""
        return next((party for party in self.parties.all() if party.capacity == Capacity.DATA_SUBJECT), None)

    @property
    def is_frozen(self) -> bool:
        """Whether nothing of it may be purged: a legal hold or a complaint is in force (law.md §6.3).

        Reads `holds` and `complaints` through the prefetch cache when there is one.
        """
        is_held = any(hold.ended_at is None for hold in self.holds.all())
        return is_held or any(complaint.ended_on is None for complaint in self.complaints.all())

    @property
    def goes_on(self) -> "Case":
        """The case where the work on this one goes on: itself, or the one that it was merged into at last."""
        case = self
        while case.merged_into is not None:
            case = case.merged_into
        return case

    @property
    def requester(self) -> "Party | None":
        """Who asked and whom we write to: the data subject, or somebody acting for them."""
        return next((party for party in self.parties.all() if party.is_requester), None)


class OfCaseQuerySet(models.QuerySet):  # type: ignore[type-arg]  # shared by every model below a case
    """Rows below a case are visible to whoever may read the case."""

    case_path = "case"

    def visible_to(self, user: User) -> Self:
        """Rows of visible cases."""
        return self.filter(**{f"{self.case_path}__in": Case.objects.visible_to(user)})


class OfCaseRightQuerySet(OfCaseQuerySet):
    case_path = "case_right__case"


class PartyAddressQuerySet(OfCaseQuerySet):
    case_path = "party__case"

    def in_use(self, case: Case) -> Self:
        """The ways to reach whoever asked: none replaced, none that waits for its code, none of somebody acted for."""
        return self.known(case).filter(party__is_requester=True)

    def known(self, case: Case) -> Self:
        """What is known of everybody in the case: none replaced, and none that waits for its code, for it may be a
        stranger's."""
        return self.filter(party__case=case, ended_at=None, pending_since=None)

    def mailboxes(self, case: Case) -> Self:
        """Where we write to: confirmed e-mail addresses first, of these what a source knows, then as given."""
        found = self.in_use(case).filter(kind=AddressKind.EMAIL).select_related("party__case__organisation")
        return found.order_by(IsNull(F("confirmed_at"), True), IsNull(F("on_file_at"), True), "pk")


class CaseRightQuerySet(OfCaseQuerySet):
    def awaited(self) -> Self:
        """Rights not answered yet: the sweep of the reminders, the forecast and the calendars all start here."""
        return self.exclude(stage=Stage.ANSWERED)

    def with_facts(self) -> Self:
        """With what `services.clocks.facts_of` reads of each, in two queries."""
        return self.prefetch_related("suspensions", "extensions")


class CaseRight(models.Model):
    """One right invoked in a case, with its own clock, stage and decision."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="rights")
    right = models.CharField(max_length=24, choices=RIGHT_CHOICES)
    detail = models.TextField(blank=True)
    received_at = models.DateTimeField()  # of this right: one added later has its own clock
    stage = models.CharField(max_length=16, choices=Stage.choices, default=Stage.TO_DO)
    outcome = models.CharField(max_length=16, choices=Outcome.choices, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    reopened_at = models.DateTimeField(null=True, blank=True)  # arrival of the message for which work began again
    taken_up_at = models.DateTimeField(null=True, blank=True)  # when it did: what was recorded before is of that answer

    # Cache of requests_app.deadlines, written only by services.case_clock_refresh.
    due_on = models.DateField(null=True)
    last_day = models.DateField(null=True)
    prudent_due_on = models.DateField()
    extension_notice_due_on = models.DateField(null=True)
    extension_notice_prudent_on = models.DateField(null=True)
    refusal_notice_due_on = models.DateField(null=True)
    target_on = models.DateField(null=True)  # two working days, our policy (law.md §1.2)
    paused_days = models.PositiveSmallIntegerField(null=True)  # that remain while a question is open
    falls_on = models.GeneratedField(  # what the desk works towards: our target, the due date, prudent while suspended
        expression=Coalesce("target_on", "due_on", "prudent_due_on"),
        output_field=models.DateField(),
        db_persist=True,
    )
    remind_on = models.DateField(null=True, default=LOOK_NOW)  # first day with a reminder that may not be told yet
    clock_flags = models.JSONField(default=list)
    clock_explanation = models.JSONField(default=list)  # steps: code, parameters, source
    clock_rule = models.CharField(max_length=40)  # rule and version
    clock_calendar = models.CharField(max_length=40)  # calendar and version

    objects = CaseRightQuerySet.as_manager()

    personal: ClassVar[dict[str, Fate]] = {"detail": PURGE}
    impersonal: ClassVar[tuple[str, ...]] = (
        "clock_flags",
        "clock_explanation",
        "clock_rule",
        "clock_calendar",
    )

    class Meta:
        ordering = ("pk",)
        constraints = [models.UniqueConstraint(fields=["case", "right"], name="case_right_unique")]
        indexes = [
            models.Index(fields=["stage", "due_on"], name="case_right_due"),
            models.Index(fields=["remind_on"], name="case_right_remind", condition=~models.Q(stage=Stage.ANSWERED)),
            models.Index(fields=["falls_on"], name="case_right_falls", condition=~models.Q(stage=Stage.ANSWERED)),
        ]

    def __str__(self) -> str:
        return f"{self.case.reference} {self.right}"

    @property
    def definition(self) -> Right:
        """Article and names of the right."""
        return RIGHTS[self.right]

    @property
    def article_cited(self) -> str:
        """The article as the person is told it; empty where their law is another than the GDPR, which we cite alone."""
        right = self.definition
        return right.article if self.case.organisation.under_gdpr or right.countries else ""

    @property
    def counts_from(self) -> datetime:
        """When its clock began: its arrival, or the message for which it was reopened after an answer."""
        return self.reopened_at or self.received_at

    def is_of_this_answer(self, at: datetime) -> bool:
        """Whether what was recorded at that aware instant belongs to the work since the right was last taken up."""
        return self.taken_up_at is None or at > self.taken_up_at

    @property
    def is_answered(self) -> bool:
        return self.stage == Stage.ANSWERED

    @property
    def extension(self) -> "Extension | None":
        """The one written, approved or announced, not one sent back nor one of an answer before this one was reopened.

        Reads `extensions` through the prefetch cache.
        """
        alive = (one for one in self.extensions.all() if one.review != Review.SENT_BACK and not one.is_past)
        return next(alive, None)

    @property
    def is_suspended(self) -> bool:
        """Whether an open question leaves the law without a date (DESIGN §5)."""
        return self.due_on is None

    @property
    def matters_on(self) -> date:
        """The smallest of its dates, by which the queue is sorted: our target, the due and the prudent date."""
        return min(day for day in (self.target_on, self.due_on, self.prudent_due_on) if day is not None)


class ChecklistItem(models.Model):
    """One thing the answer must contain (law.md §1.2): open, done, or justified in words."""

    case_right = models.ForeignKey(CaseRight, on_delete=models.PROTECT, related_name="checklist")
    code = models.CharField(max_length=8)
    state = models.CharField(max_length=12, choices=ItemState.choices, default=ItemState.OPEN)
    note = models.TextField(blank=True)
    set_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField(null=True)

    objects = OfCaseRightQuerySet.as_manager()

    personal: ClassVar[dict[str, Fate]] = {"note": PURGE}
    impersonal: ClassVar[tuple[str, ...]] = ("code",)

    class Meta:
        ordering = ("pk",)
        constraints = [models.UniqueConstraint(fields=["case_right", "code"], name="checklist_code_unique")]

    def __str__(self) -> str:
        return f"{self.case_right} {self.code}"


class Party(models.Model):
    """Somebody in this case, as they call themselves; there is no global table of persons."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="parties")
    capacity = models.CharField(max_length=16, choices=Capacity.choices)
    name = models.CharField(max_length=300, blank=True)
    is_requester = models.BooleanField(default=True)  # who asked, and whom we write to

    objects = OfCaseQuerySet.as_manager()

    personal: ClassVar[dict[str, Fate]] = {"name": PURGE}
    impersonal: ClassVar[tuple[str, ...]] = ()

    def __str__(self) -> str:
        return f"party {self.pk}"


class PartyAddress(models.Model):
    """A way to reach or recognise a party. Confirmed: somebody reads it. On file: a source knows it for this person."""

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="addresses")
    kind = models.CharField(max_length=12, choices=AddressKind.choices)
    value = models.CharField(max_length=500)
    normalised = models.CharField(max_length=500)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    on_file_in = models.CharField(max_length=200, blank=True)  # name of the data source
    on_file_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)  # replaced by another: nothing is sent there any more
    pending_since = models.DateTimeField(null=True, blank=True)  # added later, and its code not typed yet
    replaces = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    objects = PartyAddressQuerySet.as_manager()

    personal: ClassVar[dict[str, Fate]] = {"value": PURGE, "normalised": PURGE}
    impersonal: ClassVar[tuple[str, ...]] = ("on_file_in",)

    class Meta:
        ordering = ("pk",)
        indexes = [models.Index(fields=["normalised"], name="party_address_normalised")]

    def __str__(self) -> str:
        return f"address {self.pk}"
