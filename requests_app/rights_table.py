"""What the desk does for each right: checklist, outcomes, grounds, tasks. One table, one line a right (law.md §1.2)."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from requests_app.vocabulary import Outcome, TaskKind

_EVERY_OUTCOME = (
    Outcome.GRANTED,
    Outcome.GRANTED_PARTLY,
    Outcome.REFUSED,
    Outcome.NO_DATA,
    Outcome.NOT_IDENTIFIED,
    Outcome.WITHDRAWN,
)


@dataclass(frozen=True)
class RightRules:
    """The rules of one right.

    `target_working_days`: our own target after receipt, where the law has no month to give (law.md §1.2 W and OM).
    `bears_data`: outcomes whose letter tells what we hold, so only to a person whose identity is established.
    `may_wait`: whether a question may suspend it and a notice extend it; never what is due at once (DESIGN §2).
    A right without a line of its own here is opened, clocked and journaled, and decided with the general outcomes.
    """

    checklist: tuple[tuple[str, str | Promise], ...] = ()
    outcomes: tuple[Outcome, ...] = _EVERY_OUTCOME
    grounds: tuple[str, ...] = (
        "12_5_UNFOUNDED",
        "12_5_REPETITIVE",
        "12_6_IDENTITY",
        "11_2",
        "23_NATIONAL",
        "NOT_CONTROLLER",
    )
    default_tasks: tuple[TaskKind, ...] = ()
    collects_data: bool = False
    target_working_days: int | None = None
    bears_data: tuple[Outcome, ...] = ()
    may_wait: bool = True


RULES: dict[str, RightRules] = {
    "access": RightRules(  # GDPR art. 15
        checklist=(
            ("A0", _("Say whether we process data")),
            ("A1", _("Purposes")),
            ("A2", _("Categories of data")),
            ("A3", _("Recipients, by name")),
            ("A4", _("How long we keep them")),
            ("A5", _("Rights to correct, erase, restrict, object")),
            ("A6", _("Complaint to the authority")),
            ("A7", _("Source, where not the person")),
            ("A8", _("Automated decisions and their logic")),
            ("A9", _("Transfers outside the EEA and safeguards")),
            ("A10", _("Copy of all data")),
        ),
        grounds=(
            "15_4",
            "12_5_UNFOUNDED",
            "12_5_REPETITIVE",
            "12_5_ABUSE",
            "12_6_IDENTITY",
            "11_2",
            "23_NATIONAL",
            "NOT_CONTROLLER",
        ),
        collects_data=True,
        bears_data=(Outcome.GRANTED, Outcome.GRANTED_PARTLY),
    ),
    "marketing_objection": RightRules(  # GDPR art. 21(2)-(3): absolute, no ground of refusal exists
        checklist=(
            ("OM1", _("Advertising stopped, related profiling included")),
            ("OM2", _("Suppression entry kept, so that it stays stopped")),
            ("OM3", _("Processors who send for us told")),
        ),
        outcomes=(Outcome.GRANTED, Outcome.NO_DATA, Outcome.WITHDRAWN),
        grounds=(),
        default_tasks=(TaskKind.STOP_MARKETING,),
        target_working_days=2,
        may_wait=False,
    ),
    "withdrawal": RightRules(  # GDPR art. 7(3): as easy to withdraw as to give
        outcomes=(Outcome.GRANTED, Outcome.NO_DATA, Outcome.WITHDRAWN),
        grounds=("7_3_NO_CONSENT",),
        target_working_days=2,
        may_wait=False,
    ),
    "rectification": RightRules(),  # GDPR art. 16
    "erasure": RightRules(),  # GDPR art. 17
    "restriction": RightRules(),  # GDPR art. 18
    "portability": RightRules(collects_data=True),  # GDPR art. 20
    "objection": RightRules(),  # GDPR art. 21(1)
    "research_objection": RightRules(),  # GDPR art. 21(6)
    "automated_decision": RightRules(),  # GDPR art. 22
    "directives": RightRules(),  # loi 78-17 art. 85
    "post_mortem": RightRules(),  # loi 78-17 art. 85
    "question": RightRules(outcomes=(Outcome.ANSWERED, Outcome.WITHDRAWN), grounds=()),  # GDPR art. 12
}

# Outcomes whose letter owes reasons, complaint and court (GDPR art. 12(4)), and which a second person must review.
ADVERSE = frozenset({Outcome.REFUSED, Outcome.GRANTED_PARTLY, Outcome.NOT_IDENTIFIED})


def ground_needed(outcome: str) -> bool:
    """Whether a decision with this outcome must name a ground (GDPR art. 12(4))."""
    return outcome in ADVERSE


def checklist_label(right: str, code: str) -> str | Promise:
    """The words of a checklist item; the bare code for one that the table no longer has."""
    return dict(RULES[right].checklist).get(code, code)
