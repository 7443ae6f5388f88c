"""Four eyes on a data source: a second member reads what a version would do, and only then is it used."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from dsar.core.errors import DomainError, NotAllowed
from dsar.core.files import file_read
from dsar.core.models import AuditEvent, Organisation, User
from dsar.core.roles import Role
from exports.map_reading import map_changes
from exports.maps import source_map_approve
from exports.models import Collection, DataSource, SourceMap
from exports.services import collection_retry, collection_run
from tests.exports.sources import TABLES, activity, collected, field, manual_source, shop, sql_source, started, texts
from tests.factories import MembershipFactory, OrganisationFactory, actor_for, member

pytestmark = pytest.mark.django_db

CAMILLE = ("C-1", "Camille Estève", "camille.esteve@example.org")


@pytest.fixture
def source(organisation: Organisation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DataSource:
    """The shop; version 1 of its map waits."""
    return sql_source(organisation, shop(tmp_path / "shop.sqlite3", [CAMILLE]), monkeypatch, approved=False)


def detail(source: DataSource) -> str:
    return reverse("source-detail", args=[source.pk])


def approve(client: Client, source: DataSource, version: int = 1) -> Any:
    return client.post(reverse("source-map-approve", args=[source.pk, version]))


def approve_as_dpo(source: DataSource) -> None:
    newest = source.maps.get(approved_at=None)
    source_map_approve(source_map=newest, actor=actor_for(member(source.organisation, Role.DPO), source.organisation))


def changed_tables() -> list[dict[str, Any]]:
    """Version 2: the hash leaves, the number and the calls go, a table comes, a query and a French meaning differ."""
    tables = deepcopy(TABLES)[:2]
    customers, orders = tables
    customers["fields"][3] |= {"disclosed": True, "reason": {}}
    customers["fields"][2]["meaning"]["fr"] = "Votre courriel"
    customers["fields"][1]["origin"] = "observed"
    del customers["fields"][0]
    customers["subject"] = {"name": "name", "email": "email"}
    orders["query"] = orders["query"].replace("ORDER BY o.id", "ORDER BY o.price")
    points = {"name": "points", "title": texts("Points"), "query": "SELECT 1 AS n, :email", "fields": [field("n")]}
    return [*tables, points]


def test_an_approved_version_is_what_the_next_collection_uses(client: Client, source: DataSource) -> None:
    collection = collected(started(source.organisation))
    assert (collection.state, collection.error) == ("failed", "source_map_not_approved")
    reviewer = member(source.organisation, Role.REVIEWER)
    client.force_login(reviewer)
    package = reverse("package-preview", args=[collection.case_right.case.reference, "access"])
    assert "waits for the approval of a second member" in client.get(package).content.decode()
    page = client.get(detail(source)).content.decode()
    assert "nothing is collected from it" in page
    assert "Approve version 1" in page

    response = approve(client, source)
    assert response.status_code == 302
    page = client.get(response.headers["Location"]).content.decode()
    assert f"Version 1, approved by {reviewer.name}" in page
    assert "Approve version" not in page
    event = AuditEvent.objects.get(kind="source_map.approved")
    assert (event.facts["source"], event.facts["version"]) == ("shop", 1)

    collection_retry(collection=collection, actor=actor_for(reviewer, source.organisation))
    assert collection_run(collection=Collection.objects.get())
    collection.refresh_from_db()
    assert (collection.state, collection.map) == ("done", source.maps.get())


def test_a_waiting_version_changes_nothing_until_it_is_approved(client: Client, source: DataSource) -> None:
    approve_as_dpo(source)
    SourceMap.objects.create(source=source, version=2, tables=changed_tables())
    case_right = started(source.organisation)
    collection = collected(case_right)
    assert collection.map is not None
    assert collection.map.version == 1
    assert collection.stored_file is not None
    assert b"TOP-SECRET-HASH" not in file_read(collection.stored_file)
    client.force_login(member(source.organisation, Role.DPO))
    assert approve(client, source, 2).status_code == 302
    later = collected(started(source.organisation, submission="another"))
    assert later.map is not None
    assert later.map.version == 2


def test_the_author_never_approves_their_own_version(client: Client, source: DataSource) -> None:
    author = member(source.organisation, Role.DPO)
    source.maps.update(author=author)
    client.force_login(author)
    page = client.get(detail(source)).content.decode()
    assert "You wrote it: another member approves it." in page
    assert "Approve version" not in page
    response = approve(client, source)
    assert response.status_code == 403
    assert "The author of a map never approves it." in response.content.decode()
    with pytest.raises(NotAllowed) as refused:
        source_map_approve(source_map=source.maps.get(), actor=actor_for(author, source.organisation))
    assert refused.value.code == "own_map"
    assert source.maps.get().approved_at is None
    assert not AuditEvent.objects.filter(kind="source_map.approved").exists()
    client.force_login(member(source.organisation, Role.REVIEWER))
    assert f"Written by {author.name}" in client.get(detail(source)).content.decode()
    assert approve(client, source).status_code == 302


def test_a_second_approval_changes_nothing_and_says_so(client: Client, source: DataSource) -> None:
    approve_as_dpo(source)
    before = source.maps.values().get()
    reviewer = member(source.organisation, Role.REVIEWER)
    client.force_login(reviewer)
    response = approve(client, source)
    assert response.status_code == 422
    assert "This version is approved already." in response.content.decode()
    with pytest.raises(DomainError) as refused:
        source_map_approve(source_map=source.maps.get(), actor=actor_for(reviewer, source.organisation))
    assert refused.value.code == "already_approved"
    assert source.maps.values().get() == before
    assert AuditEvent.objects.filter(kind="source_map.approved").count() == 1


def test_what_was_read_is_what_is_approved(client: Client, source: DataSource) -> None:
    client.force_login(member(source.organisation, Role.DPO))
    SourceMap.objects.create(source=source, version=2, tables=TABLES)  # came while version 1 was being read
    response = approve(client, source)
    assert response.status_code == 409
    assert "A newer version has come meanwhile." in response.content.decode()
    assert not source.maps.exclude(approved_at=None).exists()
    assert approve(client, source, 3).status_code == 404


@pytest.mark.parametrize(
    ("role", "sees", "approves"),
    [
        (Role.REVIEWER, 200, 302), (Role.DPO, 200, 302), (Role.ADMINISTRATOR, 200, 403),
        (Role.HANDLER, 404, 404), (Role.CONTRIBUTOR, 404, 404), (Role.AUDITOR, 404, 404),
    ],
)
def test_who_sees_and_who_approves(client: Client, source: DataSource, role: Role, sees: int, approves: int) -> None:
    client.force_login(member(source.organisation, role))
    assert client.get(detail(source)).status_code == sees
    assert client.get(reverse("source-list")).status_code == (200 if sees == 200 else 403)
    assert approve(client, source).status_code == approves
    assert (source.maps.get().approved_at is not None) == (approves == 302)


def test_a_member_of_another_organisation_finds_nothing(client: Client, source: DataSource) -> None:
    stranger = member(OrganisationFactory.create(), Role.DPO)
    # A role that reads no sources here does not open them either.
    MembershipFactory.create(user=stranger, organisation=source.organisation, role=Role.CONTRIBUTOR)
    client.force_login(stranger)
    assert client.get(detail(source)).status_code == 404
    assert approve(client, source).status_code == 404
    assert "Shop" not in client.get(reverse("source-list")).content.decode()


def test_the_page_shows_all_that_is_approved_and_never_the_address(client: Client, source: DataSource) -> None:
    activity(source.organisation)
    client.force_login(member(source.organisation, Role.DPO))
    page = client.get(detail(source)).content.decode()
    for shown in (
        "SELECT * FROM calls WHERE phone = :phone", "<code>:phone</code> phone number", "<code>password_hash</code>",
        '<span lang="en">The password_hash</span><br><span lang="fr">The password_hash (fr)</span>', "Identity",
        "provided by the person", "Activity orders", "Security of the shop", "<code>number</code> customer number",
        "SHOP_URL", "set on this server",
    ):
        assert shown in page
    assert "sqlite" not in page


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("SHOP_URL", "", "not set on this server"),
        ("SHOP_URL", "no address", "set, but cannot be read"),
        ("SHOP_URL_FILE", "/nowhere/shop_url", "set, but cannot be read"),
    ],
)
def test_an_address_that_is_missing_or_broken_is_said(
    client: Client, source: DataSource, monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    monkeypatch.delenv("SHOP_URL")
    monkeypatch.setenv(name, value)
    client.force_login(member(source.organisation, Role.ADMINISTRATOR))
    for page in (client.get(reverse("source-list")), client.get(detail(source))):
        assert words in page.content.decode()


def test_what_a_version_changes_is_said_in_words(client: Client, source: DataSource) -> None:
    approve_as_dpo(source)
    second = SourceMap.objects.create(source=source, version=2, tables=changed_tables())
    first = source.maps.get(version=1)
    told = {change.title: change for change in map_changes(first, second, {})}
    assert told["Customer record"].sentences == [
        "The column that holds the person’s customer number: “number” becomes “–”.",
        "The field “name”, origin: “provided by the person” becomes “observed”.",
        "The field “email”, meaning in “fr”: “The email (fr)” becomes “Votre courriel”.",
        "The field “password_hash” was withheld, and is disclosed.",
        "The field “password_hash”, reason in “en”: “Security of the shop” becomes “–”.",
        "The field “password_hash”, reason in “fr”: “Security of the shop (fr)” becomes “–”.",
        "The field “number” is gone: it is not handed over any more.",
    ]
    assert told["Orders"].sentences == ["The query is another one."]
    assert [line[0] for line in told["Orders"].query_lines] == ["-", "+"]
    assert told["Points"].sentences == ["This table is new, with 1 field."]
    assert told["Calls"].sentences == ["This table is not searched any more."]
    assert len(told) == 4

    client.force_login(member(source.organisation, Role.DPO))
    page = client.get(detail(source)).content.decode()
    assert "What version 2 changes in version 1" in page
    assert "was withheld, and is disclosed" in page
    assert "Version 1, in use" in page


def test_another_order_alone_is_said_too(client: Client, source: DataSource) -> None:
    approve_as_dpo(source)
    SourceMap.objects.create(source=source, version=2, tables=TABLES[::-1])
    client.force_login(member(source.organisation, Role.DPO))
    assert "Only the order of its tables or fields." in client.get(detail(source)).content.decode()


def test_the_list_says_the_state_of_each_source(client: Client, source: DataSource) -> None:
    manual_source(source.organisation)
    client.force_login(member(source.organisation, Role.ADMINISTRATOR))
    page = client.get(reverse("source-list")).content.decode()
    assert "No version is approved: nothing is collected from it." in page
    assert "Version 1 waits for approval." in page
    assert "A person searches it: it needs no map." in page
    approve_as_dpo(source)
    page = client.get(reverse("source-list")).content.decode()
    assert "Version 1, approved by" in page
    assert "waits for approval" not in page
    DataSource.objects.update(is_active=False)
    assert "Not asked any more." in client.get(reverse("source-list")).content.decode()


def test_a_manual_source_has_a_page_without_a_map(client: Client, organisation: Organisation) -> None:
    client.force_login(member(organisation, Role.DPO))
    page = client.get(detail(manual_source(organisation)))
    assert page.status_code == 200
    assert "it needs no map" in page.content.decode()


def test_query_counts_do_not_grow(client: Client, source: DataSource) -> None:
    approve_as_dpo(source)
    user: User = member(source.organisation, Role.DPO)
    client.force_login(user)
    SourceMap.objects.create(source=source, version=2, tables=changed_tables(), author=user)
    few = [queries(client, address) for address in (reverse("source-list"), detail(source))]
    for number in range(4):
        twin = DataSource.objects.create(
            organisation=source.organisation, code=f"shop-{number}", name=texts("Shop"), kind="sql"
        )
        for version in (1, 2):
            SourceMap.objects.create(source=twin, version=version, tables=TABLES, author=user, approved_by=user)
    SourceMap.objects.create(source=source, version=3, tables=[*changed_tables(), *TABLES[2:]], author=user)
    assert [queries(client, address) for address in (reverse("source-list"), detail(source))] == few


def queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)
