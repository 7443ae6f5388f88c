"""The answer as a letter: what was asked, what was decided, why, and what the person can do about it.

Every letter carries reference, receipt date, the decision on each right, controller and DPO, and the remedies of
GDPR arts. 12(4), 77 and 79; the remedies are printed in every closing letter, favourable ones included.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.utils.translation import override as language_override

from dsar.core.colour import accent_print
from dsar.core.models import Organisation
from dsar.core.templatetags.dsar_format import day_full, one_line
from dsar.core.texts import listed
from requests_app.clock_words import explanation_words
from requests_app.correspondence import absolute
from requests_app.deadline_rules import Rule
from requests_app.deadlines import Deadline
from requests_app.grounds import GROUNDS, Ground
from requests_app.models import Case, CaseRight, Decision, Extension, Forwarding, PartyAddress
from requests_app.rights_table import ADVERSE, RULES
from requests_app.vocabulary import AddressKind, ExtensionReason, ForwardedTo, HandOver, Outcome, Review, Stage


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
                **_frame(case, due_on=max((right.due_on for right in rights if right.due_on), default=None)),
                "lines": lines,
                "pending": [row for row in case.rights.all() if row not in rights and row.stage != Stage.ANSWERED],
                "title": _title(lines),
                "hands_data_over": any(line.hands_data_over for line in lines),
                "adverse": [line for line in lines if line.is_adverse],
                "explained": [line for line in lines if line.decision.reasoning],
                "reviewed": any(line.decision.review == Review.APPROVED for line in lines),
                "signatory": lines[0].decision.author.name,
                "track_url": absolute("public-track", organisation.slug),
                "download_days": settings.DSAR_DOWNLOAD_DAYS,
            },
        )


def extension_html(extension: Extension, until: Deadline, law: Rule) -> str:
    """The notice of an extension as a letter, in the language of the person (GDPR art. 12(3)).

    `until` is the clock as it is, or would be, once the notice has left; `law` is the rule that counts.
    """
    case = extension.case_right.case
    with language_override(case.language), timezone.override(ZoneInfo(case.organisation.time_zone)):
        return render_to_string(
            "letters/extension.html",
            {
                **_frame(case, due_on=until.due_on, dated=extension.reviewed_at),
                "title": _("We need more time for your request"),
                "paragraphs": extension_paragraphs(extension, until, law),
                "steps": explanation_words(until.explanation),
                "signatory": extension.author.name,
            },
        )


def extension_paragraphs(extension: Extension, until: Deadline, law: Rule) -> list[str]:
    """What the notice says, in the active language: what was asked, why it takes longer, until when, what goes on."""
    right = extension.case_right
    asked = {"received": day_full(right.received_at), "verb": right.definition.verb}
    if until.due_on is not None:
        when = _("You have our answer by %(day)s at the latest.") % {"day": day_full(until.due_on)}
        goes_on = _("We go on working on it, and you have nothing to do for it.")
    else:
        when = _("The time stands still until you have answered our question; we then tell you the new date.")
        goes_on = _("We go on with what does not need your answer.")
    return [
        _("On %(received)s we received your request “%(verb)s”.") % asked + " " + _extension_law(law),
        str(EXTENSION_BECAUSE[ExtensionReason(extension.reason)]),
        extension.reasoning,
        f"{when} {goes_on}",
    ]


def _extension_law(law: Rule) -> str:
    """What the law of the place allows, and on which condition."""
    if law.extended is not None and law.extended.days:
        days = {"first": law.period.days, "more": law.extended.days - law.period.days}
        return _(
            "The law gives us %(first)s days to answer. Where that is not enough, it allows %(more)s more days, if we "
            "tell you within the first ones and say why."
        ) % days
    if law.code == "UK":
        return _(
            "The law gives us one month to answer. Where a request is complex, it allows two more months, if we tell "
            "you within the first one and say why (UK GDPR, article 12A)."
        )
    return _(
        "The law gives us one month to answer. Where a request is complex, it allows two more months, if we tell you "
        "within the first one and say why (GDPR, article 12(3))."
    )


EXTENSION_BECAUSE = {
    ExtensionReason.VOLUME: gettext_lazy("We need this time because your request concerns a large quantity of data."),
    ExtensionReason.RETRIEVAL: gettext_lazy("We need this time because some of the data are hard to retrieve."),
    ExtensionReason.REDACTION: gettext_lazy(
        "We need this time because data about other people must be masked before we may give you yours."
    ),
    ExtensionReason.INTELLIGIBILITY: gettext_lazy(
        "We need this time because some of the data must be explained, so that you can understand them."
    ),
    ExtensionReason.NUMBER: gettext_lazy("We need this time because you sent us several requests."),
    ExtensionReason.INFLUX: gettext_lazy(
        "We need this time because an exceptional number of requests has reached us at once."
    ),
}


def forwarding_html(forwarding: Forwarding) -> str:
    """The letter that says who has the request now, in the language of the person."""
    case = forwarding.case
    with language_override(case.language), timezone.override(ZoneInfo(case.organisation.time_zone)):
        return render_to_string(
            "letters/forwarding.html",
            {
                **_frame(case, due_on=None, dated=forwarding.forwarded_at),
                "title": _("We passed your request on"),
                "paragraphs": forwarding_paragraphs(forwarding),
                "is_processor": forwarding.to == ForwardedTo.CLIENT,
                "signatory": forwarding.forwarded_by.name,
            },
        )


def forwarding_paragraphs(forwarding: Forwarding) -> list[str]:
    """What the person reads, in the active language: what arrived when, who has it since when and why, who answers."""
    case = forwarding.case
    rights = list(forwarding.rights.all())
    known = {
        "received": day_full(min(right.received_at for right in rights)),
        "rights": listed(_("“%(verb)s”") % {"verb": right.definition.verb} for right in rights),
        "passed": day_full(forwarding.forwarded_at),
        "name": forwarding.name,
        "organisation": case.organisation.name,
        "reference": forwarding.reference_there,
        "reach": ", ".join(filter(None, (forwarding.email, one_line(_postal(forwarding))))),
    }
    asked = _("On %(received)s we received your request: %(rights)s.") % known
    if forwarding.to == ForwardedTo.ORGANISATION:
        because = {
            HandOver.AGREED: _("Your request concerns %(name)s, and you agreed that we pass it on."),
            HandOver.JOINT: _("Your request concerns %(name)s, which is responsible for these data together with us."),
        }[HandOver(forwarding.because)]
        passed = _(
            "On %(passed)s we gave it to %(name)s, with the date on which we received it. Its reference there is "
            "%(reference)s. The tracking key, if you have one, stays the same."
        )
    else:
        because = _("%(organisation)s processes these data for %(name)s, which decides on them and answers you.")
        passed = _(
            "On %(passed)s we passed your request on to %(name)s as it arrived, with the date on which we received it."
        )
    reach = _("You reach %(name)s here: %(reach)s.") if known["reach"] else ""
    ours = _("We do nothing more about it ourselves.")
    return [asked, because % known, f"{passed % known} {reach % known}".strip(), ours]


def _postal(forwarding: Forwarding) -> str:
    """The postal address of another organisation of this desk; of a client only the mailbox is known."""
    if forwarding.to != ForwardedTo.ORGANISATION:
        return ""
    taker = Case.objects.select_related("organisation").filter(reference=forwarding.reference_there).first()
    return taker.organisation.postal_address if taker else ""


def _frame(case: Case, *, due_on: date | None, dated: datetime | None = None) -> dict[str, Any]:
    """What every letter shows around its text: who writes to whom, when, about which request, and the remedies."""
    organisation = case.organisation
    return {
        "case": case,
        "organisation": organisation,
        "authority": organisation.authority,
        "party": case.requester,
        "acted_for": case.data_subject if case.data_subject != case.requester else None,
        "address_lines": _address_lines(case),
        "due_on": due_on,
        "today": timezone.localdate(dated),
        "accent": accent_print(organisation.brand_colour),
        "css": letter_css(),
        "is_demo": organisation.is_demo,
        "has_dpo": organisation.dpo_status == Organisation.DpoStatus.APPOINTED,
    }


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
    addresses = list(PartyAddress.objects.in_use(case).order_by("pk"))
    for kind in (AddressKind.POSTAL, AddressKind.EMAIL):
        for address in addresses:
            if address.kind == kind:
                lines: list[str] = address.value.splitlines()[:5]
                return lines
    return []
