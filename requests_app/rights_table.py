"""What the desk does for each right: checklist, work, outcomes, grounds. One table, one entry a right (law.md §1.2).

The article and the names of a right stand in `dsar.core.rights`, the words of a ground in `grounds`, those of the
letters in `letter_words`.
"""

from dataclasses import dataclass
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from dsar.core.rights import RIGHTS
from requests_app.grounds import GROUNDS
from requests_app.vocabulary import Outcome, TaskKind

# Outcomes whose letter owes reasons, complaint and court (GDPR art. 12(4)), and which a second person must review.
ADVERSE = frozenset({Outcome.REFUSED, Outcome.GRANTED_PARTLY, Outcome.NOT_IDENTIFIED})
# Outcomes in which nothing of what was asked is done (law.md §2.5): the extension does not help them.
FULL_REFUSALS = frozenset({Outcome.REFUSED, Outcome.NOT_IDENTIFIED})
DONE = frozenset({Outcome.GRANTED, Outcome.GRANTED_PARTLY})
# Another service sets these two, with what it needs to know; nobody chooses them in a decision.
HANDED_ON = frozenset({Outcome.FORWARDED, Outcome.MERGED})
# Nothing was decided on the matter, so nothing of the work is owed.
UNDECIDED_MATTER = HANDED_ON | {Outcome.WITHDRAWN}
ANSWERS = frozenset(Outcome) - UNDECIDED_MATTER

_FROM_ELSEWHERE = (Outcome.WITHDRAWN, Outcome.FORWARDED, Outcome.MERGED)
_EVERY_OUTCOME = (
    Outcome.GRANTED, Outcome.GRANTED_PARTLY, Outcome.REFUSED, Outcome.NO_DATA, Outcome.NOT_IDENTIFIED, *_FROM_ELSEWHERE,
)  # fmt: skip
_NEVER_REFUSED = (Outcome.GRANTED, Outcome.NO_DATA, *_FROM_ELSEWHERE)

_OF_15_TO_22 = (
    "12_5_UNFOUNDED", "12_5_REPETITIVE", "12_6_IDENTITY", "MANDATE_NOT_SHOWN", "23_NATIONAL", "NOT_CONTROLLER",
)  # fmt: skip
_OF_15_TO_20 = ("11_2", *_OF_15_TO_22)  # GDPR art. 11(2) does not name articles 21 and 22


class Item(NamedTuple):
    """One thing the answer must contain, with the outcomes that owe it."""

    code: str
    label: str | Promise
    owed: frozenset[Outcome] = DONE


@dataclass(frozen=True)
class RightRules:
    """The rules of one right.

    `first_tasks` come before any decision; `doing_tasks` are what granting means, so a refusal does not wait for them.
    `tells`: what the answer must say of this person when something is done, so its reasoning is mandatory.
    `target_working_days`: our own target after receipt, where the law has no month to give (law.md §1.2 W and OM).
    `bears_data`: outcomes that hand over what we hold, so only to a person whose identity is established.
    `may_wait`: whether a question may suspend it and a notice extend it; never what is due at once (DESIGN §2).
    `related`: other articles that a promise of the organisation may name for it.
    """

    checklist: tuple[Item, ...] = ()
    outcomes: tuple[Outcome, ...] = _EVERY_OUTCOME
    grounds: tuple[str, ...] = _OF_15_TO_22
    first_tasks: tuple[TaskKind, ...] = ()
    doing_tasks: tuple[TaskKind, ...] = ()
    tells: str | Promise = ""
    collects_data: bool = False
    target_working_days: int | None = None
    bears_data: tuple[Outcome, ...] = ()
    may_wait: bool = True
    related: tuple[str, ...] = ()

    @property
    def chosen(self) -> tuple[Outcome, ...]:
        """The outcomes that a decision may choose."""
        return tuple(outcome for outcome in self.outcomes if outcome not in HANDED_ON)

    @property
    def default_tasks(self) -> tuple[TaskKind, ...]:
        """What starting the work opens for people."""
        return (*self.first_tasks, *self.doing_tasks)


RULES: dict[str, RightRules] = {
    "withdrawal": RightRules(  # GDPR art. 7(3): as easy to withdraw as to give
        checklist=(
            Item("W1", _("From which day the withdrawal takes effect")),
            Item("W2", _("What stops")),
            Item("W3", _("What was done before stays lawful")),
            Item("W4", _("What goes on, on another legal basis")),
            Item("W5", _("Whether the person wants the data erased")),
        ),
        outcomes=_NEVER_REFUSED,
        grounds=("7_3_NO_CONSENT", "NOT_CONTROLLER"),
        first_tasks=(TaskKind.FIND_CONSENT,),
        doing_tasks=(TaskKind.STOP_PROCESSING, TaskKind.TELL_PROCESSORS),
        tells=_("Say since when the withdrawal holds, what stops, and what goes on upon which other basis."),
        target_working_days=2,
        may_wait=False,
    ),
    "access": RightRules(  # GDPR art. 15
        checklist=(
            # Each of these is done or justified before any answer: partial answers are what authorities find most.
            Item("A0", _("Say whether we process data"), ANSWERS),
            Item("A1", _("Purposes"), ANSWERS),
            Item("A2", _("Categories of data"), ANSWERS),
            Item("A3", _("Recipients, by name"), ANSWERS),
            Item("A4", _("How long we keep them"), ANSWERS),
            Item("A5", _("Rights to correct, erase, restrict, object"), ANSWERS),
            Item("A6", _("Complaint to the authority"), ANSWERS),
            Item("A7", _("Source, where not the person"), ANSWERS),
            Item("A8", _("Automated decisions and their logic"), ANSWERS),
            Item("A9", _("Transfers outside the EEA and safeguards"), ANSWERS),
            Item("A10", _("Copy of all data"), ANSWERS),
        ),
        # Abuse is the Court's ground for access (C-526/24); for other rights only an analogy of low certainty.
        grounds=("15_4", "12_5_ABUSE", *_OF_15_TO_20),
        collects_data=True,
        bears_data=(Outcome.GRANTED, Outcome.GRANTED_PARTLY),
    ),
    "rectification": RightRules(  # GDPR art. 16
        checklist=(
            Item("R1", _("What was corrected or completed, and when")),
            Item("R2", _("In which systems")),
            Item("R3", _("Recipients told (article 19)")),
        ),
        grounds=("16_ACCURATE", *_OF_15_TO_20),
        first_tasks=(TaskKind.VERIFY_ACCURACY,),
        doing_tasks=(TaskKind.CORRECT,),
        tells=_("Say what was corrected or completed, when, and in which systems."),
        related=("19",),
    ),
    "erasure": RightRules(  # GDPR art. 17
        checklist=(
            Item("E1", _("Per category of data: erased, anonymised or kept")),
            Item("E2", _("What is kept: exception, provision, end date"), DONE | {Outcome.REFUSED}),
            Item("E3", _("What becomes of backups")),
            Item("E4", _("Recipients told (article 19)")),
            Item("E5", _("Published data: others told to remove links and copies (article 17(2))")),
        ),
        grounds=("17_1_NOT_MET", "17_3_a", "17_3_b", "17_3_c", "17_3_d", "17_3_e", *_OF_15_TO_20),
        first_tasks=(TaskKind.CHECK_RETENTION,),
        doing_tasks=(TaskKind.WARN_BEFORE_ERASURE, TaskKind.ERASE),
        tells=_("Say for each category of data whether it is erased, anonymised or kept."),
        related=("19",),
    ),
    "restriction": RightRules(  # GDPR art. 18
        checklist=(
            Item("L1", _("Restricted since when, and which data")),
            Item("L2", _("Ground of the restriction")),
            Item("L3", _("What remains allowed")),
            Item("L4", _("Recipients told (article 19)")),
        ),
        grounds=("18_1_NOT_MET", *_OF_15_TO_20),
        doing_tasks=(TaskKind.FREEZE,),
        tells=_("Say since when, which data and on which ground."),
        related=("19",),
    ),
    "portability": RightRules(  # GDPR art. 20
        checklist=(
            Item("P1", _("Files in a format that machines read")),
            Item("P2", _("Description of the fields")),
            Item("P3", _("What was left out, and why")),
        ),
        grounds=("20_1_BASIS", "20_1_NOT_AUTOMATED", "20_NOT_PROVIDED", "20_3", "20_4", *_OF_15_TO_20),
        collects_data=True,
        bears_data=(Outcome.GRANTED, Outcome.GRANTED_PARTLY),
    ),
    "objection": RightRules(  # GDPR art. 21(1)
        checklist=(
            Item("O1", _("What stopped, and since when")),
            Item("O2", _("Erasure offered (article 17(1)(c))")),
        ),
        grounds=("21_1_COMPELLING", "21_1_BASIS", "21_1_NO_SITUATION", *_OF_15_TO_22),
        first_tasks=(TaskKind.WEIGH_INTERESTS,),
        doing_tasks=(TaskKind.STOP_PROCESSING,),
        tells=_("Say which use stops, and since when."),
        related=("21(4)",),
    ),
    "marketing_objection": RightRules(  # GDPR art. 21(2)-(3): absolute, no ground of refusal exists
        checklist=(
            Item("OM1", _("Advertising stopped, related profiling included")),
            Item("OM2", _("Suppression entry kept, so that it stays stopped")),
            Item("OM3", _("Processors who send for us told")),
        ),
        outcomes=_NEVER_REFUSED,
        grounds=("NOT_CONTROLLER",),
        first_tasks=(TaskKind.STOP_MARKETING,),
        target_working_days=2,
        may_wait=False,
        related=("21(3)", "21(4)"),
    ),
    "research_objection": RightRules(  # GDPR art. 21(6)
        checklist=(Item("OR1", _("Which research stopped using the data, and since when")),),
        grounds=("21_6_PUBLIC", *_OF_15_TO_22),
        doing_tasks=(TaskKind.STOP_PROCESSING,),
        tells=_("Say which research no longer uses the data, and since when."),
    ),
    "automated_decision": RightRules(  # GDPR art. 22
        checklist=(
            Item("D1", _("Who reviewed the decision, with which competence, and when")),
            Item("D2", _("The view of the person was considered")),
            Item("D3", _("Maintained or changed, with the reasons")),
        ),
        grounds=("22_2", "22_NO_SOLE_AUTOMATION", *_OF_15_TO_22),
        first_tasks=(TaskKind.FIND_DECISION,),
        doing_tasks=(TaskKind.HUMAN_REVIEW,),
        tells=_("Say who reviewed the decision, with which competence and when, and what came out of it and why."),
    ),
    "directives": RightRules(  # loi 78-17 art. 85, I
        checklist=(
            Item("DI1", _("What was registered, changed or revoked")),
            Item("DI2", _("Kept until the death, and how to change them")),
        ),
        grounds=("MANDATE_NOT_SHOWN", "NOT_CONTROLLER"),
        doing_tasks=(TaskKind.REGISTER_DIRECTIVES,),
        tells=_("Say what was registered, changed or revoked."),
        related=("84", "86"),
    ),
    "post_mortem": RightRules(  # loi 78-17 art. 85, II
        checklist=(
            Item("PM1", _("Entitlement checked: heir, executor or designated person"), DONE | {Outcome.REFUSED}),
            Item("PM2", _("Directives of the deceased looked for"), DONE | {Outcome.REFUSED}),
            Item("PM3", _("What was done")),
        ),
        grounds=("85_NOT_ENTITLED", "MANDATE_NOT_SHOWN", "NOT_CONTROLLER"),
        first_tasks=(TaskKind.CHECK_ENTITLEMENT,),
        doing_tasks=(TaskKind.CARRY_OUT_AFTER_DEATH,),
        tells=_("Say what was done: data handed over, account closed, processing stopped or data updated."),
        related=("84", "86"),
    ),
    "question": RightRules(  # GDPR art. 12
        checklist=(Item("Q1", _("Answered in plain words"), frozenset({Outcome.ANSWERED})),),
        outcomes=(Outcome.ANSWERED, *_FROM_ELSEWHERE),
        grounds=(),
        tells=_("Answer the question in plain words."),
    ),
}


def ground_needed(outcome: str) -> bool:
    """Whether a decision with this outcome must name a ground (GDPR art. 12(4))."""
    return outcome in ADVERSE


def is_done(outcome: str, ground: str = "") -> bool:
    """Whether this decision asks for the work of granting: it does, or its ground owes it all the same (art. 22(3))."""
    return outcome in DONE or (ground in GROUNDS and GROUNDS[ground].owes_work)


def done_outcome(right: str) -> Outcome:
    """The outcome of a request that is done in full: a question is answered, anything else granted."""
    return Outcome.GRANTED if Outcome.GRANTED in RULES[right].outcomes else Outcome.ANSWERED


def items_owed(right: str, outcome: str, ground: str = "") -> frozenset[str]:
    """Codes of the checklist that an answer with this outcome and ground owes."""
    as_done = {outcome, Outcome.GRANTED} if is_done(outcome, ground) else {outcome}
    return frozenset(item.code for item in RULES[right].checklist if item.owed & as_done)


def tasks_spared(right: str, outcome: str, ground: str = "") -> frozenset[TaskKind]:
    """Kinds of tasks that an answer with this outcome and ground does not wait for."""
    return frozenset() if is_done(outcome, ground) else frozenset(RULES[right].doing_tasks)


def items_always_owed(right: str) -> frozenset[str]:
    """Codes that every answer owes, whatever is decided."""
    outcomes = [outcome for outcome in RULES[right].chosen if outcome in ANSWERS]
    return frozenset.intersection(*(items_owed(right, outcome) for outcome in outcomes))


def checklist_label(right: str, code: str) -> str | Promise:
    """The words of a checklist item; the bare code for one that the table no longer has."""
    return next((item.label for item in RULES[right].checklist if item.code == code), code)


def concerns(right: str, article: str) -> bool:
    """Whether a promise under this article ("15(1)(c)", "12(3)") is about that right; article 12 is about all."""
    mine = (RIGHTS[right].article.partition(",")[0], *RULES[right].related)
    return _within(article, "12") or any(_within(article, one) or _within(one, article) for one in mine)


def _within(article: str, whole: str) -> bool:
    return article == whole or article.startswith(f"{whole}(")
