"""A handler records how they checked who asks: as little as the risk allows, and with a reason where it is more."""

import pytest
from django.test import Client
from django.urls import reverse

from dsar.core.models import AuditEvent, Organisation, User
from dsar.core.roles import Role
from identity.models import IdentityCheck
from requests_app.models import Case
from requests_app.vocabulary import Capacity
from tests.factories import a_case, member

pytestmark = pytest.mark.django_db

FORM = {"method": "on_file", "where": "CRM, customer 4471", "motive": "", "result": "established"}


@pytest.fixture
def case(organisation: Organisation) -> Case:
    return a_case(organisation)


def address(case: Case) -> str:
    return reverse("identity-check-add", args=[case.reference])


def test_an_established_identity_is_recorded_on_the_case_and_journaled(
    client: Client, case: Case, handler: User
) -> None:
    client.force_login(handler)
    response = client.post(address(case), {**FORM, "version": case.version})
    assert response.headers["Location"] == reverse("case-detail", args=[case.reference]) + "#person"
    case.refresh_from_db()
    assert case.identity_established_at is not None
    assert case.identity_basis == {"code": "on_file", "where": "CRM, customer 4471"}
    check = IdentityCheck.objects.get()
    assert (check.by, check.result) == (handler, "established")
    checked = AuditEvent.objects.get(kind="identity.checked")
    assert checked.facts == {"method": "on_file", "result": "established"}  # the place is personal: not a fact
    assert checked.values.get(field="where").value == "CRM, customer 4471"
    assert "CRM, customer 4471" in client.get(address(case)).content.decode()


def test_a_remaining_doubt_establishes_nothing(client: Client, case: Case, handler: User) -> None:
    client.force_login(handler)
    client.post(address(case), {**FORM, "result": "doubt", "version": case.version})
    case.refresh_from_db()
    assert case.identity_established_at is None
    assert IdentityCheck.objects.get().result == "doubt"


@pytest.mark.parametrize("method", ["call_back", "knowledge", "viewed"])
def test_asking_the_person_for_more_needs_a_written_doubt(
    client: Client, case: Case, handler: User, method: str
) -> None:
    client.force_login(handler)
    response = client.post(address(case), {**FORM, "method": method, "motive": " ", "version": case.version})
    assert response.status_code == 422
    assert "Say which doubt made this check necessary." in response.content.decode()
    assert 'value="CRM, customer 4471"' in response.content.decode()
    assert not IdentityCheck.objects.exists()
    with_doubt = {**FORM, "method": method, "motive": "Unknown sender.", "version": case.version}
    assert client.post(address(case), with_doubt).status_code == 302


def test_two_people_at_once(client: Client, case: Case, handler: User) -> None:
    client.force_login(handler)
    response = client.post(address(case), {**FORM, "version": case.version + 7})
    assert response.status_code == 409
    assert "Somebody changed this case meanwhile." in response.content.decode()
    assert not IdentityCheck.objects.exists()


def test_an_auditor_records_no_check(client: Client, case: Case) -> None:
    client.force_login(member(case.organisation, Role.AUDITOR))
    assert client.post(address(case), FORM).status_code == 403
    assert not IdentityCheck.objects.exists()


def test_the_form_asks_for_no_file(client: Client, case: Case, handler: User) -> None:
    client.force_login(handler)
    page = client.get(address(case)).content.decode()
    assert 'type="file"' not in page
    assert "multipart" not in page


def test_whoever_acts_for_somebody_else_is_established_by_an_authority_to_act_only(client: Client) -> None:
    case = a_case(capacity=Capacity.REPRESENTATIVE, name="Odile Renn", subject_name="Camille Estève")
    client.force_login(member(case.organisation))
    page = client.post(address(case), {**FORM, "version": case.version})
    assert page.status_code == 422
    assert "acts for somebody else" in page.content.decode()
    case.refresh_from_db()
    assert case.identity_established_at is None
    client.post(address(case), {**FORM, "method": "mandate", "version": case.version})
    case.refresh_from_db()
    assert case.identity_basis["code"] == "mandate"


def test_who_asks_for_themself_has_no_mandate(client: Client, case: Case, handler: User) -> None:
    client.force_login(handler)
    assert client.post(address(case), {**FORM, "method": "mandate", "version": case.version}).status_code == 422
