"""An automated decision looked at by a person who may change it (GDPR art. 22(3))."""

from datetime import UTC, date, datetime

from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override as language_override

from dsar.core.actors import Actor
from dsar.core.errors import DomainError
from dsar.core.roles import Act
from dsar.core.templatetags.dsar_format import day_full
from requests_app.case_journal import case_journal
from requests_app.deadlines import local_date
from requests_app.models import CaseRight, HumanReview
from requests_app.services.cases import case_touch_open
from requests_app.services.work import CHECKLIST_CLOSED, checklist_items_done
from requests_app.vocabulary import HumanOutcome


@transaction.atomic
def human_review_record(
    *,
    case_right: CaseRight,
    decision_reviewed: str,
    reviewer: str,
    competence: str,
    reviewed_on: date,
    outcome: str,
    reasons: str,
    person_view: str = "",
    actor: Actor,
    version: int | None = None,
) -> HumanReview:
    """Record who looked at the decision, why they can judge and change it, what they considered and what came of it.

    `reviewed_on` is a local date. It marks what the answer must contain (D1 to D3, law.md §1.2) as done. Raises
    DomainError `review_not_here` for any right but the one of art. 22, `right_decided`, `decision_missing`,
    `reviewer_missing`, `competence_missing`, `reasons_missing`, `reviewed_in_future`, `reviewed_before` or
    `case_closed`.
    """
    case = case_right.case
    member = actor.must(Act.CASE_WORK, case.organisation)
    case_touch_open(case=case, version=version)
    if case_right.right != "automated_decision":
        raise DomainError("review_not_here", _("This belongs to a request about an automated decision (article 22)."))
    case_right.refresh_from_db(fields=["stage", "reopened_at"])
    if case_right.stage in CHECKLIST_CLOSED:
        raise DomainError("right_decided", _("This right is decided or in review: its checklist is closed."))
    texts = {
        "decision_reviewed": decision_reviewed.strip(), "reviewer": reviewer.strip(), "competence": competence.strip(),
        "reasons": reasons.strip(), "person_view": person_view.strip(),
    }  # fmt: skip
    _texts_check(texts)
    if reviewed_on > local_date(datetime.now(UTC), case.organisation.time_zone):
        raise DomainError("reviewed_in_future", _("A review cannot lie in the future: record it once it is done."))
    asked_again = case_right.reopened_at
    if asked_again is not None and reviewed_on < local_date(asked_again, case.organisation.time_zone):
        raise DomainError("reviewed_before", _("The person wrote again after this review: a new one is owed."))
    review = HumanReview.objects.create(
        case_right=case_right,
        reviewed_on=reviewed_on,
        outcome=HumanOutcome(outcome),
        set_by=member,
        set_at=datetime.now(UTC),
        **texts,
    )
    case_journal(
        case=case,
        kind="human_review.recorded",
        actor=actor,
        facts={
            "right": case_right.right,
            "human_review": review.pk,
            "human_outcome": str(review.outcome),
            "on": reviewed_on.isoformat(),
        },
        values=texts,
    )
    with language_override(case.organisation.language):
        checklist_items_done(case_right=case_right, notes=_item_words(review))
    return review


def _texts_check(texts: dict[str, str]) -> None:
    missing = {
        "decision_reviewed": ("decision_missing", _("Say which decision was reviewed.")),
        "reviewer": ("reviewer_missing", _("Say who reviewed it, by function or by name.")),
        "competence": ("competence_missing", _("Say why this person can judge it and may change it.")),
        "reasons": ("reasons_missing", _("Write the reasons: the person must be able to understand them.")),
    }
    for name, (code, words) in missing.items():
        if not texts[name]:
            raise DomainError(code, words)


def _item_words(review: HumanReview) -> dict[str, str]:
    """What the record says of each item of the answer, in the active language."""
    facts = {
        "reviewer": review.reviewer,
        "day": day_full(review.reviewed_on),
        "competence": review.competence,
        "view": review.person_view,
        "outcome": review.get_outcome_display(),
        "reasons": review.reasons,
    }
    return {
        "D1": gettext("%(reviewer)s, %(day)s. %(competence)s") % facts,
        "D2": facts["view"] or gettext("The person gave no view of their own."),
        "D3": gettext("Decision %(outcome)s. %(reasons)s") % facts,
    }
