"""Decisions and their review: outcome, ground and reasoning, and a second person before anything adverse leaves.

GDPR art. 12(4) (reasons and remedies), art. 12(5) (burden of proof on the controller).
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from dsar.core.actors import Actor
from dsar.core.errors import DomainError, NotAllowed
from dsar.core.journal import journal_append
from dsar.core.models import Organisation, User
from dsar.core.models.users import members_with
from dsar.core.roles import Act
from requests_app.grounds import GROUNDS
from requests_app.models import CaseRight, Decision
from requests_app.rights_table import ADVERSE, RULES, ground_needed
from requests_app.services.cases import case_touch
from requests_app.services.obstacles import right_obstacles
from requests_app.vocabulary import Outcome, Stage, TaskState
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


def reviewers_for(organisation: Organisation, *, author: User) -> list[User]:
    """Who may review what `author` wrote: never the author."""
    return list(members_with(Act.CASE_REVIEW, organisation.pk).exclude(pk=author.pk))


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
        _work_cancel(case_right)
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
        review=Decision.Review.WAITING if owed else Decision.Review.NOT_NEEDED,
    )
    _journal(decision, "decision.submitted", actor, reasons.texts)
    case_right_move(
        case_right=case_right,
        target=Stage.IN_REVIEW if owed else Stage.DECIDED,
        actor=actor,
        only_when_ready=outcome != Outcome.WITHDRAWN,
        outcome=outcome,
    )
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


def _work_cancel(case_right: CaseRight) -> None:
    case_right.tasks.filter(state=TaskState.OPEN).update(state=TaskState.CANCELLED, finished_at=datetime.now(UTC))


def _reviewing(decision: Decision, actor: Actor, version: int | None) -> User:
    user = actor.must(Act.CASE_REVIEW, decision.case_right.case.organisation)
    case_touch(case=decision.case_right.case, version=version)
    if user.pk == decision.author_id:
        raise NotAllowed("own_decision", _("The author of a decision never reviews it."))
    return user


@transaction.atomic
def decision_approve(*, decision: Decision, actor: Actor, note: str = "", version: int | None = None) -> None:
    """A second person approves: the decision stands. Raises NotAllowed for its author, `not_waiting` when done."""
    user = _reviewing(decision, actor, version)
    _review_close(decision, Decision.Review.APPROVED, user, note)
    _journal(decision, "decision.approved", actor, {"note": note.strip()} if note.strip() else {})
    case_right_move(case_right=decision.case_right, target=Stage.DECIDED, actor=actor, only_when_ready=True)


@transaction.atomic
def decision_send_back(*, decision: Decision, actor: Actor, note: str, version: int | None = None) -> None:
    """A second person sends the decision back with what is to change. Raises DomainError `note_missing`."""
    user = _reviewing(decision, actor, version)
    if not note.strip():
        raise DomainError("note_missing", _("Say what must change."))
    _review_close(decision, Decision.Review.SENT_BACK, user, note)
    _journal(decision, "decision.sent_back", actor, {"note": note.strip()})
    case_right_move(case_right=decision.case_right, target=Stage.IN_PROGRESS, actor=actor, outcome="")


@transaction.atomic
def decision_single_handed(*, decision: Decision, actor: Actor, reason: str, version: int | None = None) -> None:
    """The author lets the decision stand alone, with a written reason, where no second person exists.

    So that nothing is late because nobody could review (DESIGN §2). Journaled and kept in the register as
    single-handed. Raises DomainError `reviewer_exists`, `review_always` or `reason_missing`.
    """
    case = decision.case_right.case
    user = actor.must(Act.CASE_WORK, case.organisation)
    case_touch(case=case, version=version)
    if case.organisation.review == Organisation.Review.ALWAYS:
        raise DomainError("review_always", _("This organisation always wants a second person."))
    if user.pk != decision.author_id:
        raise NotAllowed("not_the_author", _("Only the author of the decision can do this."))
    if reviewers_for(case.organisation, author=user):
        raise DomainError("reviewer_exists", _("Somebody else can review this decision."))
    if not reason.strip():
        raise DomainError("reason_missing", _("Write why no second person reviews this decision."))
    _review_close(decision, Decision.Review.SINGLE_HANDED, user, reason)
    _journal(decision, "decision.single_handed", actor, {"reason": reason.strip()})
    case_right_move(case_right=decision.case_right, target=Stage.DECIDED, actor=actor, only_when_ready=True)


def _review_close(decision: Decision, review: Decision.Review, user: User, note: str) -> None:
    closed = Decision.objects.filter(pk=decision.pk, review=Decision.Review.WAITING).update(
        review=review, reviewer=user, reviewed_at=datetime.now(UTC), review_note=note.strip()
    )
    if not closed:
        raise DomainError("not_waiting", _("This decision is not waiting for a review."))
    decision.refresh_from_db()


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
