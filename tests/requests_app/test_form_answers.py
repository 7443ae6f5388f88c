"""What the form asks: every right in plain words, for oneself or somebody else, where they live."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from dsar.core.models import Organisation
from dsar.core.rights import RIGHTS
from requests_app.form_choices import GROUPS, choices_for, countries
from requests_app.models import Case, PartyAddress
from requests_app.vocabulary import AddressKind, Capacity
from tests.factories import OrganisationFactory
from tests.requests_app.test_public_request import fields_of

pytestmark = pytest.mark.django_db

NATIONAL = {code for code, right in RIGHTS.items() if right.countries}


def form(client: Client, language: str = "en", **fields: Any) -> Any:
    return client.post(reverse("public-request", args=["virelune"]), fields, headers={"Accept-Language": language})


def sent(client: Client, **fields: Any) -> Case:
    assert form(client, **{"key_only": "on", "page": "check", "go": "send", **fields}).status_code == 302
    return Case.objects.get()


def test_the_form_offers_every_right_once() -> None:
    offered = [choice.code for group in GROUPS for choice in group.choices]
    assert sorted(offered) == sorted(RIGHTS)


def test_each_right_has_its_box_its_hint_and_its_own_question(organisation: Organisation, client: Client) -> None:
    page = client.get(reverse("public-request", args=["virelune"])).content.decode()
    for code in RIGHTS:
        assert f'id="right-{code}"' in page
        assert f'id="right-{code}-hint"' in page
        assert f'name="detail_{code}"' in page
    questions = [str(choice.detail_label) + str(choice.detail_hint) for choice in choices_for("FR")]
    assert len(set(questions)) == len(RIGHTS)


def test_rights_of_the_french_law_stand_in_france_only(client: Client) -> None:
    OrganisationFactory.create(slug="virelune", country="BE", jurisdiction="BE")
    page = client.get(reverse("public-request", args=["virelune"]), {"right": "directives"}).content.decode()
    for code in RIGHTS:
        assert (f'id="right-{code}"' in page) is (code not in NATIONAL)
    assert "right" not in fields_of(page)
    refused = form(client, right="directives", key_only="on", page="check", go="send").content.decode()
    assert "Tick one of the requests on this page." in refused
    assert Case.objects.count() == 0


def test_all_rights_at_once_with_their_details(organisation: Organisation, client: Client) -> None:
    details = {f"detail_{code}": f"About {code}." for code in RIGHTS}
    case = sent(client, right=list(RIGHTS), **details)
    assert {right.right: right.detail for right in case.rights.all()} == {
        code: f"About {code}." for code in RIGHTS
    }


def test_details_are_optional(organisation: Organisation, client: Client) -> None:
    case = sent(client, right=["rectification", "objection", "automated_decision"])
    assert {right.detail for right in case.rights.all()} == {""}


def test_a_hidden_follow_up_is_never_to_mend(organisation: Organisation, client: Client) -> None:
    case = sent(client, right="access", detail_erasure="a" * 6_000, subject_email="nonsense")
    assert [right.detail for right in case.rights.all()] == [""]


# ---- for whom --------------------------------------------------------------------------------------------------------


def test_for_oneself_is_what_is_chosen_when_nothing_is(organisation: Organisation, client: Client) -> None:
    page = form(client, right="access", page="want", go="next").content.decode()
    assert re.search(r'value="data_subject"[^>]* checked', page)
    case = sent(client, right="access", name="Camille Estève", subject_name="Nobody")
    assert case.data_subject == case.requester
    assert case.parties.get().name == "Camille Estève"


@pytest.mark.parametrize("capacity", ["representative", "parent", "heir"])
def test_for_somebody_else_both_are_kept_apart(organisation: Organisation, client: Client, capacity: str) -> None:
    case = sent(
        client, right="access", capacity=capacity, name="Maître Anouk Sorel", email="sorel@cabinet.example",
        subject_name="Camille Estève", subject_email="camille.esteve@example.org", identifier="4471 902 338",
    )  # fmt: skip
    requester, subject = case.requester, case.data_subject
    assert requester is not None and subject is not None
    assert (requester.name, requester.capacity) == ("Maître Anouk Sorel", capacity)
    assert subject.name == "Camille Estève"
    found = {(row.party_id, row.kind): row.value for row in PartyAddress.objects.all()}
    assert found == {
        (requester.pk, AddressKind.EMAIL): "sorel@cabinet.example",
        (subject.pk, AddressKind.EMAIL): "camille.esteve@example.org",
        (subject.pk, AddressKind.IDENTIFIER): "4471 902 338",
    }


def test_nothing_about_the_other_person_is_compulsory(organisation: Organisation, client: Client) -> None:
    case = sent(client, right="erasure", capacity="parent")
    assert case.data_subject is not None
    assert case.data_subject.name == ""


def test_asking_for_a_person_who_has_died_is_acting_for_them(organisation: Organisation, client: Client) -> None:
    page = form(client, right="post_mortem", page="want", go="next").content.decode()
    assert re.search(r'value="heir"[^>]* checked', page)
    case = sent(client, right="post_mortem", capacity="data_subject", subject_name="Odile Marchal")
    assert case.requester is not None
    assert case.requester.capacity == Capacity.HEIR
    assert case.data_subject is not None
    assert case.data_subject.name == "Odile Marchal"


def test_one_request_is_about_one_person(organisation: Organisation, client: Client) -> None:
    both: dict[str, Any] = {"right": ["access", "post_mortem"]}
    hint = "For your own data, send a second request."
    assert hint in form(client, **both, page="want", go="next").content.decode()
    assert hint not in form(client, right="post_mortem", page="want", go="next").content.decode()
    send: dict[str, Any] = {**both, "key_only": "on", "page": "check", "go": "send"}
    refused = form(client, **send, capacity="data_subject").content.decode()
    assert "one request is about one person" in refused
    assert Case.objects.count() == 0
    requester = sent(client, **both, capacity="heir").requester
    assert requester is not None
    assert requester.capacity == Capacity.HEIR


def test_a_lawyer_may_ask_for_the_heirs(organisation: Organisation, client: Client) -> None:
    case = sent(client, right="post_mortem", capacity="representative")
    assert case.requester is not None
    assert case.requester.capacity == Capacity.REPRESENTATIVE


def test_heirs_stand_where_the_law_knows_them(client: Client) -> None:
    OrganisationFactory.create(slug="virelune", country="BE", jurisdiction="BE")
    page = form(client, right="access", page="want", go="next").content.decode()
    assert 'id="capacity-heir"' not in page
    assert 'id="capacity-parent"' in page
    refused = form(client, right="access", capacity="heir", page="who", go="next").content.decode()
    assert "Choose one of the answers on this page." in refused


def test_what_will_be_asked_is_said_and_blocks_nothing(organisation: Organisation, client: Client) -> None:
    page = form(client, right="access", page="want", go="next").content.decode()
    assert "Later we ask for their written mandate." in page
    assert "Later we ask for what shows parental authority or guardianship." in page
    assert "Your request counts from today." in page


# ---- reaching --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "way", [{"email": "camille@example.org"}, {"phone": "01 99 00 12 34"}, {"postal": "8 rue X"}, {"key_only": "on"}]
)
def test_one_way_is_enough(organisation: Organisation, client: Client, way: dict[str, str]) -> None:
    assert form(client, right="access", **way, page="check", go="send").status_code == 302
    assert PartyAddress.objects.count() == ("key_only" not in way)


def test_where_somebody_lives_is_no_way_to_reach_them(organisation: Organisation, client: Client) -> None:
    page = form(client, right="access", country="DE", page="reach", go="next").content.decode()
    assert "Give one way to reach you" in page
    assert '<option value="DE" selected>Germany</option>' in page


def test_the_country_is_kept_and_shown_in_words(organisation: Organisation, client: Client) -> None:
    check = form(client, "fr", right="access", country="DE", key_only="on", page="reach", go="next").content.decode()
    assert "Allemagne" in check
    assert sent(client, right="access", country="DE").country == "DE"


def test_a_country_that_is_none_is_refused(organisation: Organisation, client: Client) -> None:
    page = form(client, right="access", country="XX", key_only="on", page="reach", go="next").content.decode()
    assert "Choose a country of the list, or none." in page


def test_countries_are_countries_in_the_readers_order() -> None:
    french = [name for _code, name in countries("fr")]
    assert french.index("Égypte") < french.index("Finlande")
    assert {"FR", "DE", "GB", "CH", "XK"} <= {code for code, _name in countries("en")}
    assert not {"EU", "UN", "ZZ", "EZ"} & {code for code, _name in countries("en")}


# ---- links -----------------------------------------------------------------------------------------------------------


def test_a_deep_link_ticks_its_box_in_its_language(organisation: Organisation, client: Client) -> None:
    address = reverse("public-request", args=["virelune"])
    response = client.get(address, {"right": "erasure", "lang": "fr"}, headers={"Accept-Language": "en"})
    assert response.headers["Location"] == f"{address}?right=erasure"
    page = client.get(response.headers["Location"], headers={"Accept-Language": "en"}).content.decode()
    assert '<html lang="fr">' in page
    assert fields_of(page)["right"] == ["erasure"]
