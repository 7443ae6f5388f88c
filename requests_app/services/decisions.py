"""Decisions and their review: outcome, ground and reasoning, and a second person before anything adverse leaves.

GDPR art. 12(4) (reasons and remedies), art. 12(5) (burden of proof on the controller).
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from dsar.core.actors import Actor
from dsar.core.errors import DomainError
from dsar.core.journal import journal_append
from dsar.core.roles import Act
from requests_app.deadlines import local_date
from requests_app.grounds import GROUNDS
from requests_app.letter_facts import facts_recorded
from requests_app.models import CaseRight, Decision
from requests_app.rights_table import ADVERSE, DONE, FULL_REFUSALS, RULES, ground_needed, tasks_spared
from requests_app.services.cases import case_touch
from requests_app.services.obstacles import right_obstacles
from requests_app.services.reviews import author_alone, note_must, review_close, reviewer_of
from requests_app.services.suspensions import suspensions_drop
from requests_app.vocabulary import Outcome, Review, Stage, TaskState
from requests_app.workflow import case_right_move


@dataclass(frozen=True)
class Reasons:
    """What a decision says beside its outcome: the person's language for `reasoning` and `withheld`."""

    ground: str = ""
    reasoning: str = ""
    withheld: str = ""
    evidence: str = ""
    provision: str = ""
    kept_until: date | None = None

    @property
    def texts(self) -> dict[str, str]:
        """The free texts that were written, for the journal."""
        written = {
            "reasoning": self.reasoning,
            "withheld": self.withheld,
            "evidence": self.evidence,
            "provision": self.provision,
        }
        return {name: text for name, text in written.items() if text}


def decision_needs_review(case_right: CaseRight, outcome: str) -> bool:
    """A second person is owed to every adverse outcome and to every answer that hands data over (DESIGN §2)."""
    return outcome in ADVERSE or outcome in RULES[case_right.right].bears_data


@transaction.atomic
def decision_submit(
    *,
    case_right: CaseRight,
    outcome: str,
    ground: str = "",
    reasoning: str = "",
    withheld: str = "",
    evidence: str = "",
    provision: str = "",
    kept_until: date | None = None,
    late_refusal: bool = False,
    actor: Actor,
    version: int | None = None,
) -> Decision:
    """Write the decision on a right; it goes to a second person where one is owed, else it stands.

    `kept_until`: the last day on which what is not erased is kept. `late_refusal`: the author knows that a refusal was
    due within the first month (law.md §2.5).
    Raises DomainError: `outcome_not_possible`, `ground_missing`, `ground_not_possible`, `redact_instead`,
    `reasoning_missing`, `withheld_missing`, `evidence_missing`, `provision_missing`, `kept_until_missing`,
    `kept_until_past`, `refusal_late`, `right_not_ready` (with every reason), and `move_not_allowed`.
    """
    author = actor.must(Act.CASE_WORK, case_right.case.organisation)
    case_touch(case=case_right.case, version=version)
    reasons = Reasons(ground, reasoning.strip(), withheld.strip(), evidence.strip(), provision.strip(), kept_until)
    _outcome_check(case_right, outcome, reasons.ground)
    _reasons_check(case_right, outcome, reasons)
    is_late = outcome in FULL_REFUSALS and refusal_is_late(case_right)
    if is_late and not late_refusal:
        raise DomainError("refusal_late", _("A refusal was due within the first month. Confirm that you know it."))
    if outcome == Outcome.WITHDRAWN:
        work_cancel(case_right)
    else:
        _ready_check(case_right, outcome, reasons.ground)
    owed = decision_needs_review(case_right, outcome)
    decision = Decision.objects.create(
        case_right=case_right,
        outcome=outcome,
        ground=reasons.ground,
        reasoning=reasons.reasoning,
        withheld=reasons.withheld,
        evidence=reasons.evidence,
        provision=reasons.provision,
        kept_until=reasons.kept_until,
        author=author,
        written_at=datetime.now(UTC),
        review=Review.WAITING if owed else Review.NOT_NEEDED,
    )
    facts: dict[str, Any] = {"kept_until": reasons.kept_until.isoformat()} if reasons.kept_until else {}
    if is_late:
        facts["refusal_was_due_on"] = str(case_right.refusal_notice_due_on)
    _journal(decision, "decision.submitted", actor, reasons.texts, facts)
    case_right_move(
        case_right=case_right,
        target=Stage.IN_REVIEW if owed else Stage.DECIDED,
        actor=actor,
        only_when_ready=outcome != Outcome.WITHDRAWN,
        ground=reasons.ground,
        outcome=outcome,
    )
    if not owed:
        _spared_cancel(decision)
    suspensions_drop(case_right=case_right, actor=actor)
    return decision


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
    if not reasons.ground:
        return
    ground = GROUNDS[reasons.ground]
    if ground.needs_evidence and not reasons.evidence:
        raise DomainError("evidence_missing", _("This ground must be proved: say what the evidence is."))
    if ground.needs_provision and not reasons.provision:
        raise DomainError("provision_missing", _("Cite the provision of the law."))
    if ground.needs_end and reasons.kept_until is None:
        raise DomainError("kept_until_missing", _("Say until when these data are kept."))


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


def _ready_check(case_right: CaseRight, outcome: str, ground: str) -> None:
    obstacles = right_obstacles(case_right, outcome, ground)
    if obstacles:
        raise DomainError("right_not_ready", " ".join(str(obstacle.message) for obstacle in obstacles))


def work_cancel(case_right: CaseRight) -> None:
    """Nobody and nothing works on this right any more."""
    case_right.tasks.filter(state=TaskState.OPEN).update(state=TaskState.CANCELLED, finished_at=datetime.now(UTC))


def _spared_cancel(decision: Decision) -> None:
    """The decision stands: what only a granted request would have asked for is not done any more."""
    spared = tasks_spared(decision.case_right.right, decision.outcome, decision.ground)
    decision.case_right.tasks.filter(state=TaskState.OPEN, kind__in=spared).update(
        state=TaskState.CANCELLED, finished_at=datetime.now(UTC)
    )


@transaction.atomic
def decision_approve(*, decision: Decision, actor: Actor, note: str = "", version: int | None = None) -> None:
    """A second person approves: the decision stands. Raises NotAllowed for its author, `not_waiting` when done."""
    user = reviewer_of(decision, decision.case_right.case, actor, version)
    review_close(decision, Review.APPROVED, user, note)
    _journal(decision, "decision.approved", actor, {"note": note.strip()} if note.strip() else {})
    _stand(decision, actor)


@transaction.atomic
def decision_send_back(*, decision: Decision, actor: Actor, note: str, version: int | None = None) -> None:
    """A second person sends the decision back with what is to change. Raises DomainError `note_missing`."""
    user = reviewer_of(decision, decision.case_right.case, actor, version)
    note = note_must(note)
    review_close(decision, Review.SENT_BACK, user, note)
    _journal(decision, "decision.sent_back", actor, {"note": note})
    case_right_move(case_right=decision.case_right, target=Stage.IN_PROGRESS, actor=actor, outcome="")


@transaction.atomic
def decision_single_handed(*, decision: Decision, actor: Actor, reason: str, version: int | None = None) -> None:
    """The author lets the decision stand alone, with a written reason; raises as `reviews.author_alone`."""
    user = author_alone(decision, decision.case_right.case, actor, version, reason)
    review_close(decision, Review.SINGLE_HANDED, user, reason)
    _journal(decision, "decision.single_handed", actor, {"reason": reason.strip()})
    _stand(decision, actor)


def _stand(decision: Decision, actor: Actor) -> None:
    case_right_move(
        case_right=decision.case_right,
        target=Stage.DECIDED,
        actor=actor,
        only_when_ready=True,
        ground=decision.ground,
    )
    _spared_cancel(decision)


def _journal(
    decision: Decision, kind: str, actor: Actor, values: dict[str, str], facts: dict[str, Any] | None = None
) -> None:
    case = decision.case_right.case
    journal_append(
        chain=case.chain,
        organisation=case.organisation,
        kind=kind,
        actor=actor,
        facts={
            "right": decision.case_right.right,
            "outcome": decision.outcome,
            "ground": decision.ground,
            "decision": decision.pk,
            **(facts or {}),
        },
        values=values,
    )
