"""The API keeps the promises of its own document: examples drawn from it find no 5xx and no undocumented answer.

What the document alone draws for a new request is hardly ever acceptable, since its fields depend on one another: so
half of those bodies are drawn here, of every field that the document names.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
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

from dsar.core.rights import RIGHTS
from requests_app.vocabulary import Capacity
from tests.factories import RECEIVED_AT, OrganisationFactory, member
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
# Of each field of a new request what is acceptable whatever the others say; see `request_bodies` for what is not.
WORDS = st.text(st.characters(codec="utf-8", min_codepoint=32), max_size=30).map("Écrit : {}".format)
EMAILS = st.from_regex(r"[a-z0-9]{1,20}(\.[a-z]{1,9})?@[a-z]{1,12}\.example", fullmatch=True)
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "rights": st.lists(
        st.fixed_dictionaries({"code": st.sampled_from(sorted(RIGHTS))}, optional={"detail": WORDS}),
        min_size=1, max_size=len(RIGHTS), unique_by=lambda right: right["code"],
    ),
    "text": WORDS,
    "name": WORDS,
    "email": EMAILS,
    "phone": st.from_regex(r"(\+|0)[0-9]([ .-]?[0-9]){5,12}", fullmatch=True),
    "postal": st.lists(WORDS, max_size=3).map("\n".join),
    "identifier": WORDS,
    "language": st.sampled_from(("en", "fr")),
    "capacity": st.sampled_from(Capacity.values),
    "subject_name": WORDS,
    "subject_email": EMAILS,
    "country": st.sampled_from(("AT", "BE", "DE", "FR", "GB", "US", "ZZ")),
    "received_at": st.integers(0, 2000).map(lambda days: (RECEIVED_AT - timedelta(days=days)).isoformat()),
}  # fmt: skip
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


@dataclass
class Seen:
    """What a run of examples came to."""

    statuses: Counter[int] = field(default_factory=Counter)
    fields: Counter[str] = field(default_factory=Counter)  # of accepted bodies
    rights: Counter[str] = field(default_factory=Counter)

    def accepted(self, body: Any) -> None:
        self.fields.update(list(body))
        self.rights.update(right["code"] for right in body.get("rights", ()))


@st.composite
def request_bodies(draw: Callable[..., Any]) -> dict[str, Any]:
    """A request that is right, but for an earlier arrival told by somebody who is no member: that is theirs to say."""
    body: dict[str, Any] = draw(st.fixed_dictionaries({}, optional=FIELDS))
    if not body.keys() & {"rights", "text"}:  # words alone are a question
        body["rights"] = draw(FIELDS["rights"])
    if "post_mortem" in [right["code"] for right in body.get("rights", ())]:
        body["capacity"] = Capacity.HEIR
    if body.get("capacity", Capacity.DATA_SUBJECT) == Capacity.DATA_SUBJECT:
        body = {name: value for name, value in body.items() if not name.startswith("subject_")}
    return body


def examples(examples_count: int) -> hypothesis_settings:
    return hypothesis_settings(
        max_examples=examples_count,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


def answered(case: Any, who: str, site: Site) -> int:
    """The status of one call; it and all that comes with it are in the document."""
    cache.clear()
    if who != "nobody":
        case.headers = {**(case.headers or {}), **site.headers[who]}
    status: int = case.call_and_validate(checks=CHECKS).status_code
    return status


@pytest.mark.parametrize(("name", "mode"), DRAWN)
def test_no_answer_is_undocumented(
    operations: dict[str, Operation], site: Site, name: str, mode: GenerationMode
) -> None:
    seen = Seen()

    @examples(EXAMPLES)
    @given(
        case=operations[name].as_strategy(generation_mode=mode),
        who=st.sampled_from(sorted(site.headers)),
        somewhere=st.sampled_from(("here", "here", "anywhere")),
    )
    def each(case: Any, who: str, somewhere: str) -> None:
        if somewhere == "here":
            case.path_parameters = {key: site.places[key] for key in case.path_parameters}
        seen.statuses[answered(case, who, site)] += 1

    each()
    assert 401 in seen.statuses or name == "request_create"
    if mode == GenerationMode.NEGATIVE:
        assert seen.statuses.keys() & {400, 401, 415}, "nothing was ever wrong"
    elif name != "request_create":
        assert seen.statuses.keys() & {200, 201}, "nothing was ever right"


def test_every_field_and_right_of_a_new_request_is_accepted(operations: dict[str, Operation], site: Site) -> None:
    operation, seen = operations["request_create"], Seen()
    document = operation.schema.raw_schema["components"]["schemas"]["RequestIn"]
    assert set(FIELDS) == set(document["properties"])

    @examples(EXAMPLES * 4)
    @given(
        case=operation.as_strategy(generation_mode=GenerationMode.POSITIVE),
        body=request_bodies(),
        who=st.sampled_from(sorted(site.headers)),
    )
    def each(case: Any, body: dict[str, Any], who: str) -> None:
        case.path_parameters = {"slug": site.places["slug"]}
        case.body = body
        status = answered(case, "member" if who == "person" else who, site)
        seen.statuses[status] += 1
        if status == 201:
            seen.accepted(body)

    each()
    assert seen.statuses[201] >= EXAMPLES * 2
    assert seen.statuses[400]
    assert seen.fields.keys() == FIELDS.keys()
    assert seen.rights.keys() == RIGHTS.keys()
