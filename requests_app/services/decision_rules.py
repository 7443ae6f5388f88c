"""What a decision must say before it is written: an outcome and a ground of the right, and what goes with the ground.

GDPR art. 12(4) (reasons), art. 12(5) (burden of proof on the controller), law.md §1.1.
"""

from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime

from django.utils.translation import gettext_lazy as _

from dsar.core.errors import DomainError
from dsar.core.templatetags.dsar_format import day_full
from requests_app.deadlines import local_date
from requests_app.grounds import GROUNDS, AskedFirst, Ground
from requests_app.letter_facts import facts_recorded
from requests_app.models import CaseRight
from requests_app.rights_table import DONE, FULL_REFUSALS, RULES, ground_needed
from requests_app.services.suspensions import asked_days
from requests_app.vocabulary import Outcome, SuspensionReason


@dataclass(frozen=True)
class Reasons:
    """What a decision says beside its outcome: the person's language for `reasoning` and `withheld`.

    `asked_on`, `asked_how`: when and how the person was asked first, for a ground that says so.
    """

    ground: str = ""
    reasoning: str = ""
    withheld: str = ""
    evidence: str = ""
    provision: str = ""
    kept_until: date | None = None
    asked_on: date | None = None
    asked_how: str = ""

    @property
    def texts(self) -> dict[str, str]:
        """The free texts that were written, for the journal."""
        written = {name: value for name, value in asdict(self).items() if isinstance(value, str) and value}
        return {name: text for name, text in written.items() if name != "ground"}

    @property
    def days(self) -> dict[str, str]:
        """The days that were given, for the journal."""
        return {name: day.isoformat() for name, day in asdict(self).items() if isinstance(day, date)}


def reasons_checked(case_right: CaseRight, outcome: str, reasons: Reasons) -> Reasons:
    """What is kept with this outcome: the reasons, with the day of the question that their ground speaks of.

    Raises DomainError as `decision_submit` says.
    """
    _outcome_check(case_right, outcome, reasons.ground)
    _reasons_check(case_right, outcome, reasons)
    ground = GROUNDS.get(reasons.ground)
    if ground is not None:
        _ground_check(ground, reasons)
    if ground is None or ground.asked_first is None:
        return replace(reasons, asked_on=None, asked_how="")
    return _asked_checked(case_right, ground.asked_first, reasons)


def late_facts(case_right: CaseRight, outcome: str, *, is_known: bool) -> dict[str, str]:
    """Since when a full refusal is late, for the journal. Raises `refusal_late` where the author does not know it."""
    if outcome not in FULL_REFUSALS or not refusal_is_late(case_right):
        return {}
    if not is_known:
        raise DomainError("refusal_late", _("A refusal was due within the first month. Confirm that you know it."))
    return {"refusal_was_due_on": str(case_right.refusal_notice_due_on)}


def refusal_is_late(case_right: CaseRight) -> bool:
    """Whether the first month, within which a refusal must be told (GDPR art. 12(4)), is over at the organisation."""
    due_on = case_right.refusal_notice_due_on
    return due_on is not None and _today(case_right) > due_on


def _today(case_right: CaseRight) -> date:
    return local_date(datetime.now(UTC), case_right.case.organisation.time_zone)


def _outcome_check(case_right: CaseRight, outcome: str, ground: str) -> None:
    """Refuse an outcome that the right does not know, or a ground that goes with neither of them."""
    rules = RULES[case_right.right]
    if outcome not in rules.chosen:
        raise DomainError("outcome_not_possible", _("This right does not allow this outcome."))
    if ground and ground not in rules.grounds:
        raise DomainError("ground_not_possible", _("This right does not allow this ground."))
    if ground_needed(outcome) and not ground:
        raise DomainError("ground_missing", _("Choose the ground of the refusal."))
    if ground == "15_4" and outcome == Outcome.REFUSED:
        # Recital 63 of the GDPR: the rights of others are never a reason to withhold everything.
        raise DomainError("redact_instead", _("The rights of others never justify refusing everything: redact."))
    if ground and outcome not in GROUNDS[ground].outcomes:
        raise DomainError("ground_not_possible", GROUND_ELSEWHERE.get(ground, _OTHER_OUTCOME))


_OTHER_OUTCOME = _("This ground does not go with this outcome.")
GROUND_ELSEWHERE = {
    "NOT_CONTROLLER": _("This is no refusal: answer “no data held”, or forward the request to who decides."),
    "7_3_NO_CONSENT": _("This is no refusal: it says why there is nothing to withdraw. Answer “no data held”."),
    "12_6_IDENTITY": _("Who is not identified is not refused: choose the outcome “not identified”."),
}


def _reasons_check(case_right: CaseRight, outcome: str, reasons: Reasons) -> None:
    if not reasons.reasoning:
        _reasoning_missing(case_right, outcome, reasons.ground)
    if outcome == Outcome.GRANTED_PARTLY and not reasons.withheld:
        hands_over = Outcome.GRANTED_PARTLY in RULES[case_right.right].bears_data
        raise DomainError("withheld_missing", _("Say what is withheld.") if hands_over else _("Say what is not done."))
    if reasons.kept_until is not None and reasons.kept_until < _today(case_right):
        raise DomainError("kept_until_past", _("This day is over: what was kept until then must be erased now."))


def _reasoning_missing(case_right: CaseRight, outcome: str, ground: str) -> None:
    """Refuse an answer without its own words, where it cannot do without."""
    if outcome == Outcome.WITHDRAWN:
        raise DomainError("reasoning_missing", _("Write how and when the person withdrew the request."))
    if ground:
        raise DomainError("reasoning_missing", _("Write the reasons: the person must be able to understand them."))
    tells = RULES[case_right.right].tells
    if tells and outcome in DONE | {Outcome.ANSWERED} and not _is_recorded(case_right):
        raise DomainError("reasoning_missing", tells)


TOLD_FROM = ("restriction", "automated_decision", "directives")  # rights whose letter tells what is recorded with them


def _is_recorded(case_right: CaseRight) -> bool:
    """Whether what the answer must tell of this person is recorded with the right, from where the letter takes it."""
    return case_right.right in TOLD_FROM and bool(facts_recorded(case_right))


def _ground_check(ground: Ground, reasons: Reasons) -> None:
    if ground.needs_evidence and not reasons.evidence:
        raise DomainError("evidence_missing", _("This ground must be proved: say what the evidence is."))
    if ground.needs_provision and not reasons.provision:
        raise DomainError("provision_missing", _("Cite the provision of the law."))
    if ground.needs_end and reasons.kept_until is None:
        raise DomainError("kept_until_missing", _("Say until when these data are kept."))


def _asked_checked(case_right: CaseRight, asked: AskedFirst, reasons: Reasons) -> Reasons:
    """The reasons with the day on which the question left; else with the day and the way that the author writes down.

    The other way serves what was asked by phone, in a letter, or in a message that was no question of its own.
    """
    case = case_right.case
    questions = case.suspensions.select_related("mail").prefetch_related("rights")
    if (left_on := asked_days(case_right, questions).get(asked.kind)) is not None:
        return replace(reasons, asked_on=left_on, asked_how="")
    if reasons.asked_on is None:
        raise DomainError("not_asked", NOT_ASKED[asked.kind])
    first, today = local_date(case.received_at, case.organisation.time_zone), _today(case_right)
    if not first <= reasons.asked_on <= today:
        raise DomainError(
            "asked_on_impossible", _("Give a day from %(first)s to today.") % {"first": day_full(first)}
        )
    if not reasons.asked_how:
        raise DomainError("asked_how_missing", _("Write how the person was asked, and where that can be seen."))
    return reasons


NOT_ASKED = {
    SuspensionReason.IDENTITY: _(
        "This ground says that we asked, and no question about who asks has left. Ask the person first; if you did so "
        "by another way, give the day and the way."
    ),
    SuspensionReason.CLARIFY: _(
        "This ground says that we asked, and no question about what is meant here has left. Ask the person first; if "
        "you did so by another way, give the day and the way."
    ),
}
