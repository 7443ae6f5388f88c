"""Fixtures of the tracking page's tests."""

from collections.abc import Iterator

import pytest
import time_machine

from dsar.core import broker
from dsar.core.models import Organisation
from tests.factories import opened_case
from tests.requests_app.tracking import NOW, CodeWorker, Person


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """The day after the request, held."""
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def code_worker(monkeypatch: pytest.MonkeyPatch) -> CodeWorker:
    """The worker that mails codes."""
    worker = CodeWorker()
    monkeypatch.setattr(broker, "current_app", worker)
    return worker


@pytest.fixture
def person(organisation: Organisation) -> Person:
    """Camille Estève, who asked Librairies Virelune for access and against advertising."""
    opened = opened_case(organisation)
    return Person(opened.case, opened.tracking_key)
