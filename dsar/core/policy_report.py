"""What a profile says of its own privacy policy: where it is silent, promises less than the law, or more."""

from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from dsar.core.models import Organisation, RetentionRule
from dsar.core.profile_words import gap_text, warning_text
from dsar.core.texts import localised


class Finding(NamedTuple):
    """One finding in the active language; `article` is where the law asks for it."""

    article: str
    text: str


class Findings(NamedTuple):
    """Findings of one kind under their title."""

    title: str | Promise
    found: list[Finding]


def policy_report(organisation: Organisation) -> list[Findings]:
    """Gaps, warnings, commitments and readings of an organisation's policy, in that order, empty ones too."""
    rules = RetentionRule.objects.filter(activity__organisation=organisation).select_related("activity")
    return [
        Findings(
            _("Gaps: what the law owes and the policy does not state"),
            [Finding(gap["article"], gap_text(gap)) for gap in organisation.profile_gaps],
        ),
        Findings(
            _("Warnings: where the policy promises less than the law"),
            [Finding(warning["article"], warning_text(warning)) for warning in organisation.profile_warnings],
        ),
        Findings(
            _("Commitments: where the policy promises more, which then applies"),
            [Finding(promise["article"], localised(promise["text"])) for promise in organisation.commitments],
        ),
        Findings(
            _("Readings: how a statement that can be read in several ways was understood"),
            [Finding("13(2)(a)", f"{rule.activity}: {localised(rule.note)}") for rule in rules if rule.note],
        ),
    ]
