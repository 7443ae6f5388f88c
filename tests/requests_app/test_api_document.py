"""The API keeps the promises of its own document: examples drawn from it find no 5xx and no undocumented answer."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
from django.core.cache import cache
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.factories import OrganisationFactory, member
from tests.requests_app.api import by_key, by_token, opened_by_api

pytestmark = pytest.mark.django_db

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = int(os.environ.get("API_EXAMPLES", "15"))  # of each operation and mode; look further with API_EXAMPLES=500
Operation = APIOperation[Any, Any, Any, Any]
OPERATIONS = ("request_list", "request_create", "request_read", "message_list", "message_create")
FREE = {"text", "name", "postal", "identifier", "language"}  # what fits together whatever it says
# What is right and what is wrong; reading a request has nothing that could be wrong but its address.
DRAWN = [
    (name, mode) for name in OPERATIONS for mode in GenerationMode if (name, mode.value) != ("request_read", "negative")
]


@pytest.fixture(autouse=True)
def _one_connection() -> Iterator[None]:
    """A real server closes its connections between two calls; here they hold the test's transaction."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture(autouse=True)
def _not_counted(settings: Any) -> None:
    """Here nobody waits: hundreds of calls come in a moment."""
    settings.DSAR_API_CALLS = settings.DSAR_API_TOKEN_CALLS = settings.DSAR_API_REFUSE_AFTER = 10**9


@pytest.fixture
def operations() -> dict[str, Operation]:
    schema = schemathesis.openapi.from_wsgi("/api/v1/schema/", get_wsgi_application())
    found = [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]
    return {str(operation.definition.raw["operationId"]): operation for operation in found}


@dataclass(frozen=True)
class Site:
    """What is there to be called: the parts of addresses, and what each caller shows."""

    places: dict[str, str]
    headers: dict[str, dict[str, str]]


@pytest.fixture
def site() -> Site:
    opened = opened_by_api(OrganisationFactory.create())
    organisation = opened.case.organisation
    return Site(
        {"slug": organisation.slug, "reference": opened.case.reference},
        {
            "nobody": {},
            "person": by_key(opened.tracking_key),
            "member": by_token(member(organisation), organisation),
        },
    )


def test_the_document_names_every_operation(operations: dict[str, Operation]) -> None:
    assert sorted(operations) == sorted(OPERATIONS)


@pytest.mark.parametrize(("name", "mode"), DRAWN)
def test_no_answer_is_undocumented(
    operations: dict[str, Operation], site: Site, name: str, mode: GenerationMode
) -> None:
    seen = set()

    @hypothesis_settings(
        max_examples=EXAMPLES,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        case=operations[name].as_strategy(generation_mode=mode),
        who=st.sampled_from(sorted(site.headers)),
        somewhere=st.sampled_from(("here", "here", "anywhere")),
    )
    def each(case: Any, who: str, somewhere: str) -> None:
        cache.clear()
        if somewhere == "here":
            case.path_parameters = {key: site.places[key] for key in case.path_parameters}
            if mode == GenerationMode.POSITIVE and name == "request_create" and isinstance(case.body, dict):
                case.body = {key: case.body[key] for key in FREE & set(case.body)} | {"rights": [{"code": "access"}]}
        if who != "nobody":
            case.headers = {**(case.headers or {}), **site.headers[who]}
        response = case.call_and_validate(checks=CHECKS)
        seen.add(response.status_code)

    each()
    assert 401 in seen or name == "request_create"
    if mode == GenerationMode.POSITIVE:
        assert seen & {200, 201}, "nothing was ever right"
