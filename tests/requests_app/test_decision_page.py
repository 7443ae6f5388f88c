"""The decision on the case page: what this right allows, what is promised, and the warning of a late refusal."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from dsar.core.models import User
from requests_app.models import Case, Decision
from requests_app.rights_table import RULES, concerns
from tests.factories import OrganisationFactory, a_case, member, right_of
from tests.requests_app.desk import work_done

pytestmark = pytest.mark.django_db

KEPT = {
    "outcome": "refused", "ground": "17_3_b", "reasoning": "La loi nous oblige à garder vos factures.",
    "provision": "Code de commerce, art. L.123-22", "kept_until": "2031-12-31",
}  # fmt: skip


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(datetime(2026, 3, 10, 9, 0, tzinfo=UTC), tick=False) as traveller:
        yield traveller


@pytest.fixture
def case(clock: time_machine.Traveller) -> Case:
    return a_case(rights=("erasure",))


@pytest.fixture
def handler(case: Case, client: Client) -> User:
    user = member(case.organisation)
    client.force_login(user)
    work_done(case, user, "erasure")
    return user


def page(client: Client, case: Case) -> str:
    return client.get(reverse("case-detail", args=[case.reference])).content.decode()


def decide(client: Client, case: Case, code: str = "erasure", **fields: Any) -> Any:
    version = Case.objects.values_list("version", flat=True).get(pk=case.pk)
    return client.post(reverse("decision-submit", args=[case.reference, code]), {"version": version, **fields})


def test_the_form_has_the_grounds_of_the_right_and_no_other(client: Client, case: Case, handler: User) -> None:
    html = page(client, case)
    for ground in RULES["erasure"].grounds:
        assert f'value="{ground}"' in html
    for foreign in ("15_4", "20_4", "21_1_COMPELLING", "7_3_NO_CONSENT"):
        assert f'value="{foreign}"' not in html
    assert 'value="forwarded"' not in html
    assert "Say for each category of data whether it is erased" in html
    assert "What is not done" in html


def test_a_kept_category_is_decided_with_its_provision_and_end(client: Client, case: Case, handler: User) -> None:
    assert decide(client, case, **KEPT).status_code == 302
    decision = Decision.objects.get()
    assert (decision.provision, decision.kept_until) == (KEPT["provision"], date(2031, 12, 31))
    html = page(client, case)
    assert "Thursday 7 April" not in html
    assert "31 December 2031" in html


@pytest.mark.parametrize(
    ("changed", "field", "words"),
    [
        ({"kept_until": ""}, "kept_until", "Say until when these data are kept."),
        ({"kept_until": "2026-03-09"}, "kept_until", "This day is over"),
        ({"kept_until": "soon"}, "kept_until", "Give a date as 2026-04-07."),
        ({"provision": " "}, "provision", "Cite the provision of the law."),
        ({"outcome": "granted"}, "ground", "This ground does not go with this outcome."),
        ({"ground": "15_4"}, "ground", "Select a valid choice"),
        ({"outcome": "granted_partly"}, "withheld", "Say what is not done."),
    ],
)
def test_each_mistake_stands_at_its_field(
    client: Client, case: Case, handler: User, changed: dict[str, str], field: str, words: str
) -> None:
    response = decide(client, case, **{**KEPT, **changed})
    html = response.content.decode()
    assert response.status_code == 422
    assert re.search(rf'<a href="#decide-erasure-{field}">[^<:]+: {re.escape(words)}', html)
    assert "La loi nous oblige à garder vos factures." in html
    assert not Decision.objects.exists()


def test_a_late_refusal_is_warned_of_before_and_confirmed(
    client: Client, case: Case, handler: User, clock: time_machine.Traveller
) -> None:
    assert "late_refusal" not in page(client, case)
    clock.move_to(datetime(2026, 4, 8, 9, 0, tzinfo=UTC))
    client.force_login(handler)  # a session lasts half a day
    html = page(client, case)
    assert "A full refusal had to be told by" in html
    assert 'name="late_refusal"' in html
    refused = decide(client, case, **KEPT)
    assert refused.status_code == 422
    assert '<a href="#decide-erasure-late_refusal">' in refused.content.decode()
    assert decide(client, case, **KEPT, late_refusal="on").status_code == 302


def test_an_absolute_right_has_no_late_refusal(client: Client, clock: time_machine.Traveller) -> None:
    case = a_case(rights=("marketing_objection",))
    user = member(case.organisation)
    clock.move_to(datetime(2026, 4, 8, 9, 0, tzinfo=UTC))
    work_done(case, user, "marketing_objection")
    client.force_login(user)
    html = page(client, case)
    assert 'name="late_refusal"' not in html
    assert "This right is absolute" in html


def test_what_only_a_grant_waits_for_does_not_hide_the_form(client: Client, clock: time_machine.Traveller) -> None:
    case = a_case(rights=("question",))
    user = member(case.organisation)
    client.force_login(user)
    work_done(case, user, "question")
    right_of(case, "question").checklist.update(state="open")
    assert "1 checklist item is neither done nor justified: Q1." in page(client, case)
    other = a_case(case.organisation, rights=("restriction",), submission="")
    client.post(reverse("case-right-start", args=[other.reference, "restriction"]), {"version": other.version})
    html = page(client, other)
    assert "Not done yet: without it nothing can be granted" in html
    assert "Not ready to be decided" not in html


PROMISES = [
    {"article": "15(1)(c)", "text": {"fr": "Les noms.", "en": "Names of all."}},
    {"article": "21(2)", "text": {"fr": "Partenaires.", "en": "Partners too."}},
    {"article": "12(3)", "text": {"fr": "Dix jours.", "en": "Ten days."}},
    {"article": "44", "text": {"fr": "En Europe.", "en": "In Europe only."}},
]


def test_the_page_shows_what_the_policy_promises_beyond_the_law(client: Client) -> None:
    organisation = OrganisationFactory.create(commitments=PROMISES)
    case = a_case(organisation, rights=("access",))
    client.force_login(member(organisation))
    html = page(client, case)
    assert "promises beyond the law" in html
    assert "Names of all." in html
    assert "article 15(1)(c)" in html
    assert "Ten days." in html
    assert "Partners too." not in html
    assert "In Europe only." not in html
    assert "promises beyond the law" not in page_of_another(client)


def page_of_another(client: Client) -> str:
    case = a_case(rights=("access",), submission="")
    client.force_login(member(case.organisation))
    return page(client, case)


@pytest.mark.parametrize(
    ("article", "rights"),
    [
        ("15", {"access"}), ("15(1)(c)", {"access"}), ("1", set()), ("150", set()), ("5(1)(b)", set()),
        ("21(2)", {"marketing_objection"}), ("21(3)", {"marketing_objection"}),
        ("21(4)", {"objection", "marketing_objection"}),
        ("21", {"objection", "marketing_objection", "research_objection"}),
        ("19", {"rectification", "erasure", "restriction"}), ("7(3)", {"withdrawal"}),
        ("85", {"directives", "post_mortem"}), ("12(3)", set(RULES)), ("12", set(RULES)),
    ],
)  # fmt: skip
def test_a_promise_belongs_to_the_rights_of_its_article(article: str, rights: set[str]) -> None:
    assert {code for code in RULES if concerns(code, article)} == rights
