"""Decisions and their review: outcome, ground and reasoning, and a second person before anything adverse leaves.

GDPR art. 12(4) (reasons and remedies), art. 12(5) (burden of proof on the controller).
"""

from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any

from django.db import transaction

from dsar.core.actors import Actor
from dsar.core.errors import DomainError
from dsar.core.models import User
from dsar.core.roles import Act
from requests_app.case_journal import case_journal
from requests_app.models import CaseRight, Decision
from requests_app.rights_table import ADVERSE, RULES, tasks_spared
from requests_app.services.cases import case_touch
from requests_app.services.decision_rules import Reasons, late_facts, reasons_checked
from requests_app.services.ending import extension_drop, right_work_drop
from requests_app.services.obstacles import right_obstacles
from requests_app.services.reviews import author_alone, note_must, review_close, reviewer_of
from requests_app.services.suspensions import suspensions_drop
from requests_app.vocabulary import Outcome, Review, Stage, TaskState
from requests_app.workflow import case_right_move


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
    asked_on: date | None = None,
    asked_how: str = "",
    late_refusal: bool = False,
    actor: Actor,
    version: int | None = None,
) -> Decision:
    """Write the decision on a right; it goes to a second person where one is owed, else it stands.

    `kept_until`: the last day on which what is not erased is kept. `asked_on`, a local date, and `asked_how`: where a
    ground says that we asked first, and no question of this desk shows it. `late_refusal`: the author knows that a
    refusal was due within the first month (law.md §2.5).
    Raises DomainError: `outcome_not_possible`, `ground_missing`, `ground_not_possible`, `redact_instead`,
    `reasoning_missing`, `withheld_missing`, `evidence_missing`, `provision_missing`, `kept_until_missing`,
    `kept_until_past`, `not_asked`, `asked_on_impossible`, `asked_how_missing`, `refusal_late`, `right_not_ready` (with
    every reason), and `move_not_allowed`.
    """
    author = actor.must(Act.CASE_WORK, case_right.case.organisation)
    case_touch(case=case_right.case, version=version)
    written = Reasons(
        ground, reasoning.strip(), withheld.strip(), evidence.strip(), provision.strip(), kept_until, asked_on,
        asked_how.strip(),
    )  # fmt: skip
    reasons = reasons_checked(case_right, outcome, written)
    facts = {**reasons.days, **late_facts(case_right, outcome, is_known=late_refusal)}
    if outcome == Outcome.WITHDRAWN:
        right_work_drop(case_right)
        extension_drop(case_right)
    else:
        _ready_check(case_right, outcome, ground)
    decision = _decision_create(case_right, outcome, reasons, author)
    _journal(decision, "decision.submitted", actor, reasons.texts, facts)
    _leave_desk(decision, actor)
    suspensions_drop(case_right=case_right, actor=actor)
    return decision


def _decision_create(case_right: CaseRight, outcome: str, reasons: Reasons, author: User) -> Decision:
    owed = decision_needs_review(case_right, outcome)
    return Decision.objects.create(
        case_right=case_right,
        outcome=outcome,
        **asdict(reasons),
        author=author,
        written_at=datetime.now(UTC),
        review=Review.WAITING if owed else Review.NOT_NEEDED,
    )


def _leave_desk(decision: Decision, actor: Actor) -> None:
    """Move the right on: to a second person, or to where its answer can leave."""
    is_reviewed = decision.review == Review.WAITING
    case_right_move(
        case_right=decision.case_right,
        target=Stage.IN_REVIEW if is_reviewed else Stage.DECIDED,
        actor=actor,
        only_when_ready=decision.outcome != Outcome.WITHDRAWN,
        ground=decision.ground,
        outcome=decision.outcome,
    )
    if not is_reviewed:
        _spared_cancel(decision)


def _ready_check(case_right: CaseRight, outcome: str, ground: str) -> None:
    obstacles = right_obstacles(case_right, outcome, ground)
    if obstacles:
        raise DomainError("right_not_ready", " ".join(str(obstacle.message) for obstacle in obstacles))


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
    case_journal(
        case=case,
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
