"""The controller and what its record of processing says: the facts that letters and answers draw on.

Facts come from a profile (`manage.py organisation_import`). `unknown` is a legal value everywhere: an empty text or
None means that nobody stated it, and the import reports the gap with the article that owes it.
"""

from typing import ClassVar, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from dsar.core.jurisdictions import GDPR_RULES, jurisdiction
from dsar.core.models.users import User
from dsar.core.privacy import Fate, keep
from dsar.core.texts import localised

PUBLISHED = keep("published by the organisation itself (GDPR art. 13(1)(a)-(b))")


class SupervisoryAuthority(models.Model):
    """An authority with which a complaint may be lodged (GDPR arts. 51 and 77)."""

    class Scope(models.TextChoices):
        """For whom it is competent in its country (GDPR art. 51(3) allows several)."""

        NATIONAL = "national", _("the whole country")
        REGIONAL = "regional", _("one region")
        SECTOR = "sector", _("one field, such as a church or broadcasting")

    code = models.SlugField(unique=True)
    country = models.CharField(max_length=2)
    scope = models.CharField(max_length=8, choices=Scope.choices, default=Scope.NATIONAL)
    name = models.JSONField()  # by language
    short_name = models.CharField(max_length=60, blank=True)
    address = models.TextField(blank=True)
    phone = models.CharField(max_length=40, blank=True)
    website = models.URLField(blank=True)
    complaint_url = models.URLField(blank=True)
    language = models.CharField(max_length=8, blank=True)

    personal: ClassVar[dict[str, Fate]] = {}
    impersonal: ClassVar[tuple[str, ...]] = (
        "code",
        "country",
        "name",
        "short_name",
        "address",
        "phone",
        "website",
        "complaint_url",
        "language",
    )

    class Meta:
        verbose_name_plural = "supervisory authorities"

    def __str__(self) -> str:
        return self.short_name or localised(self.name)


class OrganisationQuerySet(models.QuerySet["Organisation"]):
    def visible_to(self, user: User) -> Self:
        """The organisations the user is a member of, in any role."""
        return self.filter(memberships__user=user).distinct()


class Organisation(models.Model):
    """A controller (or processor) that this desk works for."""

    class DpoStatus(models.TextChoices):
        APPOINTED = "appointed", _("appointed")
        NONE = "none", _("none appointed")
        UNKNOWN = "unknown", _("unknown")

    class Review(models.TextChoices):
        """Whether a second person must review (DESIGN §2)."""

        ALWAYS = "always", _("always")
        WHEN_POSSIBLE = "when_possible", _("when possible")

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=200)
    legal_form = models.CharField(max_length=200, blank=True)
    registration = models.CharField(max_length=200, blank=True)
    street = models.CharField(max_length=200, blank=True)
    postal_code = models.CharField(max_length=20, blank=True)
    city = models.CharField(max_length=100, blank=True)
    country = models.CharField(max_length=2)
    website = models.URLField(blank=True)
    privacy_email = models.EmailField()
    phone = models.CharField(max_length=40, blank=True)
    postal_requests = models.TextField(blank=True, help_text=_("Where a letter is sent, if not the address above."))
    asked_details = models.JSONField(default=list)  # what the policy asks a requester to give, codes
    identity_policy = models.JSONField(default=dict)  # what the policy says of proof of identity, by language
    policy = models.JSONField(default=dict)  # its other statements: {edition, requests, rights, breach, statements}

    jurisdiction = models.CharField(max_length=24)
    time_zone = models.CharField(max_length=64)
    language = models.CharField(max_length=8, default="fr")
    languages = models.JSONField(default=list)
    rights = models.JSONField(default=list)  # codes of the rights the policy names; every right is accepted anyway
    review = models.CharField(max_length=16, choices=Review.choices, default=Review.WHEN_POSSIBLE)
    brand_colour = models.CharField(max_length=7, default="#0b5d57")
    logo_digest = models.CharField(max_length=16, blank=True)  # of its `Logo`; empty where there is none

    dpo_status = models.CharField(max_length=12, choices=DpoStatus.choices, default=DpoStatus.UNKNOWN)
    dpo_name = models.CharField(max_length=200, blank=True)
    dpo_email = models.EmailField(blank=True)
    dpo_phone = models.CharField(max_length=40, blank=True)
    privacy_lead = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="leads")
    authority = models.ForeignKey(SupervisoryAuthority, on_delete=models.PROTECT, related_name="organisations")

    # [{article, text: {fr, en}}]: promised beyond the law; the more favourable applies
    commitments = models.JSONField(default=list)
    profile_gaps = models.JSONField(default=list)
    profile_warnings = models.JSONField(default=list)
    profile_digest = models.CharField(max_length=64, blank=True)
    is_demo = models.BooleanField(default=False)
    is_active = models.BooleanField(default=False)
    intake_key = models.OneToOneField(
        "core.EncryptionKey", null=True, on_delete=models.PROTECT, related_name="intake_of"
    )

    objects = OrganisationQuerySet.as_manager()

    personal: ClassVar[dict[str, Fate]] = {
        "dpo_name": PUBLISHED,
        "dpo_email": PUBLISHED,
        "dpo_phone": PUBLISHED,
    }
    impersonal: ClassVar[tuple[str, ...]] = (
        "slug",
        "name",
        "legal_form",
        "registration",
        "street",
        "postal_code",
        "city",
        "country",
        "website",
        "privacy_email",
        "phone",
        "postal_requests",
        "asked_details",
        "identity_policy",
        "policy",
        "jurisdiction",
        "time_zone",
        "language",
        "languages",
        "rights",
        "brand_colour",
        "logo_digest",
        "commitments",
        "profile_gaps",
        "profile_warnings",
        "profile_digest",
    )

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    @property
    def under_gdpr(self) -> bool:
        """Whether its law is the GDPR or the UK GDPR, so that letters may cite its articles."""
        return jurisdiction(self.jurisdiction).rule in GDPR_RULES

    @property
    def dpo_address(self) -> str:
        """Who to write to about data: the DPO when one is known, else the privacy address (art. 13(1)(b))."""
        return self.dpo_email or self.privacy_email

    @property
    def postal_address(self) -> str:
        """Street and town on lines, for letters; empty where nothing is stated."""
        town = f"{self.postal_code} {self.city}".strip()
        return self.postal_requests or "\n".join(line for line in (self.street, town) if line)


class Logo(models.Model):
    """The picture of an organisation, apart from it: every page reads the organisation, few read this."""

    organisation = models.OneToOneField(Organisation, on_delete=models.CASCADE, related_name="logo")
    content = models.BinaryField()  # PNG or SVG, checked by `dsar.core.logos`

    personal: ClassVar[dict[str, Fate]] = {}
    impersonal: ClassVar[tuple[str, ...]] = ("content",)

    def __str__(self) -> str:
        return f"logo of {self.organisation_id}"


class OfOrganisation(models.Model):
    """A fact of one organisation's profile, identified by its code there."""

    code = models.SlugField(max_length=60)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        abstract = True
        ordering = ("position", "pk")


class ClientController(OfOrganisation):
    """A controller on whose behalf the organisation processes data (GDPR art. 28): its requests are forwarded."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="clients")
    name = models.CharField(max_length=200)
    email = models.EmailField(blank=True)

    personal: ClassVar[dict[str, Fate]] = {}
    impersonal: ClassVar[tuple[str, ...]] = ("code", "name", "email")

    def __str__(self) -> str:
        return self.name


class ProcessingActivity(OfOrganisation):
    """One line of the record of processing (GDPR art. 30): what the access sheet A1-A9 is made of."""

    class Capacity(models.TextChoices):
        CONTROLLER = "controller", _("controller")
        JOINT = "joint", _("joint controller")
        PROCESSOR = "processor", _("processor")

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="activities")
    name = models.JSONField()  # by language
    purpose = models.JSONField(default=dict)
    capacity = models.CharField(max_length=12, choices=Capacity.choices)
    legal_bases = models.JSONField(default=list)  # letters of art. 6(1): "a" … "f"; empty means unknown
    legitimate_interest = models.JSONField(default=dict)  # by language, where the basis is "f" (GDPR art. 13(1)(d))
    categories = models.JSONField(default=list)  # [{fr, en}]
    subjects = models.JSONField(default=list)  # [{fr, en}]: whose data
    sources = models.JSONField(default=list)  # [{fr, en}]: where the data come from; empty means unknown
    automated_decisions = models.BooleanField(null=True)  # None means unknown (A8)
    automated_logic = models.JSONField(default=dict)
    transfers = models.JSONField(null=True)  # None means unknown, [] none, else [{country, safeguard: {fr, en}}] (A9)

    personal: ClassVar[dict[str, Fate]] = {}
    impersonal: ClassVar[tuple[str, ...]] = (
        "code",
        "name",
        "purpose",
        "legal_bases",
        "legitimate_interest",
        "categories",
        "subjects",
        "sources",
        "automated_logic",
        "transfers",
    )

    class Meta(OfOrganisation.Meta):
        constraints = [models.UniqueConstraint(fields=["organisation", "code"], name="activity_code_unique")]
        verbose_name_plural = "processing activities"

    def __str__(self) -> str:
        return localised(self.name)


class RetentionRule(models.Model):
    """How long a category of data is kept, from when, and what then (GDPR art. 5(1)(e), item A4)."""

    class Phase(models.TextChoices):
        ACTIVE = "active", _("active use")
        ARCHIVE = "archive", _("archive")

    class Then(models.TextChoices):
        ERASE = "erase", _("erased")
        ANONYMISE = "anonymise", _("anonymised")
        ERASE_OR_ANONYMISE = "erase_or_anonymise", _("erased or anonymised")
        REVIEW = "review", _("reviewed")
        ARCHIVE = "archive", _("archived, with few people allowed to look")

    activity = models.ForeignKey(ProcessingActivity, on_delete=models.CASCADE, related_name="retention_rules")
    position = models.PositiveSmallIntegerField(default=0)
    data_category = models.JSONField(default=dict)
    phase = models.CharField(max_length=8, choices=Phase.choices)
    duration = models.CharField(max_length=20, blank=True)  # ISO 8601 ("P5Y"); empty: only the criterion is known
    criterion = models.JSONField(default=dict)  # the words of the criterion, where no number is stated
    counted_from = models.JSONField(default=dict)
    then = models.CharField(max_length=20, choices=Then.choices, blank=True)  # empty means unknown
    provision = models.CharField(max_length=200, blank=True)
    note = models.JSONField(default=dict)  # how an ambiguous statement was read

    personal: ClassVar[dict[str, Fate]] = {}
    impersonal: ClassVar[tuple[str, ...]] = (
        "data_category",
        "duration",
        "criterion",
        "counted_from",
        "provision",
        "note",
    )

    class Meta:
        ordering = ("position", "pk")

    def __str__(self) -> str:
        return f"{self.activity}: {self.phase} {self.duration}"


class Recipient(OfOrganisation):
    """Who receives data (GDPR arts. 4(9), 15(1)(c), 19). A name may be unknown: item A3 can then only be justified."""

    class Kind(models.TextChoices):
        PROCESSOR = "processor", _("processor")
        CONTROLLER = "controller", _("another controller")
        AUTHORITY = "authority", _("public authority")
        UNKNOWN = "unknown", _("unknown")

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="recipients")
    activities = models.ManyToManyField(ProcessingActivity, related_name="recipients", blank=True)
    name = models.CharField(max_length=200, blank=True)
    category = models.JSONField(default=dict)
    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.UNKNOWN)
    country = models.CharField(max_length=2, blank=True)

    personal: ClassVar[dict[str, Fate]] = {}
    impersonal: ClassVar[tuple[str, ...]] = ("code", "name", "category", "country")

    def __str__(self) -> str:
        return self.name or localised(self.category)
