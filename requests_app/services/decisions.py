"""Decisions and their review: outcome, ground and reasoning, and a second person before anything adverse leaves.

GDPR art. 12(4) (reasons and remedies), art. 12(5) (burden of proof on the controller).
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from dsar.core.actors import Actor
from dsar.core.errors import DomainError
from dsar.core.journal import journal_append
from dsar.core.roles import Act
from requests_app.grounds import GROUNDS
from requests_app.models import CaseRight, Decision
from requests_app.rights_table import ADVERSE, RULES, ground_needed
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
    actor: Actor,
    version: int | None = None,
) -> Decision:
    """Write the decision on a right; it goes to a second person where one is owed, else it stands.

    Raises DomainError: `outcome_not_possible`, `ground_missing`, `ground_not_possible`, `redact_instead`,
    `reasoning_missing`, `withheld_missing`, `evidence_missing`, `provision_missing`, `right_not_ready` (with
    every reason), and `move_not_allowed`.
    """
    author = actor.must(Act.CASE_WORK, case_right.case.organisation)
    case_touch(case=case_right.case, version=version)
    reasons = Reasons(ground, reasoning.strip(), withheld.strip(), evidence.strip(), provision.strip())
    _reasons_check(case_right, outcome, reasons)
    if outcome == Outcome.WITHDRAWN:
        work_cancel(case_right)
    else:
        _ready_check(case_right)
    owed = decision_needs_review(case_right, outcome)
    decision = Decision.objects.create(
        case_right=case_right,
        outcome=outcome,
        ground=reasons.ground,
        reasoning=reasons.reasoning,
        withheld=reasons.withheld,
        evidence=reasons.evidence,
        provision=reasons.provision,
        author=author,
        written_at=datetime.now(UTC),
        review=Review.WAITING if owed else Review.NOT_NEEDED,
    )
    _journal(decision, "decision.submitted", actor, reasons.texts)
    case_right_move(
        case_right=case_right,
        target=Stage.IN_REVIEW if owed else Stage.DECIDED,
        actor=actor,
        only_when_ready=outcome != Outcome.WITHDRAWN,
        outcome=outcome,
    )
    suspensions_drop(case_right=case_right, actor=actor)
    return decision


def _reasons_check(case_right: CaseRight, outcome: str, reasons: Reasons) -> None:
    rules = RULES[case_right.right]
    if outcome not in rules.outcomes:
        raise DomainError("outcome_not_possible", _("This right does not allow this outcome."))
    if reasons.ground and reasons.ground not in rules.grounds:
        raise DomainError("ground_not_possible", _("This right does not allow this ground."))
    if ground_needed(outcome) and not reasons.ground:
        raise DomainError("ground_missing", _("Choose the ground of the refusal."))
    if outcome == Outcome.WITHDRAWN and not reasons.reasoning:
        raise DomainError("reasoning_missing", _("Write how and when the person withdrew the request."))
    if ground_needed(outcome) and not reasons.reasoning:
        raise DomainError("reasoning_missing", _("Write the reasons: the person must be able to understand them."))
    if outcome == Outcome.GRANTED_PARTLY and not reasons.withheld:
        raise DomainError("withheld_missing", _("Say what is withheld."))
    if not reasons.ground:
        return
    ground = GROUNDS[reasons.ground]
    if ground.code == "15_4" and outcome == Outcome.REFUSED:
        # Recital 63 of the GDPR: the rights of others are never a reason to withhold everything.
        raise DomainError("redact_instead", _("The rights of others never justify refusing everything: redact."))
    if ground.needs_evidence and not reasons.evidence:
        raise DomainError("evidence_missing", _("This ground must be proved: say what the evidence is."))
    if ground.needs_provision and not reasons.provision:
        raise DomainError("provision_missing", _("Cite the provision of the law."))


def _ready_check(case_right: CaseRight) -> None:
    obstacles = right_obstacles(case_right)
    if obstacles:
        raise DomainError("right_not_ready", " ".join(str(obstacle.message) for obstacle in obstacles))


def work_cancel(case_right: CaseRight) -> None:
    """Nobody and nothing works on this right any more."""
    case_right.tasks.filter(state=TaskState.OPEN).update(state=TaskState.CANCELLED, finished_at=datetime.now(UTC))


@transaction.atomic
def decision_approve(*, decision: Decision, actor: Actor, note: str = "", version: int | None = None) -> None:
    """A second person approves: the decision stands. Raises NotAllowed for its author, `not_waiting` when done."""
    user = reviewer_of(decision, decision.case_right.case, actor, version)
    review_close(decision, Review.APPROVED, user, note)
    _journal(decision, "decision.approved", actor, {"note": note.strip()} if note.strip() else {})
    case_right_move(case_right=decision.case_right, target=Stage.DECIDED, actor=actor, only_when_ready=True)


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
    case_right_move(case_right=decision.case_right, target=Stage.DECIDED, actor=actor, only_when_ready=True)


def _journal(decision: Decision, kind: str, actor: Actor, values: dict[str, str]) -> None:
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
        },
        values=values,
    )
