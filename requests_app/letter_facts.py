"""What is recorded with a right beside its decision, as its letter tells it: restriction, human review, statement …

Texts that staff wrote are in the language of the person; everything is worded in the active language.
"""

from collections.abc import Callable, Iterator

from django.utils.translation import gettext as _

from dsar.core.templatetags.dsar_format import article, day_full
from requests_app.models import CaseRight
from requests_app.vocabulary import Outcome


def facts_recorded(case_right: CaseRight) -> list[str]:
    """One sentence a fact; empty for a right with which nothing of the kind is recorded."""
    facts = _FACTS.get(case_right.right)
    return list(facts(case_right)) if facts else []


def follows_forwarded(case_right: CaseRight) -> str:
    """To whom and when the request was passed on; empty where no handing on is recorded."""
    if case_right.outcome != Outcome.FORWARDED:
        return ""
    handed_on = case_right.forwardings.last()
    if handed_on is None:
        return ""
    return _("On %(day)s we passed it on to %(name)s, who decides on these data and answers you.") % {
        "day": day_full(handed_on.forwarded_at),
        "name": handed_on.name,
    }


def _restriction(case_right: CaseRight) -> Iterator[str]:
    restriction = case_right.restrictions.last()
    if restriction is None or not (restriction.lifted_at is None or case_right.is_of_this_answer(restriction.since)):
        return
    yield _("Restricted since: %(day)s.") % {"day": day_full(restriction.since)}
    yield _("Which data: %(scope)s") % {"scope": restriction.scope}
    because = {"ground": restriction.get_ground_display(), "article": article(f"18(1)({restriction.ground})")}
    if case_right.case.organisation.under_gdpr:
        yield _("Ground: %(ground)s, article %(article)s of the GDPR.") % because
    else:
        yield _("Ground: %(ground)s.") % because


def _human_review(case_right: CaseRight) -> Iterator[str]:
    review = case_right.human_reviews.last()
    if review is None or not case_right.is_of_this_answer(review.set_at):  # a new answer owes a new review
        return
    yield _("Decision reviewed: %(what)s") % {"what": review.decision_reviewed}
    yield _("Reviewed on %(day)s by: %(who)s") % {"day": day_full(review.reviewed_on), "who": review.reviewer}
    yield _("Why this person can judge and change it: %(competence)s") % {"competence": review.competence}
    if review.person_view:
        yield _("What you said about it, which was considered: %(view)s") % {"view": review.person_view}
    yield _("Outcome: %(outcome)s.") % {"outcome": review.get_outcome_display()}
    yield _("Reasons: %(reasons)s") % {"reasons": review.reasons}


def _statement(case_right: CaseRight) -> Iterator[str]:
    for statement in case_right.statements.all():
        received = {"received": day_full(statement.received_at)}
        if statement.attached_on is None:
            yield _("We have your statement of %(received)s, and attach it to the data.") % received
        else:
            yield _("Your statement of %(received)s is attached to the data since %(day)s: %(where)s") % {
                **received, "day": day_full(statement.attached_on), "where": statement.attached_where,
            }  # fmt: skip


def _directives(case_right: CaseRight) -> Iterator[str]:
    for directive in case_right.directives.all():
        if not case_right.is_of_this_answer(directive.ended_at or directive.registered_at):
            continue
        yield _("Directives recorded on %(day)s (%(kind)s).") % {
            "day": day_full(directive.registered_at),
            "kind": directive.get_kind_display(),
        }
        if directive.executor:
            yield _("Who carries them out: %(executor)s") % {"executor": directive.executor}
        if directive.ended_at is not None:
            yield _("Ended on %(day)s: %(end)s.") % {
                "day": day_full(directive.ended_at),
                "end": directive.get_end_display(),
            }


_FACTS: dict[str, Callable[[CaseRight], Iterator[str]]] = {
    "restriction": _restriction,
    "automated_decision": _human_review,
    "rectification": _statement,
    "directives": _directives,
}
