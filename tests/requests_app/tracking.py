"""A data subject at the tracking page, and files for them, for the tests of its pages."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from celery import current_app
from django.test import Client

from dsar.core.files import file_store
from requests_app import services
from requests_app.models import Case, Deliverable, Outgoing, PartyAddress
from requests_app.vocabulary import DeliverableKind, DeliverableState, Delivery
from tests.factories import RECEIVED_AT, right_of

NOW = RECEIVED_AT + timedelta(days=1)
TRACK, CASE, CODE = "/virelune/track/", "/virelune/track/request/", "/virelune/track/code/"
EMAIL = "camille.esteve@example.org"


class CodeWorker:
    """The worker as far as these tests need it: it mails the codes that a page has asked for, at once."""

    def __init__(self) -> None:
        self.queued: list[tuple[str, int]] = []
        current_app.loader.import_default_modules()

    def send_task(self, name: str, args: list[int], retry: bool) -> None:
        """What the product calls to queue a task."""
        self.queued.append((name, args[0]))
        if name == "requests_app.portal_code_send":
            current_app.tasks[name](*args)


@dataclass
class Person:
    """A data subject at a browser."""

    case: Case
    key: str
    client: Client = field(default_factory=Client)

    def get(self, path: str) -> Any:
        return self.client.get(path, headers={"Accept-Language": "en"})

    def post(self, path: str, **fields: Any) -> Any:
        return self.client.post(path, fields, headers={"Accept-Language": "en"})

    def sign_in(self, **fields: str) -> Any:
        return self.post(TRACK, **{"reference": self.case.reference, "key": self.key, "go": "key", **fields})

    def sign_in_by_mail(self) -> Any:
        self.post(TRACK, reference=self.case.reference, email=EMAIL, go="code")
        return self.post(CODE, code=self.mailed_code(), go="try")

    def mailed_code(self) -> str:
        mail = Outgoing.objects.filter(case=self.case, key__startswith="access_code:").latest("pk")
        found = re.search(r"\b\d{6}\b", mail.body_text)
        assert found is not None
        return found[0]

    @property
    def address(self) -> PartyAddress:
        found: PartyAddress = PartyAddress.objects.select_related("party__case__organisation").get(
            party__case=self.case
        )
        return found

    @property
    def is_confirmed(self) -> bool:
        return self.address.confirmed_at is not None


def released(case: Case, **fields: Any) -> Deliverable:
    """A file of the case, released unless told otherwise."""
    fields = {
        "state": DeliverableState.RELEASED,
        "delivery": Delivery.TWO_CHANNELS,
        "expires_at": datetime.now(UTC) + timedelta(days=30),
        "kind": DeliverableKind.PACKAGE,
        "bears_data": True,
        **fields,
    }
    stored = file_store(key=case.key, name="données “x”.zip", content_type="application/zip", content=b"PK secret")
    deliverable = services.deliverable_register(
        case=case,
        rights=[right_of(case, "access")],
        kind=fields["kind"],
        stored_file=stored,
        bears_data=fields["bears_data"],
    )
    Deliverable.objects.filter(pk=deliverable.pk).update(**fields)
    return deliverable


def download(person: Person, deliverable: Deliverable) -> Any:
    """The answer to the download link, its content read to the end into `read`."""
    response = person.get(f"/virelune/track/download/{deliverable.pk}/")
    response.read = b"".join(response.streaming_content) if response.streaming else b""
    return response
