"""The desk's view of a package: what is in it, what is not and why, and what to do about a source that failed."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from dsar.core.roles import Role
from exports.models import Collection
from requests_app.models import CaseTask
from tests.exports.sources import built, collected, shop, sql_source, started
from tests.factories import OrganisationFactory, member

pytestmark = pytest.mark.django_db

CAMILLE = ("C-1", "Camille Estève", "camille.esteve@example.org")
OTHER_NAME = ("C-1", "Camille Duval", "camille.esteve@example.org")


def preview(client: Client, case_right: Any, name: str = "package-preview", *more: str) -> str:
    return reverse(name, args=[case_right.case.reference, "access", *more])


def test_it_shows_counts_withheld_fields_reasons_and_the_download(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Any
) -> None:
    organisation = OrganisationFactory.create()
    sql_source(organisation, shop(tmp_path / "shop.sqlite3", [CAMILLE]), monkeypatch)
    case_right = started(organisation)
    client.force_login(member(organisation))
    assert "have not been asked yet" in client.get(preview(client, case_right)).content.decode()
    collected(case_right)
    deliverable = built(case_right)
    with django_assert_max_num_queries(24):
        page = client.get(preview(client, case_right)).content.decode()
    assert "3 records" in page
    assert "The password_hash" in page
    assert "Security of the shop" in page
    assert reverse("file-download", args=[deliverable.stored_file_id]) in page
    assert client.get(reverse("package-preview", args=[case_right.case.reference, "erasure"])).status_code == 404


def test_a_failed_source_is_named_with_its_reason_and_asked_again(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    organisation = OrganisationFactory.create()
    sql_source(organisation, shop(tmp_path / "shop.sqlite3", [CAMILLE]), monkeypatch)
    monkeypatch.delenv("SHOP_URL")
    case_right = started(organisation)
    assert collected(case_right).state == "failed"
    client.force_login(member(organisation))
    page = client.get(preview(client, case_right)).content.decode()
    assert "Its address is not set on this server" in page
    assert client.post(preview(client, case_right, "collection-retry", "shop")).status_code == 302
    assert Collection.objects.get().state == "waiting"


def test_a_doubt_is_shown_and_settled_with_a_reason(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    organisation = OrganisationFactory.create()
    sql_source(organisation, shop(tmp_path / "shop.sqlite3", [OTHER_NAME]), monkeypatch)
    case_right = started(organisation)
    collected(case_right)
    built(case_right)
    admit = preview(client, case_right, "collection-admit", "shop")
    client.force_login(member(organisation, Role.AUDITOR))
    assert "A record bears another name" in client.get(preview(client, case_right)).content.decode()
    assert client.post(admit, {"shop-reason": "Told by phone"}).status_code == 403
    client.force_login(member(organisation))
    assert client.post(admit, {"shop-reason": ""}).status_code == 422
    assert client.post(admit, {"shop-reason": "Told by phone"}).status_code == 302
    assert CaseTask.objects.open().filter(kind="build_package").exists()
    built(case_right)
    assert "Told by phone" in client.get(preview(client, case_right)).content.decode()


def test_once_in_review_a_doubt_is_not_settled_any_more(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    organisation = OrganisationFactory.create()
    sql_source(organisation, shop(tmp_path / "shop.sqlite3", [OTHER_NAME]), monkeypatch)
    case_right = started(organisation)
    collected(case_right)
    type(case_right).objects.filter(pk=case_right.pk).update(stage="in_review")
    client.force_login(member(organisation))
    response = client.post(preview(client, case_right, "collection-admit", "shop"), {"shop-reason": "Told by phone"})
    assert response.status_code == 422
    assert "send it back first" in response.content.decode()
