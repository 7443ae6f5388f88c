"""What the letter on each right and outcome must say (law.md §1.1 REFUSE_NOTICE, §1.2), in both languages."""

import re
from datetime import UTC, date, datetime
from html import unescape
from itertools import product
from typing import Any

import pytest
import time_machine
from django.utils import translation

from dsar.core.models import Organisation
from dsar.core.rights import RIGHTS
from requests_app.grounds import GROUNDS
from requests_app.letter_words import ground_words
from requests_app.letters import letter_html
from requests_app.models import CaseRight, Decision, Directive, HumanReview, Restriction, Statement
from requests_app.rights_table import RULES
from requests_app.vocabulary import (
    Capacity,
    DirectiveKind,
    HumanOutcome,
    ItemState,
    Outcome,
    RestrictionGround,
    Review,
    Stage,
)
from tests.factories import OrganisationFactory, a_case, member, right_of

pytestmark = pytest.mark.django_db

REASONING = "Voici nos raisons, en mots simples."
DAYS = {"fr": "jeudi 5 mars 2026", "en": "Thursday 5 March 2026"}


def letter(code: str, outcome: str = "granted", *, organisation: Organisation | None = None, **fields: Any) -> str:
    """The text of the letter on a right decided so, as a reader sees it."""
    asked: dict[str, Any] = {
        name: fields.pop(name) for name in ("language", "capacity", "subject_name", "name") if name in fields
    }
    return read(decided(code, outcome, organisation, asked, **fields))


def decided(
    code: str,
    outcome: str,
    organisation: Organisation | None = None,
    asked: dict[str, Any] | None = None,
    **fields: Any,
) -> CaseRight:
    case = a_case(organisation, rights=(code,), **{"language": "en", **(asked or {})})
    CaseRight.objects.filter(case=case).update(stage=Stage.DECIDED, outcome=outcome)
    Decision.objects.create(
        case_right=right_of(case, code), outcome=outcome, author=member(case.organisation), written_at=case.received_at,
        review=Review.APPROVED, **fields,
    )  # fmt: skip
    return right_of(case, code)


def read(case_right: CaseRight) -> str:
    html = letter_html(case_right.case, [case_right])
    html = re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html))).replace("\u00a0", " ")


def a_ground(code: str, outcome: str) -> str:
    """Any ground with which this right may be answered so."""
    fitting = [ground for ground in RULES[code].grounds if outcome in GROUNDS[ground].outcomes]
    return fitting[0] if fitting and outcome in ("refused", "granted_partly", "not_identified") else ""


EVERY = [
    (language, code, str(outcome))
    for language, code in product(("fr", "en"), RIGHTS)
    for outcome in RULES[code].outcomes
]


@pytest.mark.parametrize(("language", "code", "outcome"), EVERY)
def test_every_letter_carries_what_the_law_wants(language: str, code: str, outcome: str) -> None:
    ground = a_ground(code, outcome)
    written = {"ground": ground, "reasoning": REASONING, "withheld": "Rien."}
    case_right = decided(code, outcome, None, {"language": language}, **written)
    text, case = read(case_right), case_right.case
    organisation = case.organisation
    for wanted in (case.reference, DAYS[language], organisation.name, organisation.dpo_email, REASONING, "CNIL"):
        assert wanted in text
    for remedy in ("77", "79", "tribunal judiciaire", "3 place de Fontenoy"):  # GDPR art. 12(4), and art. 15(1)(f)
        assert remedy in text
    with translation.override(language):
        assert f" {case_right.get_outcome_display()} " in text
        assert not ground or ground_words(GROUNDS[ground], under_gdpr=True).replace("\u00a0", " ") in text


@pytest.mark.parametrize("code", sorted(RIGHTS))
def test_no_two_outcomes_of_a_right_have_the_same_words(code: str) -> None:
    titles = []
    for outcome in RULES[code].outcomes:
        case_right = decided(code, outcome, ground=a_ground(code, outcome))
        titles += re.findall("<h1>(.+)</h1>", letter_html(case_right.case, [case_right]))
    assert len(set(titles)) == len(titles) == len(RULES[code].outcomes)


# Right, outcome, ground and what its letter cannot do without (law.md §1.2, column "Answer").
OWED: list[tuple[str, str, str, tuple[str, ...]]] = [
    ("withdrawal", "granted", "", ("before this day stays lawful", "article 7(3)", "data erased", "17(1)(b)")),
    ("withdrawal", "no_data", "7_3_NO_CONSENT", ("What it rests on instead is below", "17", "21")),
    ("access", "granted", "", ("Yes, we process data about you", "who receives them", "how long", "articles 16 to 18")),
    ("access", "granted_partly", "15_4", ("15(4)", "masked", "What we withhold: A colleague’s name")),
    ("access", "refused", "12_5_REPETITIVE", ("12(5)", "You may ask again")),
    ("rectification", "granted", "", ("Your data are corrected", "Ask us who they are", "article 19")),
    ("rectification", "refused", "16_ACCURATE", ("a statement in your own words", "article 16")),
    ("erasure", "granted", "", ("backups", "Ask us who they are", "article 17(2)")),
    ("erasure", "granted_partly", "17_3_b", ("L.123-22", "31 December 2031", "17(3)(b)", "backups")),
    ("erasure", "refused", "17_3_e", ("L.123-22", "31 December 2031", "17(3)(e)", "only for this purpose")),
    ("restriction", "granted", "", ("we only store", "your consent", "legal claim", "Before we lift", "18(3)")),
    ("portability", "granted", "", ("JSON and CSV", "description of each field", "erases nothing", "left out")),
    ("portability", "refused", "20_1_BASIS", ("ask for a copy", "article 15", "20(1)(a)")),
    ("portability", "granted_partly", "20_NOT_PROVIDED", ("what we have inferred", "article 15")),
    ("objection", "granted", "", ("We stop the use you objected to", "data erased", "17(1)(c)")),
    ("objection", "refused", "21_1_BASIS", ("withdraw a consent", "article 7(3)", "article 18")),
    ("objection", "refused", "21_1_COMPELLING", ("weighed our reasons", "21(1)")),
    ("marketing_objection", "granted", "", ("list of refusals", "profiling")),
    ("research_objection", "refused", "21_6_PUBLIC", ("public interest", "21(6)")),
    ("automated_decision", "granted", "", ("A person has reviewed", "contest", "22(3)")),
    ("automated_decision", "refused", "22_2", ("reviewed by a person", "say what you think of it", "22(3)")),
    ("automated_decision", "refused", "22_NO_SOLE_AUTOMATION", ("No machine alone decided", "A person takes part")),
    ("directives", "granted", "", ("change or revoke them at any time", "your heirs", "85, loi 78-17")),
    ("post_mortem", "granted", "", ("directives", "heirs", "85, loi 78-17")),
    ("post_mortem", "refused", "85_NOT_ENTITLED", ("heirs", "Send us what shows")),
    ("question", "answered", "", ("Our answer to your question", "our answer")),
    ("access", "not_identified", "12_6_IDENTITY", ("at any time and by any means", "12(6)")),
    ("erasure", "not_identified", "11_2", ("Give us a detail", "11(2)")),
    ("access", "refused", "MANDATE_NOT_SHOWN", ("you may act for this person",)),
    ("erasure", "no_data", "NOT_CONTROLLER", ("We do not decide on these data", "must answer you", "4(7)")),
]


@pytest.mark.parametrize(("code", "outcome", "ground", "wanted"), OWED)
def test_the_letter_tells_what_its_right_owes(code: str, outcome: str, ground: str, wanted: tuple[str, ...]) -> None:
    fields: dict[str, Any] = {"ground": ground, "reasoning": REASONING}
    if GROUNDS.get(ground) and GROUNDS[ground].needs_end:
        fields |= {"provision": "Code de commerce, art. L.123-22", "kept_until": date(2031, 12, 31)}
    if outcome == "granted_partly":
        fields["withheld"] = "A colleague’s name."
    text = letter(code, outcome, **fields)
    assert [words for words in wanted if words not in text] == []


def test_what_is_justified_is_not_claimed() -> None:
    case_right = decided("erasure", "granted", reasoning=REASONING)
    case_right.checklist.filter(code__in=("E4", "E5")).update(state=ItemState.JUSTIFIED, note="Nobody received them.")
    text = read(case_right)
    assert "backups" in text
    assert "Ask us who they are" not in text
    assert "published" not in text
    assert "Nobody received them." not in text  # a note stays on the case


def test_a_restriction_tells_since_when_what_and_why() -> None:
    case_right = decided("restriction", "granted")
    Restriction.objects.create(
        case_right=case_right, ground=RestrictionGround.ACCURACY, scope="Your address of 2019",
        since=datetime(2026, 3, 6, 9, 0, tzinfo=UTC), review_on=date(2026, 4, 6),
        begun_by=member(case_right.case.organisation),
    )  # fmt: skip
    text = read(case_right)
    for wanted in ("Friday 6 March 2026", "Your address of 2019", "accuracy is contested", "18(1)(a)"):
        assert wanted in text


def test_a_human_review_tells_who_with_which_competence_and_what_came_out() -> None:
    case_right = decided("automated_decision", "granted")
    HumanReview.objects.create(
        case_right=case_right, decision_reviewed="The loan of 2 March", reviewer="Head of lending",
        competence="Decides on loans", reviewed_on=date(2026, 3, 9), person_view="The income was misread",
        outcome=HumanOutcome.CHANGED, reasons="It was.", set_by=member(case_right.case.organisation),
        set_at=datetime(2026, 3, 9, tzinfo=UTC),
    )  # fmt: skip
    text = read(case_right)
    for wanted in ("The loan of 2 March", "Head of lending", "Decides on loans", "Monday 9 March 2026",
                   "The income was misread", "Outcome: changed", "It was."):  # fmt: skip
        assert wanted in text


def test_a_statement_is_told_in_the_refusal_to_correct() -> None:
    case_right = decided("rectification", "refused", ground="16_ACCURATE", reasoning=REASONING)
    Statement.objects.create(
        case_right=case_right, text="I never lived there.", received_at=datetime(2026, 3, 12, 9, 0, tzinfo=UTC),
        attached_on=date(2026, 3, 13), attached_where="customer file",
    )  # fmt: skip
    assert "is attached to the data since Friday 13 March 2026: customer file" in read(case_right)


def test_nobody_is_offered_the_statement_they_have_made() -> None:
    case_right = decided("rectification", "refused", ground="16_ACCURATE", reasoning=REASONING)
    offer = "You may send us a statement"
    assert offer in read(case_right)
    Statement.objects.create(case_right=case_right, text="x", received_at=datetime(2026, 3, 12, 9, 0, tzinfo=UTC))
    assert offer not in read(case_right)


@pytest.mark.parametrize(
    ("code", "label"),
    [("access", "What we withhold:"), ("erasure", "What we keep:"), ("objection", "What is not done:")],
)
def test_what_is_left_out_of_a_granted_part_keeps_its_lines(code: str, label: str) -> None:
    case_right = decided(code, "granted_partly", withheld="Invoices\nContracts")
    assert f"{label} Invoices<br>Contracts" in letter_html(case_right.case, [case_right])


def test_the_provision_is_a_sentence_of_its_own() -> None:
    text = letter("erasure", "refused", ground="17_3_b", reasoning=REASONING, provision="Code de commerce, art. L.1.")
    assert "Provision: Code de commerce, art. L.1." in text
    assert "L.1.." not in text


@pytest.mark.parametrize(
    ("language", "city", "dated"),
    [("fr", "Paris", "Paris, le 24 mars 2026"), ("fr", "", "Le 24 mars 2026"), ("en", "Paris", "Paris, 24 March 2026")],
)
def test_a_letter_is_dated_as_letters_are(
    clock: time_machine.Traveller, language: str, city: str, dated: str
) -> None:
    clock.move_to(datetime(2026, 3, 24, 12, tzinfo=UTC))
    organisation = OrganisationFactory.create(street="", postal_code="", city=city)
    case_right = decided("access", "no_data", organisation, {"language": language})
    html = letter_html(case_right.case, [case_right])
    assert f'<p class="date">{dated}</p>' in html.replace("\u00a0", " ")
    assert "<br> <br>" not in html


def test_directives_are_named_with_who_carries_them_out() -> None:
    case_right = decided("directives", "granted")
    Directive.objects.create(
        organisation=case_right.case.organisation, case_right=case_right, kind=DirectiveKind.PARTICULAR, text="x",
        name="Camille Estève", name_search="camille esteve", executor="Paul Estève",
        registered_by=member(case_right.case.organisation), registered_at=datetime(2026, 3, 9, 9, 0, tzinfo=UTC),
    )  # fmt: skip
    text = read(case_right)
    assert "Paul Estève" in text
    assert "Monday 9 March 2026" in text


@pytest.mark.parametrize(
    ("code", "said"),
    [("erasure", "You asked on behalf of Camille Estève."), ("post_mortem", "Your request concerns Camille Estève.")],
)
def test_a_letter_to_somebody_acting_for_another_says_for_whom(code: str, said: str) -> None:
    acting: dict[str, Any] = {"capacity": Capacity.HEIR, "name": "Paul Estève", "subject_name": "Camille Estève"}
    text = letter(code, reasoning=REASONING, **acting)
    assert "Paul Estève" in text
    assert said in text
    assert ("on behalf of" in text) is (code == "erasure")  # nobody acts in the name of the dead
    assert "on behalf of" not in letter(code, reasoning=REASONING)


@pytest.mark.parametrize(("country", "rule"), [("CH", "CH"), ("BR", "BR"), ("US", "US-CA")])
@pytest.mark.parametrize("code", [code for code, right in RIGHTS.items() if not right.countries])
def test_where_another_law_holds_no_article_of_the_gdpr_is_cited(country: str, rule: str, code: str) -> None:
    zone = {"CH": "Europe/Zurich", "BR": "America/Sao_Paulo", "US": "America/Los_Angeles"}[country]
    organisation = OrganisationFactory.create(country=country, jurisdiction=rule, time_zone=zone)
    for outcome in RULES[code].outcomes:
        ground = a_ground(code, outcome)
        text = letter(code, outcome, organisation=organisation, ground=ground, reasoning=REASONING)
        assert "GDPR" not in text
        assert "(art. " not in text
        assert "article" not in text


def test_a_forwarded_request_is_told_without_a_name_where_none_is_recorded() -> None:
    assert "We passed it on to who decides on these data." in letter("access", Outcome.FORWARDED)
