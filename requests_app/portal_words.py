"""What the person reads of each right on the tracking page: where it stands, in plain words.

Decisions and prepared files stay unseen until they are released.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from dsar.core.templatetags.dsar_format import day_full
from requests_app.models import Case, CaseRight, Forwarding
from requests_app.rights_table import ADVERSE
from requests_app.vocabulary import Outcome, Stage

STAGE_WORDS: dict[str, tuple[str | Promise, str | Promise]] = {
    Stage.TO_DO: (_("Arrived"), _("We have it, and begin soon. Nothing is missing from you.")),
    Stage.IN_PROGRESS: (_("In progress"), _("We are working on it. Nothing is missing from you.")),
    Stage.AWAITING_PERSON: (_("Waiting for you"), _("We asked you something: look at the messages.")),
    Stage.IN_REVIEW: (_("In progress"), _("We are working on it. Nothing is missing from you.")),
    Stage.DECIDED: (_("In progress"), _("We are preparing our answer. Nothing is missing from you.")),
}
OUTCOME_WORDS: dict[str, str | Promise] = {
    Outcome.GRANTED: _("We did what you asked."),
    Outcome.GRANTED_PARTLY: _("We did a part of what you asked. The letter says what is missing and why."),
    Outcome.REFUSED: _("We did not do what you asked. The letter says why, and how to complain."),
    Outcome.NO_DATA: _("We hold no such data about you."),
    Outcome.NOT_IDENTIFIED: _("We could not be sure who asks. The letter says what would help."),
    Outcome.FORWARDED: _("We passed your request on. The letter says to whom."),
    Outcome.WITHDRAWN: _("You withdrew this request. We do nothing more about it."),
    Outcome.ANSWERED: _("We answered you."),
    Outcome.MERGED: _("We answer it together with your other request."),
}


@dataclass(frozen=True)
class RightShown:
    """One right on the tracking page: where it stands, in words."""

    right: CaseRight
    tag: str | Promise
    css: str
    words: str | Promise


def rights_shown(case: Case, rights: Sequence[CaseRight]) -> list[RightShown]:
    """Each right in words. A question counts as asked also where its mail has not left yet: it is on the page."""
    asked = set(case.suspensions.open().values_list("rights__right", flat=True))
    forwarded = _forwarded(case) if any(right.outcome == Outcome.FORWARDED for right in rights) else {}
    return [_right_shown(case, right, asked, forwarded) for right in rights]


def _right_shown(case: Case, right: CaseRight, asked: set[str], forwarded: dict[str, Forwarding]) -> RightShown:
    if right.is_answered:
        css = "" if right.outcome in ADVERSE or right.outcome == Outcome.WITHDRAWN else "ok"
        words = OUTCOME_WORDS.get(right.outcome, "")
        if right.outcome == Outcome.FORWARDED and right.right in forwarded:
            words = _forwarded_words(forwarded[right.right])
        elif right.outcome == Outcome.MERGED and case.merged_into is not None:
            other = {"reference": case.merged_into.reference}
            words = gettext("We answer it together with your request %(reference)s: follow it there.") % other
        return RightShown(right, right.get_outcome_display(), css, words)
    tag, words = STAGE_WORDS[right.stage]
    if right.right in asked:
        words = STAGE_WORDS[Stage.AWAITING_PERSON][1]
    elif right.reopened_at is not None:
        since = {"day": day_full(right.reopened_at)}
        words = gettext("You wrote to us on %(day)s. We look at it again.") % since
    return RightShown(right, tag, "soon" if right.stage == Stage.AWAITING_PERSON else "", words)


def _forwarded(case: Case) -> dict[str, Forwarding]:
    """The last handing on of each right, by its code."""
    lines = Forwarding.objects.filter(case=case).prefetch_related("rights").order_by("pk")
    return {right.right: forwarding for forwarding in lines for right in forwarding.rights.all()}


def _forwarded_words(forwarding: Forwarding) -> str:
    facts = {"name": forwarding.name, "day": day_full(forwarding.forwarded_at)}
    words = gettext("On %(day)s we passed your request on to %(name)s, who decides on these data and answers you.")
    return words % facts


def title_of(rights: Sequence[CaseRight]) -> str:
    """The state of the whole case in one line."""
    answered = [right for right in rights if right.is_answered]
    if len(answered) == len(rights):
        if all(right.outcome == Outcome.WITHDRAWN for right in rights):
            return gettext("You withdrew your request")
        if all(right.outcome == Outcome.MERGED for right in rights):
            return gettext("We answer it together with your other request")
        if all(right.outcome == Outcome.FORWARDED for right in rights):
            return gettext("We passed your request on")
        return gettext("Your answer is ready")
    if any(right.outcome != Outcome.WITHDRAWN for right in answered):
        return gettext("One answer is ready, another is coming")
    if any(right.stage == Stage.AWAITING_PERSON for right in rights):
        return gettext("We asked you something")
    return gettext("We are working on your request")
