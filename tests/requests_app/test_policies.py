"""The page of what our policies promise and leave out."""

import pytest
from django.test import Client
from django.urls import reverse

from dsar.core.models import Organisation, User
from tests.factories import OrganisationFactory

pytestmark = pytest.mark.django_db


def test_the_page_tells_each_finding_with_its_article(
    organisation: Organisation, handler: User, client: Client
) -> None:
    organisation.profile_gaps = [{"code": "recipients_unnamed", "article": "15(1)(c)", "of": []}]
    organisation.profile_warnings = [{"code": "identity_document_always", "article": "12(6)"}]
    organisation.commitments = [{"article": "12(3)", "text": {"en": "Within fifteen days", "fr": "Sous quinze jours"}}]
    organisation.save()
    OrganisationFactory.create(name="Somebody Else")
    client.force_login(handler)
    page = client.get(reverse("desk-policies")).content.decode()
    for told in ("15(1)(c)", "only their categories are stated", "12(6)", "The law needs a reasonable doubt first",
                 "12(3)", "Within fifteen days"):  # fmt: skip
        assert told in page
    assert "Somebody Else" not in page
