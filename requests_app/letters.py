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
from dsar.core.templatetags.dsar_format import article, day_full, one_line
from dsar.core.texts import listed
from requests_app.clock_words import explanation_words
from requests_app.correspondence import absolute, authority_words
from requests_app.deadline_rules import Rule
from requests_app.deadlines import Deadline
from requests_app.grounds import GROUNDS, Ground
from requests_app.law_words import extension_words
from requests_app.letter_facts import facts_recorded, follows_forwarded
from requests_app.letter_words import answer_words, ground_words, section_heading, source_words
from requests_app.models import Case, CaseRight, Decision, Extension, Forwarding, PartyAddress, Restriction
from requests_app.rights_table import RULES, is_done
from requests_app.vocabulary import AddressKind, ExtensionReason, ForwardedTo, HandOver, ItemState, Review, Stage


@dataclass(frozen=True)
class Told:
    """One sentence of the letter, with the article it comes from where the letter cites one."""

    text: str
    source: str = ""


@dataclass(frozen=True)
class Line:
    """One right in the letter: its decision, what follows from it in one sentence, and what else the law wants told."""

    case_right: CaseRight
    decision: Decision
    title: str
    what_follows: str
    article: str  # empty where letters cite no GDPR
    heading: str
    ground: str
    provision: str  # of the law that makes us keep data, or limits the right
    tells: Told | None  # what the ground means, and which right serves instead
    facts: list[str]
    says: list[Told]

    @property
    def is_explained(self) -> bool:
        """Whether there is more to tell than the line of the table holds."""
        written = self.decision.reasoning or self.decision.withheld
        return bool(written or self.ground or self.facts or self.says)

    @property
    def left_out(self) -> str:
        """What stands before what is not done of a right that is granted in part."""
        if self.hands_data_over:
            return _("What we withhold:")
        return _("What we keep:") if self.case_right.right == "erasure" else _("What is not done:")

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
                "is_of_the_dead": all(line.case_right.right == "post_mortem" for line in lines),
                "hands_data_over": any(line.hands_data_over for line in lines),
                "gives_access": any(line.hands_data_over and line.case_right.right == "access" for line in lines),
                "explained": [line for line in lines if line.is_explained],
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
    asked = {"received": day_full(right.counts_from), "verb": right.definition.verb}
    if until.due_on is not None:
        when = _("You have our answer by %(day)s at the latest.") % {"day": day_full(until.due_on)}
        goes_on = _("We go on working on it, and you have nothing to do for it.")
    else:
        when = _("The time stands still until you have answered our question; we then tell you the new date.")
        goes_on = _("We go on with what does not need your answer.")
    return [
        _("On %(received)s we received your request “%(verb)s”.") % asked + " " + extension_words(law),
        str(EXTENSION_BECAUSE[ExtensionReason(extension.reason)]),
        extension.reasoning,
        f"{when} {goes_on}",
    ]


def certificate_html(case: Case, rights: Sequence[CaseRight]) -> str:
    """The certificate of receipt as one page: when what arrived by which way, and by when each answer is due.

    It bears nothing about the person but what they asked, neither name nor address: one channel is enough to get it.
    """
    organisation = case.organisation
    with language_override(case.language), timezone.override(ZoneInfo(organisation.time_zone)):
        frame = _frame(case, due_on=None)
        return render_to_string(
            "letters/certificate.html",
            {
                **frame,
                "party": None,
                "acted_for": None,
                "address_lines": [],
                "title": _("Certificate of receipt"),
                "zone": organisation.time_zone,
                "rights": [(right, explanation_words(right.clock_explanation)) for right in rights],
            },
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
        "received": day_full(min(right.counts_from for right in rights)),
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
            "On %(passed)s we passed your request on to %(name)s, with the date on which we received it."
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


def lifting_html(restriction: Restriction) -> str:
    """The letter before a restriction is lifted, in the language of the person (GDPR art. 18(3))."""
    case = restriction.case_right.case
    with language_override(case.language), timezone.override(ZoneInfo(case.organisation.time_zone)):
        return render_to_string(
            "letters/lifting.html",
            {
                **_frame(case, due_on=None, dated=restriction.announced_at),
                "title": _("We are going to use your data again"),
                "paragraphs": lifting_paragraphs(restriction),
                "signatory": restriction.announced_by.name if restriction.announced_by else "",
            },
        )


def lifting_paragraphs(restriction: Restriction, *, in_full: bool = True) -> list[str]:
    """What that letter says, in the active language: since when, which data, why it ends, and what that means.

    `in_full` is False where nobody confirmed the mailbox: then nothing that a member wrote goes there.
    """
    right = restriction.case_right
    facts = {
        "since": day_full(restriction.since),
        "received": day_full(right.received_at),
        "verb": right.definition.verb,
    }
    then = _(
        "We lift this restriction after this letter. From then on we may use these data again, and no longer only "
        "store them."
    )
    cited = _("The law wants you to know before (GDPR, article 18(3)).")
    written = [
        _("What is restricted: %(scope)s") % {"scope": restriction.scope},
        _("Why the restriction ends: %(reason)s") % {"reason": restriction.lift_reason},
    ]
    return [
        _(
            "Since %(since)s we only store certain data about you. We restricted their use because of your request "
            "“%(verb)s”, which we received on %(received)s."
        ) % facts,
        *(written if in_full else ()),
        f"{then} {cited}" if right.case.organisation.under_gdpr else then,
    ]


def _frame(case: Case, *, due_on: date | None, dated: datetime | None = None) -> dict[str, Any]:
    """What every letter shows around its text: who writes to whom, when, about which request, and the remedies."""
    organisation = case.organisation
    return {
        "case": case,
        "organisation": organisation,
        "authority": authority_words(organisation, case.country),
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
    right, under_gdpr = case_right.definition, case_right.case.organisation.under_gdpr
    is_offered = not case_right.statements.exists()  # nobody is offered again what they have done
    words = answer_words(right.code, decision.outcome, decision.ground)
    ground = GROUNDS.get(decision.ground)
    justified = set(case_right.checklist.filter(state=ItemState.JUSTIFIED).values_list("code", flat=True))
    return Line(
        case_right=case_right,
        decision=decision,
        title=str(words.title),
        what_follows=follows_forwarded(case_right) or str(words.follows),
        article=article(case_right.article_cited),
        heading=section_heading(decision.outcome, right.verb),
        ground=ground_words(ground, under_gdpr=under_gdpr) if ground else "",
        provision=decision.provision.strip().rstrip("."),
        tells=_ground_tells(ground, decision.asked_on, under_gdpr=under_gdpr) if ground and is_offered else None,
        facts=facts_recorded(case_right) if is_done(decision.outcome, decision.ground) or right.code in _ALWAYS else [],
        says=[
            Told(str(say.text), source_words(say.article, under_gdpr=under_gdpr))
            for say in words.says
            if say.item not in justified
        ],
    )


_ALWAYS = frozenset({"rectification"})  # the statement beside data that are not corrected is for a refusal


def _ground_tells(ground: Ground, asked_on: date | None, *, under_gdpr: bool) -> Told:
    """What the ground means, after the day on which the person was asked first, where the ground says so."""
    tells = str(ground.tells)
    if ground.asked_first is not None and asked_on is not None:
        tells = f"{ground.asked_first.words % {'day': day_full(asked_on)}} {tells}"
    return Told(tells, source_words(ground.tells_article, under_gdpr=under_gdpr))


def _title(lines: Sequence[Line]) -> str:
    """The title is the decision itself when there is one, else the answer to several requests."""
    return lines[0].title if len(lines) == 1 else _("Our answer to your requests")


def _address_lines(case: Case) -> list[str]:
    """Where a window envelope shows it: the postal address the person gave, else the e-mail address."""
    addresses = list(PartyAddress.objects.in_use(case).order_by("pk"))
    for kind in (AddressKind.POSTAL, AddressKind.EMAIL):
        for address in addresses:
            if address.kind == kind:
                lines: list[str] = address.value.splitlines()[:5]
                return lines
    return []
