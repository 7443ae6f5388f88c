"""The end of a right without a decision: it was handed on, merged into another one, or withdrawn by the person."""

from datetime import UTC, datetime

from django.utils.translation import gettext_lazy as _

from dsar.core.actors import Actor
from dsar.core.errors import DomainError
from requests_app.models import CaseRight, Decision, Deliverable, Extension
from requests_app.outbox import outbox_stop
from requests_app.services.clocks import case_clock_refresh
from requests_app.services.reopening import messages_hold
from requests_app.services.suspensions import suspensions_drop
from requests_app.vocabulary import DeliverableState, Outcome, Review, Stage, TaskState
from requests_app.workflow import case_right_move


def right_end(*, case_right: CaseRight, outcome: Outcome, actor: Actor) -> None:
    """End a right that nobody answers here: its open work, its questions and what was prepared end with it.

    Must run in the caller's transaction, which holds the case. Raises DomainError `right_answered`.
    """
    if case_right.is_answered:
        raise DomainError("right_answered", _("This right is answered already."))
    right_work_drop(case_right)
    extension_drop(case_right)
    now = datetime.now(UTC)
    Decision.objects.filter(case_right=case_right, review=Review.WAITING).update(
        review=Review.OVERTAKEN, reviewed_at=now
    )
    case_right_move(case_right=case_right, target=Stage.ANSWERED, actor=actor, outcome=outcome, answered_at=now)
    suspensions_drop(case_right=case_right, actor=actor)
    case_clock_refresh(case=case_right.case)
    if outcome != Outcome.MERGED:  # what was written goes with the right to the other case
        messages_hold(case=case_right.case)


def right_work_drop(case_right: CaseRight) -> None:
    """Cancel the open tasks of a right, and take back what was prepared for it and has not left."""
    now = datetime.now(UTC)
    case_right.tasks.filter(state=TaskState.OPEN).update(state=TaskState.CANCELLED, finished_at=now)
    Deliverable.objects.filter(rights=case_right, state=DeliverableState.PREPARED).update(
        state=DeliverableState.SUPERSEDED
    )


def extension_drop(case_right: CaseRight, *, announced_too: bool = False) -> None:
    """An extension that is not needed any more is not announced; with `announced_too` the one in force ends too."""
    alive = Extension.objects.filter(case_right=case_right, is_past=False).exclude(review=Review.SENT_BACK)
    for extension in alive.select_related("mail__case", "mail__organisation"):
        if extension.sent_at is None and extension.mail is not None:
            outbox_stop(extension.mail)
        if extension.sent_at is None or announced_too:
            review = Review.OVERTAKEN if extension.review == Review.WAITING else extension.review
            Extension.objects.filter(pk=extension.pk).update(is_past=True, review=review)
