"""What the organisation does with the data, per processing activity: the facts of GDPR art. 15(1)-(2), items A1 to A9.

What the record of processing does not state is said to be unknown; nothing is invented.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from dsar.core.durations import duration_words
from dsar.core.models import Organisation, ProcessingActivity, Recipient, RetentionRule
from dsar.core.texts import country_name, localised

# The letters of GDPR art. 6(1).
LEGAL_BASES: dict[str, str | Promise] = {
    "a": _("Your consent: article 6(1)(a)"),
    "b": _("A contract with you, or steps you asked for before one: article 6(1)(b)"),
    "c": _("A legal obligation: article 6(1)(c)"),
    "d": _("Vital interests: article 6(1)(d)"),
    "e": _("A task in the public interest: article 6(1)(e)"),
    "f": _("A legitimate interest: article 6(1)(f)"),
}
# What is missing, with the letter of GDPR art. 15 that owes it.
FACTS: dict[str, tuple[str, str | Promise]] = {
    "purpose": ("15(1)(a)", _("the purpose")),
    "categories": ("15(1)(b)", _("the categories of data")),
    "recipients": ("15(1)(c)", _("the names of all recipients")),
    "retention": ("15(1)(d)", _("how long the data are kept")),
    "sources": ("15(1)(g)", _("where the data come from")),
    "automated_decisions": ("15(1)(h)", _("whether decisions are automated")),
    "transfers": ("15(2)", _("whether data leave the European Economic Area")),
}


@dataclass(frozen=True)
class RecipientWords:
    """One recipient, by name where it is known (CJEU C-154/21)."""

    name: str
    category: str
    country: str


@dataclass(frozen=True)
class RetentionWords:
    """How long one category of data is kept, in words."""

    category: str
    phase: str
    kept: str
    counted_from: str
    then: str
    provision: str


@dataclass(frozen=True)
class TransferWords:
    country: str
    safeguard: str


@dataclass(frozen=True)
class Sheet:
    """One processing activity as the person reads it. Empty, or None for A8 and A9, means that nobody has stated it."""

    code: str
    name: str
    is_processor: bool
    purpose: str  # A1
    legal_bases: list[str]
    legitimate_interest: str
    categories: list[str]  # A2
    recipients: list[RecipientWords]  # A3
    retention: list[RetentionWords]  # A4
    sources: list[str]  # A7
    automated_decisions: bool | None  # A8
    automated_logic: str
    transfers: list[TransferWords] | None  # A9

    @property
    def has_unnamed(self) -> bool:
        """Whether some recipient is known by its category only."""
        return any(not recipient.name for recipient in self.recipients)

    @property
    def unknown(self) -> list[str]:
        """The facts of FACTS that this sheet cannot tell."""
        missing = {
            "purpose": not self.purpose,
            "categories": not self.categories,
            "recipients": not self.recipients or self.has_unnamed,
            "retention": not self.retention,
            "sources": not self.sources,
            "automated_decisions": self.automated_decisions is None,
            "transfers": self.transfers is None,
        }
        return [fact for fact, is_missing in missing.items() if is_missing]


def activities_of(organisation: Organisation) -> QuerySet[ProcessingActivity]:
    """The organisation's record of processing, with what the sheets need, in a constant number of queries."""
    return organisation.activities.prefetch_related("recipients", "retention_rules")


def sheet_of(activity: ProcessingActivity) -> Sheet:
    """The sheet of one activity in the active language."""
    transfers = activity.transfers
    return Sheet(
        code=activity.code,
        name=localised(activity.name),
        is_processor=activity.capacity == ProcessingActivity.Capacity.PROCESSOR,
        purpose=localised(activity.purpose),
        legal_bases=[str(LEGAL_BASES[letter]) for letter in activity.legal_bases if letter in LEGAL_BASES],
        legitimate_interest=localised(activity.legitimate_interest),
        categories=_texts(activity.categories),
        recipients=[_recipient(recipient) for recipient in activity.recipients.all()],
        retention=[_retention(rule) for rule in activity.retention_rules.all()],
        sources=_texts(activity.sources),
        automated_decisions=activity.automated_decisions,
        automated_logic=localised(activity.automated_logic),
        transfers=None if transfers is None else [
            TransferWords(country_name(transfer.get("country") or ""), localised(transfer.get("safeguard")))
            for transfer in transfers
        ],
    )


def _texts(listed: Iterable[dict[str, str]]) -> list[str]:
    return [text for text in map(localised, listed) if text]


def _recipient(recipient: Recipient) -> RecipientWords:
    return RecipientWords(
        name=recipient.name,
        category=localised(recipient.category),
        country=country_name(recipient.country) if recipient.country else "",
    )


def _retention(rule: RetentionRule) -> RetentionWords:
    return RetentionWords(
        category=localised(rule.data_category),
        phase=rule.get_phase_display(),
        kept=duration_words(rule.duration) if rule.duration else localised(rule.criterion),
        counted_from=localised(rule.counted_from),
        then=rule.get_then_display(),
        provision=rule.provision,
    )
