"""Recipients told of a rectification, erasure or restriction (art. 19): one line each, and the person who asks."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from dsar.core.actors import Actor
from dsar.core.errors import DomainError, NotAllowed
from dsar.core.models import AuditEvent, Organisation, ProcessingActivity, Recipient, User
from dsar.core.roles import Role
from requests_app.models import Case, CaseRight, ChecklistItem, RecipientNotice
from requests_app.services import (
    case_right_start,
    checklist_item_set,
    recipient_notice_set,
    recipient_notices_plan,
    recipients_tell,
    restriction_begin,
)
from requests_app.timeline import facts_words
from requests_app.vocabulary import ItemState, NoticeState, Stage
from tests.factories import OrganisationFactory, a_case, actor_for, member, right_of

pytestmark = pytest.mark.django_db
TODAY = datetime(2026, 3, 12, 9, 0, tzinfo=UTC)
ITEMS = {"rectification": "R3", "erasure": "E4", "restriction": "L4"}


def activity(organisation: Organisation, capacity: str = "controller", **fields: Any) -> ProcessingActivity:
    return ProcessingActivity.objects.create(
        organisation=organisation, code=f"a{ProcessingActivity.objects.count()}", name={"en": "Orders"},
        capacity=capacity, **fields,
    )  # fmt: skip


def recipient(of: ProcessingActivity, name: str = "", **category: str) -> Recipient:
    made: Recipient = Recipient.objects.create(
        organisation=of.organisation, code=f"r{Recipient.objects.count()}", name=name, category=category
    )
    made.activities.add(of)
    return made


@pytest.fixture
def organisation() -> Organisation:
    organisation: Organisation = OrganisationFactory.create(language="en")
    orders = activity(organisation)
    recipient(orders, "Messageries du Lin")
    recipient(orders, en="Payment service", fr="Service de paiement")
    recipient(orders, "Atelier Cassiopée")
    recipient(activity(organisation, "processor"), "Client of a client")
    return organisation


def started(organisation: Organisation, handler: User, code: str = "erasure", **fields: Any) -> CaseRight:
    case = a_case(organisation, rights=(code,), language="en", **fields)
    right = right_of(case, code)
    if code in ITEMS:
        ChecklistItem.objects.get_or_create(case_right=right, code=ITEMS[code])
    case_right_start(case_right=right, actor=actor_for(handler, organisation))
    return right_of(case, code)


def put(right: CaseRight, *names: str, state: str = "notified", by: Actor | None = None, **fields: Any) -> None:
    told = {"notified_on": date(2026, 3, 12), "means": "e-mail"} if state in ("notified", "acknowledged") else {}
    with time_machine.travel(TODAY, tick=False):
        recipient_notice_set(
            case_right=right,
            notices=[line for line in right.recipient_notices.all() if not names or line.name in names],
            state=state,
            actor=by or actor_for(member(right.case.organisation), right.case.organisation),
            **{**told, **fields},
        )


def item_of(right: CaseRight) -> ChecklistItem:
    return ChecklistItem.objects.get(case_right=right, code=ITEMS[right.right])


@pytest.mark.parametrize("code", sorted(ITEMS))
def test_a_line_for_each_recipient_is_there_when_work_begins(
    organisation: Organisation, handler: User, code: str
) -> None:
    right = started(organisation, handler, code)
    lines = right.recipient_notices.values_list("name", "state")
    assert [*lines] == [
        (name, NoticeState.TO_NOTIFY) for name in ("Messageries du Lin", "Payment service", "Atelier Cassiopée")
    ]
    event = AuditEvent.objects.get(chain__key=right.case.chain, kind="recipient_notices.planned")
    assert event.facts["recipients"] == ["Messageries du Lin", "Payment service", "Atelier Cassiopée"]


def test_other_rights_tell_nobody(organisation: Organisation, handler: User) -> None:
    right = started(organisation, handler, "access")
    assert not right.recipient_notices.exists()
    with pytest.raises(DomainError) as refused:
        recipient_notices_plan(case_right=right, actor=actor_for(handler, organisation))
    assert refused.value.code == "no_notices_here"


def test_a_restriction_during_an_objection_is_told_too(organisation: Organisation, handler: User) -> None:
    right = started(organisation, handler, "objection")
    assert not right.recipient_notices.exists()
    restriction_begin(
        case_right=right, ground="d", scope="Profile.", review_on=date(2036, 1, 1),
        actor=actor_for(handler, organisation),
    )  # fmt: skip
    assert right.recipient_notices.count() == 3


def test_recipients_added_later_get_a_line_once_and_open_the_item_again(
    organisation: Organisation, handler: User
) -> None:
    right, actor = started(organisation, handler), actor_for(handler, organisation)
    put(right)
    assert item_of(right).state == ItemState.DONE
    assert recipient_notices_plan(case_right=right, actor=actor) == 0
    recipient(ProcessingActivity.objects.filter(capacity="joint").first() or activity(organisation, "joint"), "New Ltd")
    assert recipient_notices_plan(case_right=right, actor=actor) == 1
    assert recipient_notices_plan(case_right=right, actor=actor) == 0
    assert item_of(right).state == ItemState.OPEN


def test_the_machine_marks_the_item_once_every_line_is_settled(organisation: Organisation, handler: User) -> None:
    right = started(organisation, handler)
    put(right, "Messageries du Lin")
    put(right, "Payment service", state="impossible", why="It closed in 2024.")
    assert item_of(right).state == ItemState.OPEN
    put(right, "Atelier Cassiopée", state="disproportionate", why="A paper list of 2009.")
    item = item_of(right)
    assert (item.state, item.set_by) == (ItemState.DONE, None)
    assert item.note.startswith("3 recipients:")
    line = RecipientNotice.objects.get(name="Messageries du Lin")
    assert (line.state, line.notified_on, line.means, line.why) == ("notified", date(2026, 3, 12), "e-mail", "")
    put(right, "Atelier Cassiopée", state="to_notify")
    assert item_of(right).state == ItemState.OPEN


def test_a_right_without_the_item_takes_its_lines_all_the_same(organisation: Organisation, handler: User) -> None:
    right = started(organisation, handler)
    ChecklistItem.objects.filter(case_right=right).delete()
    put(right)
    assert not right.recipient_notices.exclude(state=NoticeState.NOTIFIED).exists()


def test_after_the_decision_a_confirmation_is_still_noted(organisation: Organisation, handler: User) -> None:
    right = started(organisation, handler)
    put(right)
    CaseRight.objects.filter(pk=right.pk).update(stage=Stage.ANSWERED)
    put(right, "Messageries du Lin", state="acknowledged")
    assert RecipientNotice.objects.get(name="Messageries du Lin").state == NoticeState.ACKNOWLEDGED


def test_the_item_is_not_done_by_hand_while_somebody_is_to_be_told(organisation: Organisation, handler: User) -> None:
    right, actor = started(organisation, handler), actor_for(handler, organisation)
    put(right, "Messageries du Lin")
    with pytest.raises(DomainError) as refused:
        checklist_item_set(item=item_of(right), state=ItemState.DONE, note="All of them.", actor=actor)
    assert refused.value.code == "recipients_waiting"
    assert "Payment service" in str(refused.value.message)
    assert "Messageries du Lin" not in str(refused.value.message)
    checklist_item_set(item=item_of(right), state=ItemState.JUSTIFIED, note="Told by the processor.", actor=actor)
    assert item_of(right).state == ItemState.JUSTIFIED


@pytest.mark.parametrize(
    ("state", "fields", "code"),
    [
        ("notified", {"notified_on": None}, "notified_on_missing"),
        ("notified", {"notified_on": date(2026, 3, 13)}, "notified_on_impossible"),
        ("notified", {"notified_on": date(2026, 3, 4)}, "notified_on_impossible"),
        ("acknowledged", {"means": " "}, "means_missing"),
        ("impossible", {"why": ""}, "why_missing"),
        ("disproportionate", {"why": " "}, "why_missing"),
    ],
)
def test_what_became_of_it_is_said_in_full(
    organisation: Organisation, handler: User, state: str, fields: dict[str, Any], code: str
) -> None:
    right = started(organisation, handler)
    with pytest.raises(DomainError) as refused:
        put(right, state=state, **fields)
    assert refused.value.code == code
    assert set(right.recipient_notices.values_list("state", flat=True)) == {NoticeState.TO_NOTIFY}


def test_at_least_one_line_is_ticked_and_only_of_this_right(organisation: Organisation, handler: User) -> None:
    right = started(organisation, handler)
    with pytest.raises(DomainError) as refused:
        put(right, "Nobody")
    assert refused.value.code == "notices_missing"
    other = started(organisation, handler, "rectification", submission="")
    with time_machine.travel(TODAY, tick=False):
        recipient_notice_set(
            case_right=other, notices=list(right.recipient_notices.all()), state="to_notify",
            actor=actor_for(handler, organisation),
        )  # fmt: skip
    assert not right.recipient_notices.exclude(set_by=None).exists()


def test_whoever_only_reads_sets_nothing(organisation: Organisation, handler: User) -> None:
    right = started(organisation, handler)
    with pytest.raises(NotAllowed):
        put(right, by=actor_for(member(organisation, Role.AUDITOR), organisation))


def test_the_person_who_asks_learns_them_by_name(organisation: Organisation, handler: User) -> None:
    right, actor = started(organisation, handler), actor_for(handler, organisation)
    Case.objects.update(language="fr")
    put(right, "Messageries du Lin")
    put(right, "Atelier Cassiopée", state="impossible", why="Gone, says Mr Secret.")
    message = recipients_tell(case=right.case.__class__.objects.get(pk=right.case_id), actor=actor)
    assert "Messageries du Lin" in message.body
    assert "12" in message.body and "e-mail" in message.body
    assert "Service de paiement" in message.body, "without a name: its category, in the person's language"
    assert "Secret" not in message.body
    event = AuditEvent.objects.get(chain__key=right.case.chain, kind="recipients.told")
    assert event.facts["recipients"] == ["Messageries du Lin"]


def test_there_is_nobody_to_name_without_lines(organisation: Organisation, handler: User) -> None:
    right = started(organisation, handler, "access")
    with pytest.raises(DomainError) as refused:
        recipients_tell(case=right.case, actor=actor_for(handler, organisation))
    assert refused.value.code == "no_recipients"


def test_the_page_says_one_thing_of_several_at_once(
    organisation: Organisation, handler: User, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    right = started(organisation, handler)
    case = Case.objects.get(pk=right.case_id)
    client.force_login(handler)
    page = reverse("recipient-notice-set", args=[case.reference, "erasure"])
    detail = reverse("case-detail", args=[case.reference])
    lines = list(right.recipient_notices.all())
    assert "0 of 3 settled" in client.get(detail).content.decode()
    with time_machine.travel(TODAY, tick=False):
        typed = {"version": case.version, "state": "notified", "means": "interface", "notified_on": "2026-03-11"}
        nothing = client.post(page, typed)
        assert nothing.status_code == 422
        assert "Tick at least one recipient." in nothing.content.decode()
        assert 'value="interface"' in nothing.content.decode()
        late = {**typed, "notices": [lines[0].pk], "notified_on": "2026-03-13"}
        assert client.post(page, late).status_code == 422
        assert client.post(page, {**typed, "notices": ["0"]}).status_code == 422
        assert client.post(page, {**typed, "notices": [line.pk for line in lines[:2]]}).status_code == 302
    assert "2 of 3 settled" in client.get(detail).content.decode()
    client.get(page)
    with django_assert_num_queries(9):
        client.get(page)
    for number in range(5):
        recipient(activity(organisation), f"Another {number}")
    case.refresh_from_db()
    plan = reverse("recipient-notices-plan", args=[case.reference, "erasure"])
    assert client.post(plan, {"version": case.version}).status_code == 302
    with django_assert_num_queries(9):
        assert "Another 4" in client.get(page).content.decode()
    case.refresh_from_db()
    tell = reverse("recipients-tell", args=[case.reference])
    assert client.post(tell, {"version": case.version}).status_code == 302
    shown = client.get(detail).content.decode()
    assert "Recipients named to the person" in shown
    assert "Another 0, not told yet" in shown


def test_an_organisation_that_names_no_recipient_is_told_so(handler: User, client: Client) -> None:
    organisation = OrganisationFactory.create()
    worker = member(organisation)
    right = started(organisation, worker)
    client.force_login(worker)
    page = client.get(reverse("case-detail", args=[right.case.reference])).content.decode()
    assert "The record names no recipient." in page
    empty = client.get(reverse("recipient-notice-set", args=[right.case.reference, "erasure"])).content.decode()
    assert "There is no line yet." in empty


def test_the_timeline_names_the_first_of_many_recipients_and_counts_the_rest() -> None:
    assert facts_words("recipients.told", {"recipients": ["A", "B", "C", "D"]}, {}) == "A; B; C; D"
    many = ["A", "B", "C", "D", "E", "F"]
    assert facts_words("recipients.told", {"recipients": many}, {}) == "A; B; C and 3 others"
