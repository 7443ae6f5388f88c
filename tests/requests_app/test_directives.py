"""Directives for after the death (loi 78-17 art. 85): kept until then, found when a death is reported, carried out."""

from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from dsar.core.actors import Actor
from dsar.core.errors import DomainError, NotAllowed
from dsar.core.models import AuditEvent, Organisation, User
from dsar.core.roles import Role
from requests_app.models import Case, ChecklistItem, Directive, Entitlement
from requests_app.services import (
    directive_carry_out,
    directive_register,
    directive_replace,
    directive_revoke,
    directives_found,
    directives_looked_for,
    entitlement_record,
    identity_establish,
)
from requests_app.vocabulary import Capacity, DirectiveEnd, ItemState
from tests.factories import OrganisationFactory, a_case, actor_for, member, right_of

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 20, 9, 0, tzinfo=UTC)


@pytest.fixture
def organisation() -> Organisation:
    return OrganisationFactory.create(language="en")


def living(organisation: Organisation, **fields: Any) -> Case:
    """A person who registers what is to be done after their death."""
    asked = {"rights": ("directives",), "submission": "", "identifier": "44-71", **fields}
    return a_case(organisation, **asked)


def reported(organisation: Organisation, **fields: Any) -> Case:
    """A death, told by an heir of another name and another mailbox."""
    asked = {
        "rights": ("post_mortem",), "submission": "", "name": "Alix Morvan", "email": "alix.morvan@example.org",
        "capacity": Capacity.HEIR, "subject_name": "Camille Estève", **fields,
    }  # fmt: skip
    case = a_case(organisation, **asked)
    for code in ("PM1", "PM2"):
        ChecklistItem.objects.get_or_create(case_right=right_of(case, "post_mortem"), code=code)
    return case


def registered(case: Case, handler: User, **fields: Any) -> Directive:
    wishes = {
        "kind": "particular", "text": "Erase everything.", "name": "Camille Estève",
        "email": "Camille.Esteve@example.org ", "identifier": "44-71", **fields,
    }  # fmt: skip
    return directive_register(
        case_right=right_of(case, "directives"), actor=actor_for(handler, case.organisation), **wishes
    )


def entitled(case: Case, handler: User, **fields: Any) -> Entitlement:
    asked = {"entitled_as": "heir", "proof": "notoriety", **fields}
    return entitlement_record(
        case_right=right_of(case, "post_mortem"), actor=actor_for(handler, case.organisation), **asked
    )


def matches(case: Case) -> list[tuple[str, ...]]:
    return [found.matched_by for found in directives_found(case)]


def item_of(case: Case, code: str) -> ChecklistItem:
    return ChecklistItem.objects.get(case_right__case=case, code=code)


def test_directives_outlive_their_case_and_know_the_person(organisation: Organisation, handler: User) -> None:
    directive = registered(living(organisation), handler, executor="Alix Morvan, 06…")
    assert (directive.email, directive.identifier) == ("camille.esteve@example.org", "4471")
    assert directive.name_search == "camille esteve"
    assert directive.organisation == organisation
    event = AuditEvent.objects.get(kind="directive.registered")
    assert "Erase" not in str(event.facts)


@pytest.mark.parametrize(("fields", "code"), [({"text": " "}, "text_missing"), ({"name": ""}, "name_missing")])
def test_they_need_words_and_a_name(
    organisation: Organisation, handler: User, fields: dict[str, Any], code: str
) -> None:
    with pytest.raises(DomainError) as refused:
        registered(living(organisation), handler, **fields)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("fields", "matched"),
    [
        ({}, ("name",)),
        ({"subject_name": "ESTEVE Camille Marie"}, ("name",)),
        ({"subject_email": "camille.esteve@EXAMPLE.org", "subject_name": ""}, ("email",)),
        ({"subject_name": "", "identifier": "4471"}, ("identifier",)),
        ({"subject_email": "camille.esteve@example.org", "identifier": "44 71"}, ("email", "identifier", "name")),
    ],
)
def test_a_reported_death_finds_them_by_whatever_agrees(
    organisation: Organisation, handler: User, fields: dict[str, Any], matched: tuple[str, ...]
) -> None:
    registered(living(organisation), handler)
    assert matches(reported(organisation, **fields)) == [matched]


@pytest.mark.parametrize(
    "fields",
    [
        {"subject_name": "Dominique Estève"},
        {"subject_name": "", "identifier": "4472"},
        # What the heir gave of themselves is not the person who died.
        {"subject_name": "Somebody Else", "name": "Camille Estève", "email": "camille.esteve@example.org"},
        {"subject_name": "", "name": "Camille Estève"},
    ],
)
def test_nobody_else_is_taken_for_them(organisation: Organisation, handler: User, fields: dict[str, Any]) -> None:
    registered(living(organisation), handler)
    assert matches(reported(organisation, **fields)) == []


def test_another_organisation_finds_nothing(organisation: Organisation, handler: User) -> None:
    registered(living(organisation), handler)
    assert matches(reported(OrganisationFactory.create())) == []


def test_the_surest_stands_first(organisation: Organisation, handler: User) -> None:
    registered(living(organisation), handler, email="", identifier="")
    registered(living(organisation), handler)
    found = matches(reported(organisation, subject_email="camille.esteve@example.org"))
    assert found == [("email", "name"), ("name",)]


def test_newer_directives_take_the_place_of_older_ones(organisation: Organisation, handler: User) -> None:
    case = living(organisation)
    older = registered(case, handler)
    newer = directive_replace(
        directive=older, case_right=right_of(case, "directives"), kind="general", text="Kept by Maître Lin.",
        name="Camille Estève", actor=actor_for(handler, organisation),
    )  # fmt: skip
    older.refresh_from_db()
    assert (older.end, older.ended_by) == (DirectiveEnd.REPLACED, handler)
    assert list(Directive.objects.in_force()) == [newer]
    with pytest.raises(DomainError) as refused:
        directive_revoke(
            directive=older, case_right=right_of(case, "directives"), actor=actor_for(handler, organisation)
        )
    assert refused.value.code == "directive_ended"


def test_what_was_registered_in_another_case_takes_an_established_identity(
    organisation: Organisation, handler: User
) -> None:
    directive, actor = registered(living(organisation), handler), actor_for(handler, organisation)
    later = living(organisation)
    assert matches(later) == [("email", "identifier", "name")]
    with pytest.raises(DomainError) as refused:
        directive_revoke(directive=directive, case_right=right_of(later, "directives"), actor=actor)
    assert refused.value.code == "identity_not_established"
    identity_establish(case=later, basis={"code": "viewed"}, actor=Actor.SYSTEM)
    directive_revoke(directive=directive, case_right=right_of(later, "directives"), actor=actor)
    assert matches(later) == []


def test_directives_of_another_organisation_are_out_of_reach(organisation: Organisation, handler: User) -> None:
    directive = registered(living(organisation), handler)
    elsewhere = OrganisationFactory.create()
    case, stranger = living(elsewhere), member(elsewhere)
    identity_establish(case=case, basis={"code": "viewed"}, actor=Actor.SYSTEM)
    with pytest.raises(DomainError) as refused:
        directive_revoke(
            directive=directive, case_right=right_of(case, "directives"), actor=actor_for(stranger, elsewhere)
        )
    assert refused.value.code == "directive_ended"
    directive.refresh_from_db()
    assert directive.ended_at is None


@pytest.mark.parametrize(
    ("register", "words"),
    [
        (True, "1 directive in force agrees: by name."),
        (False, "No directive in force agrees with this person."),
    ],
)
def test_looking_for_them_is_noted(organisation: Organisation, handler: User, register: bool, words: str) -> None:
    if register:
        registered(living(organisation), handler)
    case = reported(organisation)
    directives_looked_for(case_right=right_of(case, "post_mortem"), actor=actor_for(handler, organisation))
    item = item_of(case, "PM2")
    assert (item.state, item.note) == (ItemState.DONE, words)


@pytest.mark.parametrize(
    ("entitled_as", "proof", "note", "code"),
    [
        ("heir", "notoriety", "", None),
        ("heir", "family_book", "", None),
        ("heir", "directives", "", "proof_not_fitting"),
        ("executor", "notoriety", "", "proof_not_fitting"),
        ("executor", "directives", "", "directive_missing"),
        ("designated", "directives", "Seen at the trusted third party.", None),
    ],
)
def test_who_may_ask_shows_what_the_law_wants(
    organisation: Organisation, handler: User, entitled_as: str, proof: str, note: str, code: str | None
) -> None:
    case = reported(organisation)
    if code is None:
        assert entitled(case, handler, entitled_as=entitled_as, proof=proof, note=note).set_by == handler
        assert item_of(case, "PM1").state == ItemState.DONE
        return
    with pytest.raises(DomainError) as refused:
        entitled(case, handler, entitled_as=entitled_as, proof=proof, note=note)
    assert refused.value.code == code
    assert item_of(case, "PM1").state == ItemState.OPEN


def test_an_executor_is_named_in_our_directives(organisation: Organisation, handler: User) -> None:
    directive = registered(living(organisation), handler, executor="Alix Morvan")
    entitlement = entitled(
        reported(organisation), handler, entitled_as="executor", proof="directives", directive=directive
    )
    assert entitlement.directive == directive


def test_they_are_carried_out_for_somebody_entitled_and_end(organisation: Organisation, handler: User) -> None:
    directive, case = registered(living(organisation), handler), reported(organisation)
    actor, right = actor_for(handler, organisation), right_of(case, "post_mortem")
    with pytest.raises(DomainError) as refused:
        directive_carry_out(directive=directive, case_right=right, note="All erased.", actor=actor)
    assert refused.value.code == "entitlement_missing"
    entitled(case, handler)
    with pytest.raises(DomainError) as silent:
        directive_carry_out(directive=directive, case_right=right, note=" ", actor=actor)
    assert silent.value.code == "note_missing"
    directive_carry_out(directive=directive, case_right=right, note="All erased.", actor=actor)
    directive.refresh_from_db()
    assert directive.end == DirectiveEnd.CARRIED_OUT
    assert matches(case) == []


def test_each_act_belongs_to_its_right(organisation: Organisation, handler: User) -> None:
    directive, actor = registered(living(organisation), handler), actor_for(handler, organisation)
    alive, dead = right_of(living(organisation), "directives"), right_of(reported(organisation), "post_mortem")
    wishes: dict[str, Any] = {"kind": "particular", "text": "x", "name": "y"}
    acts: list[tuple[Any, dict[str, Any]]] = [
        (directive_register, {"case_right": dead, **wishes}),
        (directive_replace, {"case_right": dead, "directive": directive, **wishes}),
        (directive_revoke, {"case_right": dead, "directive": directive}),
        (directives_looked_for, {"case_right": alive}),
        (directive_carry_out, {"case_right": alive, "directive": directive, "note": "x"}),
        (entitlement_record, {"case_right": alive, "entitled_as": "heir", "proof": "notoriety"}),
    ]
    for service, arguments in acts:
        with pytest.raises(DomainError) as refused:
            service(actor=actor, **arguments)
        assert refused.value.code == "directives_not_here"
        auditor = actor_for(member(organisation, Role.AUDITOR), organisation)
        with pytest.raises(NotAllowed):
            service(actor=auditor, **arguments)


def test_only_readers_of_the_organisation_see_them(organisation: Organisation, handler: User) -> None:
    directive = registered(living(organisation), handler)
    assert list(Directive.objects.visible_to(handler)) == [directive]
    assert not Directive.objects.visible_to(member(organisation, Role.CONTRIBUTOR)).exists()
    assert not Directive.objects.visible_to(member(OrganisationFactory.create())).exists()


def test_the_pages_of_a_living_person(organisation: Organisation, handler: User, client: Client) -> None:
    case = living(organisation)
    client.force_login(handler)
    page = reverse("directive-register", args=[case.reference, "directives"])
    form = client.get(page).content.decode()
    assert 'value="Camille Estève"' in form
    assert 'value="44-71"' in form
    typed = {"version": case.version, "kind": "particular", "text": "Erase everything.", "name": "Camille Estève"}
    refused = client.post(page, {**typed, "name": ""})
    assert refused.status_code == 422 and "Erase everything." in refused.content.decode()
    assert client.post(page, {**typed, "email": "no address"}).status_code == 422
    assert client.post(page, typed).status_code == 302
    directive = Directive.objects.get()
    detail = reverse("case-detail", args=[case.reference])
    assert "agrees by: registered in this case; name" in client.get(detail).content.decode()
    case.refresh_from_db()
    replace = reverse("directive-replace", args=[case.reference, "directives", directive.pk])
    assert "Erase everything." in client.get(replace).content.decode()
    assert client.post(replace, {**typed, "version": case.version, "text": "Keep the photos."}).status_code == 302
    case.refresh_from_db()
    newer = Directive.objects.in_force().get()
    revoke = reverse("directive-revoke", args=[case.reference, "directives", newer.pk])
    assert client.post(revoke, {"version": case.version}).status_code == 302
    case.refresh_from_db()
    assert client.post(revoke, {"version": case.version}).status_code == 422
    shown = client.get(detail).content.decode()
    assert "None is registered for this person yet." in shown
    assert "Directives revoked" in shown
    stranger = member(OrganisationFactory.create())
    elsewhere = living(stranger.memberships.get().organisation)
    client.force_login(stranger)
    foreign = reverse("directive-replace", args=[elsewhere.reference, "directives", directive.pk])
    assert client.get(foreign).status_code == 404


def test_the_panel_after_a_death(organisation: Organisation, handler: User, client: Client) -> None:
    directive = registered(living(organisation), handler, executor="Alix Morvan")
    case = reported(organisation, subject_email="camille.esteve@example.org")
    client.force_login(handler)

    def posted(name: str, *more: int, **fields: Any) -> int:
        case.refresh_from_db()
        address = reverse(name, args=[case.reference, "post_mortem", *more])
        return client.post(address, {"version": case.version, **fields}).status_code

    def page() -> str:
        return client.get(reverse("case-detail", args=[case.reference])).content.decode()

    shown = page()
    assert "Erase everything." in shown
    assert "agrees by: e-mail address; name" in shown
    assert "They are carried out" not in shown
    with time_machine.travel(NOW, tick=False):
        assert posted("directives-looked-for") == 302
        assert posted("entitlement-record", entitled_as="heir", proof="directives") == 422
        assert posted("entitlement-record", entitled_as="executor", proof="directives", directive="0") == 422
        assert posted("entitlement-record", entitled_as="executor", proof="directives", directive=directive.pk) == 302
        assert "They are carried out" in page()
        assert posted("directive-carry-out", directive.pk, note="") == 422
        assert posted("directive-carry-out", directive.pk, note="All erased.") == 302
    shown = page()
    assert "Directives carried out" in shown
    assert "All erased." in shown
    assert "None in force agrees" in shown
