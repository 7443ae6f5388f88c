"""A working installation for the journeys: one organisation of the demonstration, its staff, sources and a worker."""

from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings as product
from django.core.management import call_command

from dsar.core import broker
from dsar.core.actors import Actor
from dsar.core.models import Organisation
from dsar.core.profiles import organisation_activate
from dsar.core.roles import Role
from exports.maps import source_map_approve
from exports.models import SourceMap
from exports.sample_company import FILE_NAME, sample_company_create, sample_company_environment
from requests_app.models import RoutingRule
from requests_app.vocabulary import TaskKind
from tests.factories import RECEIVED_AT, MembershipFactory, UserFactory
from tests.journeys.site import PASSWORD, Site, Worker


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """The clock of everybody, held at Thursday 5 March 2026, 18:42 in Paris."""
    with time_machine.travel(RECEIVED_AT, tick=False) as traveller:
        yield traveller


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Worker:
    """What is queued waits here until the test lets the worker run."""
    worker = Worker()
    monkeypatch.setattr(broker, "current_app", worker)
    return worker


SiteMaker = Callable[[str], Site]


@pytest.fixture
def site_of(
    transactional_db: None, worker: Worker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> SiteMaker:
    """Makes the organisation of a profile, open for requests, with the sample company as its customer file."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    sample_company_create(tmp_path / FILE_NAME)
    for name, value in sample_company_environment(tmp_path).items():
        monkeypatch.setenv(name, value)

    def site_make(slug: str) -> Site:
        profile = Path(product.BASE_DIR) / "dsar" / "profiles" / f"{slug}.toml"
        call_command("organisation_import", str(profile), stdout=StringIO())
        organisation = Organisation.objects.get(slug=slug)
        by_hand = RoutingRule.objects.filter(organisation=organisation, kind=TaskKind.COLLECT_BY_HAND).first()
        for name, role, team in (
            ("handler", Role.HANDLER, None), ("dpo", Role.DPO, None),
            ("contributor", Role.CONTRIBUTOR, by_hand.team if by_hand else None),
        ):  # fmt: skip
            user = UserFactory.create(email=f"{name}@staff.example", name=f"Noor {name.title()}")
            user.set_password(PASSWORD)
            user.save()
            MembershipFactory.create(user=user, organisation=organisation, role=role, team=team)
        dpo = organisation.memberships.get(role=Role.DPO).user
        organisation_activate(organisation=organisation, privacy_lead=dpo, actor=Actor.SYSTEM)
        for source_map in SourceMap.objects.filter(source__organisation=organisation):
            source_map_approve(source_map=source_map, actor=Actor.member(dpo, organisation))
        return Site(organisation, worker)

    return site_make


@pytest.fixture
def site(site_of: SiteMaker) -> Site:
    """The organisation of most journeys."""
    return site_of("jst-france")
