"""What was done to see whether the requester is the data subject: each check with its reason (law.md §4.1)."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from dsar.core.models import User
from dsar.core.privacy import PURGE, Fate
from requests_app.models import Case
from requests_app.models.cases import OfCaseQuerySet


class IdentityCheck(models.Model):
    """One check by a handler: the rung chosen, why it is proportionate, where the proof is, and its result.

    No document is stored: "checked on … by …" is the record (EDPB 01/2022 §79).
    """

    class Method(models.TextChoices):
        """The ladder: stop at the first rung that removes the doubt."""

        AUTHENTICATED = "authenticated", _("request from an account they were signed in to")
        ON_FILE = "on_file", _("the confirmed address is on file")
        CALL_BACK = "call_back", _("called back on the number on file")
        KNOWLEDGE = "knowledge", _("answered a question on data already held")
        VIEWED = "viewed", _("identity document viewed, no copy kept")
        MANDATE = "mandate", _("authority to act shown: mandate, profession of lawyer, judgment")
        PARENTAL = "parental", _("parental authority or guardianship shown")
        HEIRSHIP = "heirship", _("heir, executor or designated person: shown")

    class Result(models.TextChoices):
        ESTABLISHED = "established", _("established")
        DOUBT = "doubt", _("doubt remains")

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="identity_checks")
    method = models.CharField(max_length=16, choices=Method.choices)
    where = models.CharField(max_length=300)  # "CRM, customer 4471"
    motive = models.TextField(blank=True)  # the doubt, and why this rung is proportionate (EDPB 01/2022 §70)
    result = models.CharField(max_length=12, choices=Result.choices)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    objects = OfCaseQuerySet.as_manager()

    personal: ClassVar[dict[str, Fate]] = {"where": PURGE, "motive": PURGE}
    impersonal: ClassVar[tuple[str, ...]] = ()

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.case.reference} {self.method} {self.result}"
