"""Data leave only to a person whose identity is established, and by two channels or with a passphrase."""

import io
import zipfile
from dataclasses import dataclass
from typing import Any

import pytest
import pyzipper
from django.test import Client
from django.urls import reverse

from dsar.core.actors import Actor
from dsar.core.errors import DomainError
from dsar.core.files import file_read, file_store
from dsar.core.models import AuditEvent
from dsar.core.roles import Role
from requests_app.models import Case, CaseRight, CaseTask, Deliverable, Outgoing, PartyAddress
from requests_app.sealing import INNER
from requests_app.services import (
    address_confirm,
    address_found_on_file,
    answer_release,
    answer_reseal,
    case_close,
    case_right_start,
    case_task_finish,
    checklist_item_set,
    decision_approve,
    decision_submit,
    deliverable_downloaded,
    deliverable_register,
    letter_prepare,
    release_obstacles,
)
from requests_app.services.answers import _sealed_parts
from requests_app.vocabulary import (
    AddressKind,
    Channel,
    DeliverableKind,
    DeliverableState,
    Delivery,
    ItemState,
    Stage,
)
from tests.factories import a_case, actor_for, member, right_of

pytestmark = pytest.mark.django_db


@dataclass
class Decided:
    """A case whose access request is decided in favour, with package and letter prepared."""

    case: Case
    handler: Actor

    def release(self, **fields: Any) -> str | None:
        return answer_release(case=self.case, rights=[right_of(self.case, "access")], actor=self.handler, **fields)

    @property
    def email(self) -> PartyAddress:
        found: PartyAddress = PartyAddress.objects.select_related("party__case__organisation").get(
            party__case=self.case, kind=AddressKind.EMAIL
        )
        return found


def package_register(case: Case, access: CaseRight) -> Deliverable:
    """An empty package of the right, as the worker registers it."""
    stored = file_store(
        key=case.key, name="data.zip", content_type="application/zip", content=b"PK\x05\x06" + bytes(18)
    )
    return deliverable_register(
        case=case, rights=[access], kind=DeliverableKind.PACKAGE, stored_file=stored, bears_data=True
    )


def decided(**fields: Any) -> Decided:
    case = a_case(rights=("access",), **fields)
    handler = actor_for(member(case.organisation), case.organisation)
    access = right_of(case, "access")
    case_right_start(case_right=access, actor=handler)
    package_register(case, access)
    for task in CaseTask.objects.filter(case=case):
        case_task_finish(task=task, actor=Actor.SYSTEM)
    for item in access.checklist.exclude(state=ItemState.DONE):
        checklist_item_set(item=item, state=ItemState.JUSTIFIED, note="Not known to us.", actor=handler)
    decision = decision_submit(case_right=right_of(case, "access"), outcome="granted", actor=handler)
    decision_approve(decision=decision, actor=actor_for(member(case.organisation, Role.DPO), case.organisation))
    letter_prepare(case=case)
    case.refresh_from_db()
    return Decided(case, handler)


def test_confirmed_but_not_on_file_is_refused_with_the_reason_and_journaled() -> None:
    work = decided()
    address_confirm(address=work.email)
    with pytest.raises(DomainError) as raised:
        work.release()
    assert raised.value.code == "release_refused"
    assert "no data source holds it for this person" in str(raised.value)
    refused = AuditEvent.objects.get(kind="release.refused")
    assert refused.facts == {"rights": ["access"], "reasons": ["identity_not_established"]}
    assert not Deliverable.objects.filter(state=DeliverableState.RELEASED).exists()
    assert right_of(work.case, "access").stage == Stage.DECIDED


@pytest.mark.parametrize("confirm_first", [True, False])
def test_confirmed_and_on_file_is_released(confirm_first: bool) -> None:
    work = decided()
    for step in (confirm_first, not confirm_first):
        assert work.case.identity_established_at is None
        if step:
            address_confirm(address=work.email)
        else:
            address_found_on_file(address=work.email, source_name="CRM")
    work.case.refresh_from_db()
    assert work.release() is None
    released = Deliverable.objects.filter(state=DeliverableState.RELEASED)
    assert {deliverable.kind for deliverable in released} >= {DeliverableKind.PACKAGE, DeliverableKind.LETTER_HTML}
    assert {deliverable.delivery for deliverable in released} == {Delivery.TWO_CHANNELS}
    access = right_of(work.case, "access")
    assert (access.stage, access.outcome) == (Stage.ANSWERED, "granted")
    mail = Outgoing.objects.get(case=work.case, key__startswith="answer:")
    assert "Camille" not in mail.subject


def established(**fields: Any) -> Decided:
    work = decided(**fields)
    address_confirm(address=work.email)
    address_found_on_file(address=work.email, source_name="CRM")
    work.case.refresh_from_db()
    return work


def test_a_request_by_mail_has_one_channel_and_gets_a_sealed_archive() -> None:
    work = established(channel=Channel.EMAIL, message_id="<one@example.org>")
    with pytest.raises(DomainError) as raised:
        work.release()
    assert raised.value.code == "two_channels_missing"
    for fields, code in (
        ({"passphrase_by": "phone"}, "single_channel_reason_missing"),
        ({"single_channel_reason": "Wrote by mail, no other way known."}, "passphrase_way_missing"),
    ):
        with pytest.raises(DomainError) as raised:
            work.release(delivery=Delivery.SINGLE_CHANNEL, **fields)
        assert raised.value.code == code
    passphrase = work.release(
        delivery=Delivery.SINGLE_CHANNEL,
        single_channel_reason="Wrote by mail, no other way known.",
        passphrase_by="phone",
    )
    assert passphrase is not None
    (sealed,) = Deliverable.objects.filter(case=work.case, state=DeliverableState.RELEASED)
    assert sealed.delivery == Delivery.SINGLE_CHANNEL
    assert passphrase.encode() not in file_read(sealed.stored_file)
    answered = AuditEvent.objects.get(kind="right.answered")
    assert answered.facts["passphrase_by"] == "phone"
    assert passphrase not in str(answered.facts)


def sealed_open(sealed: Deliverable, passphrase: str) -> dict[str, bytes]:
    """The files inside a sealed archive, by name."""
    with pyzipper.AESZipFile(io.BytesIO(file_read(sealed.stored_file))) as archive:
        inner = archive.read(INNER, pwd=passphrase.encode())
    with zipfile.ZipFile(io.BytesIO(inner)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def sealed_release(**fields: Any) -> tuple[Decided, Deliverable, str]:
    work = established(channel=Channel.EMAIL, message_id="<one@example.org>", **fields)
    passphrase = work.release(
        delivery=Delivery.SINGLE_CHANNEL, single_channel_reason="Wrote by mail.", passphrase_by="phone"
    )
    assert passphrase is not None
    return work, Deliverable.objects.get(case=work.case, state=DeliverableState.RELEASED), passphrase


def test_a_lost_passphrase_is_replaced_and_the_archive_sent_before_is_revoked() -> None:
    work, first, lost = sealed_release()
    for _time in range(2):  # what was sealed again can be sealed again
        passphrase = answer_reseal(case=work.case, actor=work.handler, reason="Page lost.", passphrase_by="post")
    revoked = Deliverable.objects.filter(case=work.case, state=DeliverableState.REVOKED)
    sealed = Deliverable.objects.get(case=work.case, state=DeliverableState.RELEASED)
    assert first in revoked
    assert revoked.count() == 2
    assert passphrase != lost
    assert sealed_open(sealed, passphrase) == sealed_open(first, lost)
    assert (sealed.delivery, sealed.single_channel_reason) == (Delivery.SINGLE_CHANNEL, "Wrote by mail.")
    assert sealed.released_by == work.handler.user
    assert sealed.expires_at is not None
    assert first.expires_at is not None
    assert sealed.expires_at > first.expires_at
    event = AuditEvent.objects.filter(kind="answer.resealed").latest("seq")
    assert event.facts == {"rights": ["access"], "passphrase_by": "post", "sha256": sealed.sha256}
    assert event.values.get().value == "Page lost."
    mail = Outgoing.objects.get(case=work.case, key=f"answer:{work.case.reference}:{sealed.pk}")
    assert passphrase not in mail.body_text


def test_only_what_was_sealed_is_sealed_again() -> None:
    work = established(channel=Channel.EMAIL, message_id="<one@example.org>")
    access = right_of(work.case, "access")
    older = Deliverable.objects.get(case=work.case, kind=DeliverableKind.PACKAGE)
    newer = package_register(work.case, access)
    assert older != newer
    passphrase = work.release(
        delivery=Delivery.SINGLE_CHANNEL, single_channel_reason="Wrote by mail.", passphrase_by="phone"
    )
    first = Deliverable.objects.get(case=work.case, state=DeliverableState.RELEASED)
    parts = _sealed_parts(first, [access])
    assert newer in parts
    assert older not in parts
    assert {part.kind for part in parts} >= {DeliverableKind.PACKAGE, DeliverableKind.LETTER_HTML}
    assert passphrase is not None
    # A package that was built before the right was refused is no part of the answer.
    type(access).objects.filter(pk=access.pk).update(outcome="refused")
    assert newer not in _sealed_parts(first, [right_of(work.case, "access")])


def test_sealing_again_needs_a_reason_a_way_and_an_open_case_with_a_sealed_answer() -> None:
    work, sealed, _passphrase = sealed_release()

    def refused(**fields: Any) -> str:
        asked = {"reason": "Page lost.", "passphrase_by": "phone", **fields}
        with pytest.raises(DomainError) as raised:
            answer_reseal(case=work.case, actor=work.handler, **asked)
        return raised.value.code

    assert refused(reason=" ") == "reseal_reason_missing"
    assert refused(passphrase_by="email") == "passphrase_way_missing"
    Deliverable.objects.filter(pk=sealed.pk).update(state=DeliverableState.REVOKED)
    assert refused() == "nothing_sealed"
    Deliverable.objects.filter(pk=sealed.pk).update(state=DeliverableState.RELEASED)
    case_close(case=Case.objects.get(pk=work.case.pk), actor=work.handler)
    assert refused() == "case_closed"
    assert list(Deliverable.objects.filter(case=work.case, state=DeliverableState.RELEASED)) == [sealed]


def test_the_form_shows_where_it_applies_and_the_passphrase_once(client: Client) -> None:
    work, _sealed, _passphrase = sealed_release()
    assert work.handler.user is not None
    client.force_login(work.handler.user)
    address = reverse("case-detail", args=[work.case.reference])
    act = reverse("answer-reseal", args=[work.case.reference])
    assert act in client.get(address).content.decode()
    typed = {"version": Case.objects.get(pk=work.case.pk).version, "reason": "Page lost.", "passphrase_by": ""}
    assert client.post(act, typed).status_code == 422
    told = client.post(act, {**typed, "passphrase_by": "phone"})
    sealed = Deliverable.objects.get(case=work.case, state=DeliverableState.RELEASED)
    assert sealed_open(sealed, told.context["passphrase"])
    assert told.context["passphrase"] in told.content.decode()
    page = client.get(address).content.decode()
    assert told.context["passphrase"] not in page
    assert "Answer sealed again with a new passphrase" in page
    case_close(case=Case.objects.get(pk=work.case.pk), actor=work.handler)
    assert act not in client.get(address).content.decode()


def test_every_download_is_journaled_and_the_case_closes() -> None:
    work = established()
    with pytest.raises(DomainError) as raised:
        case_close(case=work.case, actor=work.handler)
    assert raised.value.code == "case_not_answered"
    work.release()
    package = Deliverable.objects.get(case=work.case, kind=DeliverableKind.PACKAGE, state=DeliverableState.RELEASED)
    deliverable_downloaded(deliverable=package, opened_by="key", second_channel="email")
    downloaded = AuditEvent.objects.get(kind="deliverable.downloaded")
    assert downloaded.facts["sha256"] == package.sha256
    case_close(case=work.case, actor=work.handler)
    work.case.refresh_from_db()
    assert work.case.status == "closed"


def test_letter_of_an_objection_bears_no_data_and_leaves_on_day_one() -> None:
    case = a_case()
    handler = actor_for(member(case.organisation), case.organisation)
    objection = right_of(case, "marketing_objection")
    case_right_start(case_right=objection, actor=handler)
    for task in objection.tasks.all():
        case_task_finish(task=task, actor=handler)
    for item in objection.checklist.all():
        checklist_item_set(item=item, state=ItemState.DONE, actor=handler)
    decision_submit(case_right=right_of(case, "marketing_objection"), outcome="granted", actor=handler)
    objection = right_of(case, "marketing_objection")
    assert [obstacle.code for obstacle in release_obstacles(case, [objection])] == ["letter_missing"]
    letter_prepare(case=case)
    answer_release(case=case, rights=[objection], actor=handler)
    assert right_of(case, "marketing_objection").stage == Stage.ANSWERED
    access = right_of(case, "access")
    case.refresh_from_db()
    assert access.stage == Stage.TO_DO
    assert case.next_on == access.prudent_due_on
    assert case.status == "open"


def test_the_letter_is_prepared_once_and_again_when_another_right_is_decided() -> None:
    work = decided()
    before = Deliverable.objects.filter(kind=DeliverableKind.LETTER_HTML).count()
    letter_prepare(case=work.case)
    assert Deliverable.objects.filter(kind=DeliverableKind.LETTER_HTML).count() == before == 1
