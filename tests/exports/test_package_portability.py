"""A package for portability: provided or observed, on consent or contract, and nothing else (GDPR art. 20)."""

import json
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from dsar.core.actors import Actor
from dsar.core.files import file_read
from dsar.core.models import Organisation, ProcessingActivity
from dsar.core.profiles import organisation_activate
from dsar.core.roles import Role
from dsar.management.commands.organisation_import import profile_import
from exports.contents import contents_of
from exports.maps import source_map_approve
from exports.models import Collection, SourceMap
from exports.sample_company import FILE_NAME, sample_company_create, sample_company_environment, sample_people
from exports.services import collection_by_hand, collection_plan, collection_run, package_build
from requests_app.models import CaseRight, CaseTask, ChecklistItem, Deliverable
from requests_app.services import case_right_start
from requests_app.vocabulary import ItemState, TaskKind
from tests.factories import RECEIVED_AT, a_case, actor_for, member, right_of

pytestmark = pytest.mark.django_db

CAMILLE = sample_people()[0]


@pytest.fixture
def organisation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Organisation:
    """The demonstration's shop with its customer file."""
    sample_company_create(tmp_path / FILE_NAME)
    for name, url in sample_company_environment(tmp_path).items():
        monkeypatch.setenv(name, url)
    profile = settings.BASE_DIR / "dsar" / "profiles" / "jst-france.toml"
    made = profile_import(profile.read_bytes(), actor=Actor.SYSTEM)[0]
    organisation_activate(organisation=made, privacy_lead=None, actor=Actor.SYSTEM)
    approver = actor_for(member(made, Role.DPO), made)
    for source_map in SourceMap.objects.filter(source__organisation=made):
        source_map_approve(source_map=source_map, actor=approver)
    return made


def collected(case_right: CaseRight) -> None:
    """All sources have answered; nothing was found on paper."""
    organisation = case_right.case.organisation
    handler = actor_for(member(organisation), organisation)
    case_right_start(case_right=case_right, actor=handler)
    collection_plan(case_right=case_right)
    for collection in Collection.objects.filter(case_right=case_right, source__kind="sql"):
        assert collection_run(collection=collection)
    for task in CaseTask.objects.open().filter(case_right=case_right, kind=TaskKind.COLLECT_BY_HAND):
        collection_by_hand(task=task, files=[], nothing_found=True, actor=handler)


def package(case_right: CaseRight) -> zipfile.ZipFile:
    deliverable = package_build(case_right=right_of(case_right.case, case_right.right))
    assert deliverable is not None
    return zipfile.ZipFile(BytesIO(file_read(deliverable.stored_file)))


def asked(organisation: Organisation, *rights: str) -> list[CaseRight]:
    case = a_case(organisation, rights=rights, name=CAMILLE.name, email=CAMILLE.email)
    return [right_of(case, code) for code in rights]


def test_orders_and_consent_are_in_scores_profiles_and_other_bases_are_out(organisation: Organisation) -> None:
    [right] = asked(organisation, "portability")
    collected(right)
    made = package(right)
    manifest = json.loads(made.read("manifest.json"))
    assert manifest["right"] == "portability"
    tables = {table["name"]: table for table in manifest["sources"][0]["tables"]}
    leaves = {name for name, table in tables.items() if table["files"]}
    assert leaves == {"customers", "orders", "order_lines", "newsletter", "messages"}
    # No basis is stated for payments, fraud and improvement; the marketing profile is inferred.
    assert {name for name, table in tables.items() if table.get("left_out")} == {
        "payments", "marketing_profiles", "site_visits",
    }
    assert "worked this out" in _english(right, "marketing_profiles")
    assert "does not say what this use rests on" in _english(right, "site_visits")
    everything = b"".join(made.read(name) for name in made.namelist() if name.startswith(("data/", "tables/")))
    for absent in (b"fraud_score", b"loyalty_score", b"segment", b"192.0.2."):
        assert absent not in everything
    assert json.loads(made.read("data/crm/newsletter.json"))[0]["subscribed_on"]
    assert {"information.html", "information.pdf"}.isdisjoint(made.namelist())


def _english(right: CaseRight, table: str) -> str:
    contents = contents_of(right, created_at=RECEIVED_AT, language="en")
    [reason] = [withheld.reason for _source, where, withheld in contents.withheld if where.name == table]
    return reason


def test_what_is_left_out_is_named_on_the_first_page(organisation: Organisation) -> None:
    [right] = asked(organisation, "portability")
    collected(right)
    index = package(right).read("index.html").decode()
    for title in ("Vos paiements", "Votre profil commercial", "Vos visites du site"):
        assert title in index
    assert "information.html" not in index
    assert "article 15" not in index


def test_the_first_page_is_in_one_language_and_says_each_thing_once(organisation: Organisation) -> None:
    [right] = asked(organisation, "portability")
    collected(right)
    page = package(right).read("index.html").decode()
    assert "Ce qui n’en fait pas partie est nommé plus bas" in page
    assert "0 document" not in page
    for row in page.split("<tr>"):
        assert row.count("Demandez l’accès pour l’obtenir.") <= 1


def test_one_field_on_another_basis_is_withheld_and_the_rest_of_its_table_leaves(organisation: Organisation) -> None:
    ProcessingActivity.objects.filter(code="customer_relations").update(legal_bases=["f"])
    ProcessingActivity.objects.filter(code="payments").update(legal_bases=["b"])
    [right] = asked(organisation, "portability")
    collected(right)
    [crm, _archive] = json.loads(package(right).read("manifest.json"))["sources"]
    tables = {table["name"]: table for table in crm["tables"]}
    assert tables["customers"]["left_out"] == tables["messages"]["left_out"]
    assert {field["column"] for field in tables["payments"]["withheld"]} == {"fraud_score", "fraud_rule"}
    assert {field["column"] for field in tables["payments"]["fields"]} >= {"paid_on", "means", "account_end"}


def test_access_beside_it_is_unchanged_and_has_a_package_of_its_own(organisation: Organisation) -> None:
    access, portability = asked(organisation, "access", "portability")
    for right in (access, portability):
        collected(right)
    whole, part = package(access), package(portability)
    assert "information.html" in whole.namelist()
    assert json.loads(whole.read("data/crm/marketing_profiles.json")) != []
    assert len(part.namelist()) < len(whole.namelist())
    names = Deliverable.objects.values_list("stored_file__name", flat=True)
    assert set(names) == {f"{access.case.reference}.zip", f"{access.case.reference}-portability.zip"}
    assert Deliverable.objects.filter(state="prepared").count() == 2


def test_the_package_settles_its_items_of_the_checklist_and_no_other(organisation: Organisation) -> None:
    [right] = asked(organisation, "portability")
    ChecklistItem.objects.filter(case_right=right).delete()
    ChecklistItem.objects.bulk_create(ChecklistItem(case_right=right, code=code) for code in ("P1", "P2", "P3", "P4"))
    collected(right)
    package(right)
    states = dict(ChecklistItem.objects.filter(case_right=right).values_list("code", "state"))
    assert states == {"P1": ItemState.DONE, "P2": ItemState.DONE, "P3": ItemState.DONE, "P4": ItemState.OPEN}


def test_without_these_items_nothing_is_settled(organisation: Organisation) -> None:
    [right] = asked(organisation, "portability")
    ChecklistItem.objects.filter(case_right=right).delete()
    collected(right)
    assert package(right).testzip() is None


def test_the_desk_sees_what_stays_and_whoever_searches_by_hand_is_told_the_limit(
    client: Client, organisation: Organisation
) -> None:
    [right] = asked(organisation, "portability")
    collected(right)
    user = member(organisation)
    client.force_login(user)
    preview = client.get(reverse("package-preview", args=[right.case.reference, "portability"]))
    assert "the whole table" in preview.content.decode()
    task = CaseTask.objects.get(case_right=right, kind=TaskKind.COLLECT_BY_HAND)
    assert "No paper" in client.get(reverse("collection-by-hand", args=[task.pk])).content.decode()
