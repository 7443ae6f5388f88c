"""The answer as a letter: what was asked, what was decided, why, and what the person can do about it.

Every letter carries reference, receipt date, the decision on each right, controller and DPO, and the remedies of
GDPR arts. 12(4), 77 and 79; the remedies are printed in every closing letter, favourable ones included.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import override as language_override

from dsar.core.colour import accent_print
from dsar.core.models import Organisation
from requests_app.correspondence import absolute
from requests_app.grounds import GROUNDS, Ground
from requests_app.models import Case, CaseRight, Decision, PartyAddress
from requests_app.rights_table import ADVERSE, RULES
from requests_app.vocabulary import AddressKind, Outcome, Stage


@dataclass(frozen=True)
class Line:
    """One right in the letter: its decision, and what follows from it in one sentence."""

    case_right: CaseRight
    decision: Decision
    ground: Ground | None
    what_follows: str

    @property
    def is_adverse(self) -> bool:
        return self.decision.outcome in ADVERSE

    @property
    def hands_data_over(self) -> bool:
        return self.decision.outcome in RULES[self.case_right.right].bears_data


def letter_html(case: Case, rights: Sequence[CaseRight]) -> str:
    """The letter on these decided rights as one self-contained page, in the language of the person.

    Dates are those of the organisation's time zone.
    """
    organisation = case.organisation
    with language_override(case.language), timezone.override(ZoneInfo(organisation.time_zone)):
        lines = [_line(case_right) for case_right in rights]
        return render_to_string(
            "letters/answer.html",
            {
                "case": case,
                "organisation": organisation,
                "authority": organisation.authority,
                "party": case.data_subject,
                "address_lines": _address_lines(case),
                "lines": lines,
                "pending": [row for row in case.rights.all() if row not in rights and row.stage != Stage.ANSWERED],
                "title": _title(lines),
                "hands_data_over": any(line.hands_data_over for line in lines),
                "adverse": [line for line in lines if line.is_adverse],
                "explained": [line for line in lines if line.decision.reasoning],
                "reviewed": any(line.decision.review == Decision.Review.APPROVED for line in lines),
                "due_on": max((right.due_on for right in rights if right.due_on), default=None),
                "signatory": lines[0].decision.author.name,
                "today": timezone.localdate(),
                "track_url": absolute("public-track", organisation.slug),
                "download_days": settings.DSAR_DOWNLOAD_DAYS,
                "accent": accent_print(organisation.brand_colour),
                "css": letter_css(),
                "is_demo": organisation.is_demo,
                "has_dpo": organisation.dpo_status == Organisation.DpoStatus.APPOINTED,
            },
        )


@cache
def letter_css() -> SafeString:
    """The letter's style sheet, put into the page so that it needs nothing beside it."""
    path = Path(settings.BASE_DIR) / "templates" / "letters" / "letter.css"
    return mark_safe(path.read_text(encoding="utf-8"))  # noqa: S308 - our own file


def _line(case_right: CaseRight) -> Line:
    decision = case_right.decisions.select_related("author").latest("pk")
    return Line(case_right, decision, GROUNDS.get(decision.ground), _what_follows(case_right, decision.outcome))


def _what_follows(case_right: CaseRight, outcome: str) -> str:
    if case_right.right == "marketing_objection" and outcome == Outcome.GRANTED:
        return _("We have stopped using your data for advertising, profiling for advertising included.")
    if outcome in RULES[case_right.right].bears_data:
        return _("Your copy waits on your tracking page.")
    follows = {
        Outcome.NO_DATA: _("With the details you gave us, we found no data about you."),
        Outcome.REFUSED: _("The reasons are below."),
        Outcome.GRANTED_PARTLY: _("The reasons for what is not done are below."),
        Outcome.NOT_IDENTIFIED: _("We could not make sure that the request is yours. The reasons are below."),
        Outcome.WITHDRAWN: _("You withdrew this request. We do nothing more about it."),
    }
    return follows.get(Outcome(outcome), _("This is done."))


def _title(lines: Sequence[Line]) -> str:
    """The title is the decision itself when there is one, else the answer to several requests."""
    if len(lines) > 1:
        return _("Our answer to your requests")
    line = lines[0]
    if line.case_right.right == "marketing_objection" and line.decision.outcome == Outcome.GRANTED:
        return _("You will get no more advertising from us")
    if line.case_right.right == "access":
        titles = {
            Outcome.GRANTED: _("Here are the data we hold about you"),
            Outcome.GRANTED_PARTLY: _("Here are your data, except what is named below"),
            Outcome.NO_DATA: _("We hold no data about you"),
        }
        if line.decision.outcome in titles:
            return titles[Outcome(line.decision.outcome)]
    general = {
        Outcome.REFUSED: _("We cannot do what you ask"),
        Outcome.NOT_IDENTIFIED: _("We could not make sure that the request is yours"),
        Outcome.WITHDRAWN: _("You withdrew your request"),
    }
    return general.get(Outcome(line.decision.outcome), _("Our answer to your request"))


def _address_lines(case: Case) -> list[str]:
    """Where a window envelope shows it: the postal address the person gave, else the e-mail address."""
    addresses = list(PartyAddress.objects.filter(party__case=case).order_by("pk"))
    for kind in (AddressKind.POSTAL, AddressKind.EMAIL):
        for address in addresses:
            if address.kind == kind:
                lines: list[str] = address.value.splitlines()[:5]
                return lines
    return []
