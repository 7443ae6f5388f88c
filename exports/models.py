"""Data sources, their approved field maps, and what each answered for one right."""

from typing import ClassVar, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from dsar.core.models import Organisation, StoredFile, User
from dsar.core.privacy import PURGE, Fate
from requests_app.models import CaseRight
from requests_app.models.cases import OfCaseRightQuerySet


class OfOrganisationQuerySet(models.QuerySet["DataSource"]):
    def visible_to(self, user: User) -> Self:
        """Sources of the organisations the user belongs to."""
        return self.filter(organisation__memberships__user=user).distinct()


class DataSource(models.Model):
    """A place where the organisation keeps data about people."""

    class Kind(models.TextChoices):
        SQL = "sql", _("database")
        MANUAL = "manual", _("searched by a person")

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="data_sources")
    code = models.SlugField(max_length=60)
    name = models.JSONField()  # by language
    kind = models.CharField(max_length=8, choices=Kind.choices)
    collect_url = models.CharField(max_length=60, blank=True)  # NAME of the environment variable with the URL
    is_active = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=0)

    objects = OfOrganisationQuerySet.as_manager()

    personal: ClassVar[dict[str, Fate]] = {}
    impersonal: ClassVar[tuple[str, ...]] = ("code", "name", "collect_url")

    class Meta:
        ordering = ("position", "pk")
        constraints = [models.UniqueConstraint(fields=["organisation", "code"], name="data_source_code_unique")]

    def __str__(self) -> str:
        return self.code


class SourceMap(models.Model):
    """One version of a source's queries and field map; inactive until a second member approves it.

    `tables`: [{name, title: {fr, en}, query, subject: {name: column, email: column, identifier: column}, fields:
    [{column, meaning: {fr, en}, category: {fr, en}, origin: provided|observed|inferred, activity: code,
    disclosed: bool, reason: {fr, en}}]}]. Each query takes some of the parameters of `sources.PARAMETERS`.
    """

    source = models.ForeignKey(DataSource, on_delete=models.PROTECT, related_name="maps")
    version = models.PositiveIntegerField()
    tables = models.JSONField()
    author = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    approved_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(null=True)

    personal: ClassVar[dict[str, Fate]] = {}
    impersonal: ClassVar[tuple[str, ...]] = ("tables",)

    class Meta:
        ordering = ("version",)
        constraints = [models.UniqueConstraint(fields=["source", "version"], name="source_map_version_unique")]

    def __str__(self) -> str:
        return f"{self.source} v{self.version}"


class Collection(models.Model):
    """What one source answered for one right: its records, encrypted, or "nothing found"."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        DONE = "done", _("answered")
        FAILED = "failed", _("failed")

    class Doubt(models.TextChoices):
        """Why the records may not be this person's: they stay out of the package until somebody settles it."""

        NAME_DIFFERS = "name_differs", _("a record bears another name")
        ADDRESS_DIFFERS = "address_differs", _("a record bears another e-mail address")
        SEVERAL_PERSONS = "several_persons", _("records bear names of several persons, and the request bears none")
        NOT_TIED = "not_tied", _("found only by a detail that anybody could have given")

    case_right = models.ForeignKey(CaseRight, on_delete=models.PROTECT, related_name="collections")
    source = models.ForeignKey(DataSource, on_delete=models.PROTECT, related_name="collections")
    map = models.ForeignKey(SourceMap, null=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    record_count = models.PositiveIntegerField(default=0)
    # [{name, records, searched, seen}]: counts; not searched: its keys are unknown; seen: by attribution.Seen.
    tables = models.JSONField(default=list)
    stored_file = models.ForeignKey(StoredFile, null=True, on_delete=models.PROTECT, related_name="+")
    files = models.ManyToManyField(StoredFile, related_name="collections", blank=True)  # originals, from people
    note = models.TextField(blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=200, blank=True)  # class of the error, never its text
    beat_at = models.DateTimeField(null=True)  # last sign of life of the worker that collects
    finished_at = models.DateTimeField(null=True)
    doubt = models.CharField(max_length=16, choices=Doubt.choices, blank=True)
    admitted_at = models.DateTimeField(null=True)  # a person found that the doubtful records are the requester's
    admitted_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    admitted_because = models.TextField(blank=True)

    objects = OfCaseRightQuerySet.as_manager()

    personal: ClassVar[dict[str, Fate]] = {"tables": PURGE, "note": PURGE, "admitted_because": PURGE}
    impersonal: ClassVar[tuple[str, ...]] = ("error",)

    class Meta:
        ordering = ("source__position", "pk")
        constraints = [models.UniqueConstraint(fields=["case_right", "source"], name="collection_unique")]

    def __str__(self) -> str:
        return f"{self.case_right} {self.source}"

    @property
    def is_left_out(self) -> bool:
        """Whether its records stay out of the package: in doubt, and nobody has settled it."""
        return bool(self.doubt) and self.admitted_at is None


class PackageBuild(models.Model):
    """Sign of life of the worker that builds a package, so that a sweep does not start a second one beside it."""

    case_right = models.OneToOneField(CaseRight, on_delete=models.PROTECT, related_name="package_build")
    beat_at = models.DateTimeField()
    error = models.CharField(max_length=200, blank=True)  # class of the last error, never its text

    objects = OfCaseRightQuerySet.as_manager()

    personal: ClassVar[dict[str, Fate]] = {}
    impersonal: ClassVar[tuple[str, ...]] = ("error",)

    def __str__(self) -> str:
        return f"{self.case_right} package"
