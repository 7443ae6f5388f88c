"""The closed lists of law.md §1.1 and DESIGN §2, written here once more: each right, outcome and ground of the product.

Nothing below reads the product's own table to know what is right: a line changed there by mistake fails here.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import product

import pytest
import time_machine
from django.db import transaction

from dsar.core.actors import Actor
from dsar.core.errors import DomainError
from dsar.core.rights import RIGHTS
from requests_app.grounds import GROUNDS
from requests_app.models import CaseRight, ChecklistItem
from requests_app.rights_table import RULES
from requests_app.services import decision_submit
from requests_app.vocabulary import Outcome, Stage
from tests.factories import RECEIVED_AT, a_case, actor_for, member, right_of

pytestmark = pytest.mark.django_db

TO_20 = ("access", "rectification", "erasure", "restriction", "portability")
TO_22 = (*TO_20, "objection", "research_objection", "automated_decision")  # 15-22 except marketing objection
DEATH = ("directives", "post_mortem")
NEVER_REFUSED = ("withdrawal", "marketing_objection")

REFUSED, PARTLY = "refused", "granted_partly"
UNKNOWN, NOTHING = "not_identified", "no_data"
ASKED = ("asked_on", "asked_how")  # "ask once first", "asked for without delay", "offer … first"

# Ground: rights that know it, outcomes that it may carry, and what must be written with it beside the reasons.
GROUND_LAW: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "12_5_UNFOUNDED": (TO_22, (REFUSED, PARTLY), ("evidence",)),
    "12_5_REPETITIVE": (TO_22, (REFUSED, PARTLY), ("evidence",)),
    "12_5_ABUSE": (("access",), (REFUSED, PARTLY), ("evidence",)),  # C-526/24; others only by analogy
    "11_2": (TO_20, (REFUSED, PARTLY, UNKNOWN), ("evidence", *ASKED)),
    "15_4": (("access",), (PARTLY,), ()),  # recital 63: never everything
    "16_ACCURATE": (("rectification",), (REFUSED, PARTLY), ("evidence",)),
    "17_1_NOT_MET": (("erasure",), (REFUSED, PARTLY), ()),
    "17_3_a": (("erasure",), (REFUSED, PARTLY), ("provision", "kept_until")),
    "17_3_b": (("erasure",), (REFUSED, PARTLY), ("provision", "kept_until")),
    "17_3_c": (("erasure",), (REFUSED, PARTLY), ("provision", "kept_until")),
    "17_3_d": (("erasure",), (REFUSED, PARTLY), ("provision", "kept_until")),
    "17_3_e": (("erasure",), (REFUSED, PARTLY), ("provision", "kept_until")),
    "18_1_NOT_MET": (("restriction",), (REFUSED, PARTLY), ()),
    "20_1_BASIS": (("portability",), (REFUSED, PARTLY), ()),
    "20_1_NOT_AUTOMATED": (("portability",), (REFUSED, PARTLY), ()),
    "20_NOT_PROVIDED": (("portability",), (REFUSED, PARTLY), ()),
    "20_3": (("portability",), (REFUSED, PARTLY), ()),
    "20_4": (("portability",), (REFUSED, PARTLY), ()),
    "21_1_COMPELLING": (("objection",), (REFUSED, PARTLY), ("evidence",)),
    "21_1_BASIS": (("objection",), (REFUSED, PARTLY), ()),
    "21_1_NO_SITUATION": (("objection",), (REFUSED, PARTLY), ASKED),
    "21_6_PUBLIC": (("research_objection",), (REFUSED, PARTLY), ()),
    "22_2": (("automated_decision",), (REFUSED, PARTLY), ()),
    "22_NO_SOLE_AUTOMATION": (("automated_decision",), (REFUSED, PARTLY), ()),
    "23_NATIONAL": (TO_22, (REFUSED, PARTLY), ("evidence", "provision")),
    # "all": each right that knows an outcome for it, which a plain question does not. "No data held", or forwarded.
    "NOT_CONTROLLER": ((*TO_22, *DEATH, *NEVER_REFUSED), (NOTHING, PARTLY), ()),
    "12_6_IDENTITY": (TO_22, (UNKNOWN,), ("evidence", *ASKED)),
    "MANDATE_NOT_SHOWN": ((*TO_22, *DEATH), (REFUSED, PARTLY, UNKNOWN), ("evidence", *ASKED)),
    "85_NOT_ENTITLED": (("post_mortem",), (REFUSED, PARTLY), ("evidence",)),
    "7_3_NO_CONSENT": (("withdrawal",), (NOTHING,), ()),  # information, not a refusal
}
CHOSEN = {
    **dict.fromkeys((*TO_22, *DEATH), ("granted", PARTLY, REFUSED, NOTHING, UNKNOWN, "withdrawn")),
    **dict.fromkeys(NEVER_REFUSED, ("granted", NOTHING, "withdrawn")),
    "question": ("answered", "withdrawn"),
}
ADVERSE = (REFUSED, PARTLY, UNKNOWN)
FIELDS = {
    "reasoning": "Les motifs, en mots simples.",
    "withheld": "Ce qui n’est pas fait.",
    "evidence": "Dossier de mars.",
    "provision": "Code de commerce, art. L.123-22",
    "kept_until": date(2031, 12, 31),
    "asked_on": date(2026, 3, 9),
    "asked_how": "Par téléphone, note du 9 mars.",
}
MESSAGES = {
    "outcome_not_possible": "This right does not allow this outcome.",
    "ground_not_possible": "This right does not allow this ground.",
    "ground_missing": "Choose the ground of the refusal.",
    "redact_instead": "The rights of others never justify refusing everything: redact.",
    "other_outcome": "This ground does not go with this outcome.",
    "NOT_CONTROLLER": "This is no refusal: answer “no data held”, or forward the request to who decides.",
    "7_3_NO_CONSENT": "This is no refusal: it says why there is nothing to withdraw. Answer “no data held”.",
    "12_6_IDENTITY": "Who is not identified is not refused: choose the outcome “not identified”.",
}


@pytest.fixture(autouse=True)
def in_the_first_month() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 3, 10, 9, 0, tzinfo=UTC), tick=False):
        yield


def ready(code: str) -> tuple[CaseRight, Actor]:
    """A right in progress on which nothing is left to do."""
    case = a_case(rights=(code,), received_at=RECEIVED_AT)
    CaseRight.objects.filter(case=case).update(stage=Stage.IN_PROGRESS)
    ChecklistItem.objects.filter(case_right__case=case).delete()
    return right_of(case, code), actor_for(member(case.organisation), case.organisation)


def refusal_of(right: str, outcome: str, ground: str) -> str:
    """The message with which the law forbids this decision; empty when it allows it."""
    if outcome not in CHOSEN[right]:
        return MESSAGES["outcome_not_possible"]
    if not ground:
        return MESSAGES["ground_missing"] if outcome in ADVERSE else ""
    known_by, carried, _written = GROUND_LAW[ground]
    if right not in known_by:
        return MESSAGES["ground_not_possible"]
    if (ground, outcome) == ("15_4", REFUSED):
        return MESSAGES["redact_instead"]
    return "" if outcome in carried else MESSAGES.get(ground, MESSAGES["other_outcome"])


def refused(case_right: CaseRight, actor: Actor, outcome: str, ground: str, **fields: object) -> str:
    """The message of the service, empty where it took the decision; nothing stays written."""
    stage = case_right.stage
    try:
        with transaction.atomic():
            decision_submit(case_right=case_right, outcome=outcome, ground=ground, actor=actor, **fields)  # type: ignore[arg-type]
            transaction.set_rollback(True)
    except DomainError as error:
        return str(error)
    finally:
        case_right.stage = stage
    return ""


def test_the_lists_are_complete_and_closed() -> None:
    assert set(GROUNDS) == set(GROUND_LAW)
    assert set(RULES) == set(RIGHTS) == set(CHOSEN)
    chosen = {outcome for outcomes in CHOSEN.values() for outcome in outcomes}
    assert {str(outcome) for outcome in Outcome} == {*chosen, "forwarded", "merged"}


@pytest.mark.parametrize("code", sorted(CHOSEN))
def test_each_outcome_with_each_ground_is_allowed_or_refused_with_its_message(code: str) -> None:
    case_right, actor = ready(code)
    wrong = [
        (outcome, ground, said)
        for outcome, ground in product(Outcome.values, ("", *GROUND_LAW))
        if (said := refused(case_right, actor, outcome, ground, **FIELDS)) != refusal_of(code, outcome, ground)
    ]
    assert not wrong


WRITTEN = [
    (right, outcome, ground, field)
    for ground, (rights, outcomes, fields) in GROUND_LAW.items()
    for right, outcome in product(rights[:1], outcomes[:1])
    for field in ("reasoning", *fields)
]
MISSING = {
    "reasoning": "Write the reasons: the person must be able to understand them.",
    "evidence": "This ground must be proved: say what the evidence is.",
    "provision": "Cite the provision of the law.",
    "kept_until": "Say until when these data are kept.",
    "asked_how": "Write how the person was asked, and where that can be seen.",
    "asked_on": "This ground says that we asked, and no question about who asks has left. Ask the person first; if you "
    "did so by another way, give the day and the way.",
    ("21_1_NO_SITUATION", "asked_on"): "This ground says that we asked, and no question about what is meant here has "
    "left. Ask the person first; if you did so by another way, give the day and the way.",
}


@pytest.mark.parametrize(("right", "outcome", "ground", "field"), WRITTEN)
def test_what_a_ground_asks_for_is_mandatory_and_nothing_else(
    right: str, outcome: str, ground: str, field: str
) -> None:
    case_right, actor = ready(right)
    asked = {name: FIELDS[name] for name in ("reasoning", "withheld", *GROUND_LAW[ground][2])}
    assert refused(case_right, actor, outcome, ground, **asked) == ""
    del asked[field]
    assert refused(case_right, actor, outcome, ground, **asked) == MISSING.get((ground, field), MISSING.get(field))


TOLD = sorted(set(CHOSEN) - {"access", "portability", "marketing_objection"})


@pytest.mark.parametrize("code", TOLD)
def test_an_answer_that_only_a_person_can_word_is_worded(code: str) -> None:
    case_right, actor = ready(code)
    done = "answered" if code == "question" else "granted"
    assert refused(case_right, actor, done, "") == str(RULES[code].tells) != ""
    assert refused(case_right, actor, done, "", reasoning="Fait le 9 mars.") == ""


@pytest.mark.parametrize("code", ["access", "portability", "marketing_objection"])
def test_what_the_letter_tells_by_itself_needs_no_words(code: str) -> None:
    case_right, actor = ready(code)
    assert refused(case_right, actor, "granted", "") == ""


def test_due_at_once_and_never_waiting_are_the_same_two_rights() -> None:
    assert {code for code, rules in RULES.items() if rules.target_working_days == 2} == set(NEVER_REFUSED)
    assert {code for code, rules in RULES.items() if not rules.may_wait} == set(NEVER_REFUSED)
    assert {code for code, rules in RULES.items() if rules.collects_data} == {"access", "portability"}
    assert {code for code, right in RIGHTS.items() if right.countries} == set(DEATH)
