"""Restriction (art. 18): right and ground, the day to look again, and the letter without which it never ends."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.urls import reverse

from dsar.core.errors import DomainError, NotAllowed
from dsar.core.models import AuditEvent, Organisation, User
from dsar.core.roles import Role
from requests_app import outbox
from requests_app.models import Case, CaseRight, CaseTask, Deliverable, Outgoing, PartyAddress, Restriction
from requests_app.receivers import notice_left_queue
from requests_app.services import (
    address_confirm,
    case_close,
    lifting_announce,
    lifting_post,
    lifting_prepare,
    notices_left,
    restriction_begin,
    restriction_lift,
    restriction_prolong,
    restrictions_review,
)
from requests_app.services.notices import liftings_unprepared
from requests_app.vocabulary import DeliverableState, OutgoingState, Stage, TaskState
from tests.factories import OrganisationFactory, TeamFactory, a_case, actor_for, member, right_of

pytestmark = pytest.mark.django_db
BEGUN = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
REVIEW_ON = date(2026, 4, 10)
LIFTING = datetime(2026, 4, 10, 9, 0, tzinfo=UTC)


@pytest.fixture
def case(organisation: Organisation) -> Case:
    return a_case(organisation, rights=("restriction", "rectification", "objection", "access"), language="en")


def another(handler: User, **fields: Any) -> Case:
    """One more case of the handler's organisation."""
    return a_case(handler.memberships.get().organisation, rights=("restriction",), submission="", **fields)


def begun(case: Case, handler: User, code: str = "restriction", **fields: Any) -> Restriction:
    asked = {"ground": "c", "scope": "Your orders of 2025.", "review_on": REVIEW_ON, **fields}
    with time_machine.travel(BEGUN, tick=False):
        return restriction_begin(
            case_right=right_of(case, code), actor=actor_for(handler, case.organisation), **asked
        )


def announced(case: Case, handler: User, restriction: Restriction) -> None:
    with time_machine.travel(LIFTING, tick=False):
        lifting_announce(
            restriction=restriction,
            reason="The claim was settled on 2 April.",
            actor=actor_for(handler, case.organisation),
        )
    restriction.refresh_from_db()


def lifted(case: Case, handler: User, restriction: Restriction) -> None:
    with time_machine.travel(LIFTING, tick=False):
        restriction_lift(restriction=restriction, actor=actor_for(handler, case.organisation))


def kinds_of(case: Case) -> list[str]:
    return list(AuditEvent.objects.filter(chain__key=case.chain).order_by("seq").values_list("kind", flat=True))


def test_work_begins_with_the_restriction_and_the_journal_knows_it(case: Case, handler: User) -> None:
    restriction = begun(case, handler)
    assert (restriction.since, restriction.begun_by) == (BEGUN, handler)
    assert right_of(case, "restriction").stage == Stage.IN_PROGRESS
    event = AuditEvent.objects.get(chain__key=case.chain, kind="restriction.begun")
    assert (event.facts["restriction_ground"], event.facts["review_on"]) == ("c", "2026-04-10")
    assert "scope" not in event.facts, "free text is a value that may be deleted"


@pytest.mark.parametrize(
    ("code", "ground", "allowed"),
    [
        ("restriction", "a", True), ("restriction", "b", True), ("restriction", "c", True), ("restriction", "d", True),
        ("rectification", "a", True), ("rectification", "d", False), ("rectification", "b", False),
        ("objection", "d", True), ("objection", "a", False), ("access", "a", False), ("restriction", "e", False),
    ],
)  # fmt: skip
def test_the_ground_must_fit_the_right(case: Case, handler: User, code: str, ground: str, allowed: bool) -> None:
    if allowed:
        assert begun(case, handler, code, ground=ground).ground == ground
        return
    with pytest.raises(DomainError) as refused:
        begun(case, handler, code, ground=ground)
    assert refused.value.code == "ground_not_possible"
    assert not Restriction.objects.exists()


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"scope": "  "}, "scope_missing"),
        ({"review_on": BEGUN.date()}, "review_not_later"),
        ({"review_on": BEGUN.date() - timedelta(days=1)}, "review_not_later"),
    ],
)
def test_a_restriction_needs_a_scope_and_a_day_to_come(
    case: Case, handler: User, fields: dict[str, Any], code: str
) -> None:
    with pytest.raises(DomainError) as refused:
        begun(case, handler, **fields)
    assert refused.value.code == code


def test_one_restriction_stands_for_a_right(case: Case, handler: User) -> None:
    begun(case, handler)
    with pytest.raises(DomainError) as refused:
        begun(case, handler)
    assert refused.value.code == "restriction_exists"


def test_whoever_only_reads_restricts_nothing(case: Case) -> None:
    with pytest.raises(NotAllowed):
        begun(case, member(case.organisation, Role.AUDITOR))


def test_on_its_day_one_task_asks_to_look_again(case: Case, handler: User) -> None:
    team = TeamFactory.create(organisation=case.organisation)
    case.organisation.routing_rules.create(kind="review_restriction", team=team)
    begun(case, handler)
    # Ten past midnight in Paris is still the day before in London.
    midnight = datetime(2026, 4, 9, 22, 10, tzinfo=UTC)
    assert restrictions_review(midnight - timedelta(minutes=15)) == 0
    assert restrictions_review(midnight) == 1
    assert restrictions_review(midnight + timedelta(days=3)) == 0
    task = CaseTask.objects.get(kind="review_restriction")
    assert (task.team, task.blocking, task.state) == (team, False, TaskState.OPEN)


def test_the_sweep_costs_the_same_however_many_wait(
    case: Case, handler: User, django_assert_num_queries: Any
) -> None:
    begun(case, handler)
    begun(case, handler, "rectification", ground="a")
    with django_assert_num_queries(1):
        assert restrictions_review(BEGUN) == 0


def test_prolonging_closes_the_task_and_asks_again_later(case: Case, handler: User) -> None:
    restriction = begun(case, handler)
    restrictions_review(LIFTING)
    with time_machine.travel(LIFTING, tick=False):
        restriction_prolong(
            restriction=restriction,
            review_on=date(2026, 6, 1),
            why="The court has not ruled.",
            actor=actor_for(handler, case.organisation),
        )
    task = CaseTask.objects.get(kind="review_restriction")
    assert (task.state, task.note) == (TaskState.DONE, "The court has not ruled.")
    assert restrictions_review(datetime(2026, 5, 31, 12, tzinfo=UTC)) == 0
    assert restrictions_review(datetime(2026, 6, 1, 12, tzinfo=UTC)) == 1
    assert CaseTask.objects.filter(kind="review_restriction", state=TaskState.OPEN).count() == 1


@pytest.mark.parametrize(
    ("fields", "code"), [({"why": " "}, "why_missing"), ({"review_on": LIFTING.date()}, "review_not_later")]
)
def test_prolonging_needs_a_reason_and_a_day_to_come(
    case: Case, handler: User, fields: dict[str, Any], code: str
) -> None:
    restriction = begun(case, handler)
    asked = {"review_on": date(2026, 6, 1), "why": "The court has not ruled.", **fields}
    with time_machine.travel(LIFTING, tick=False), pytest.raises(DomainError) as refused:
        restriction_prolong(restriction=restriction, actor=actor_for(handler, case.organisation), **asked)
    assert refused.value.code == code


def test_nothing_is_lifted_before_the_letter_has_left(case: Case, handler: User) -> None:
    restriction = begun(case, handler)
    with pytest.raises(DomainError) as refused:
        lifted(case, handler, restriction)
    assert refused.value.code == "not_told"
    announced(case, handler, restriction)
    with pytest.raises(DomainError) as waiting:
        lifted(case, handler, restriction)
    assert waiting.value.code == "not_told", "the mail still waits in the outbox"
    with time_machine.travel(LIFTING, tick=False):
        outbox.outbox_send(restriction.mail_id or 0)
        notices_left(restriction.mail_id)
    restriction.refresh_from_db()
    assert restriction.told_at == LIFTING
    lifted(case, handler, restriction)
    restriction.refresh_from_db()
    assert (restriction.lifted_at, restriction.lifted_by) == (LIFTING, handler)
    told = [kind for kind in kinds_of(case) if kind.startswith(("restriction.", "lifting."))]
    assert told == ["restriction.begun", "lifting.announced", "lifting.left", "restriction.lifted"]


def test_a_letter_that_left_a_moment_ago_is_known_before_any_sweep(case: Case, handler: User) -> None:
    restriction = begun(case, handler)
    announced(case, handler, restriction)
    Outgoing.objects.filter(pk=restriction.mail_id or 0).update(state=OutgoingState.SENT, sent_at=LIFTING)
    lifted(case, handler, Restriction.objects.get(pk=restriction.pk))
    assert "lifting.left" in kinds_of(case)


def test_the_mail_of_the_letter_queues_the_note_that_it_left(
    case: Case, handler: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    restriction = begun(case, handler)
    announced(case, handler, restriction)
    queued: list[tuple[object, ...]] = []
    monkeypatch.setattr("requests_app.receivers.task_queue", lambda *arguments: queued.append(arguments))
    notice_left_queue(outgoing_id=restriction.mail_id or 0)
    assert queued == [("requests_app.notice_left", restriction.mail_id)]


@pytest.mark.parametrize("is_confirmed", [True, False])
def test_what_a_member_wrote_goes_only_where_somebody_reads_it(case: Case, handler: User, is_confirmed: bool) -> None:
    if is_confirmed:
        address_confirm(address=PartyAddress.objects.get(party__case=case, kind="email"))
    restriction = begun(case, handler)
    announced(case, handler, restriction)
    outbox.outbox_send(restriction.mail_id or 0)
    body = " ".join(str(mail.outbox[-1].body).split())
    assert "Since Tuesday 10 March 2026 we only store certain data about you." in body
    assert "article 18(3)" in body
    assert "complain to the supervisory authority" in body
    assert ("The claim was settled on 2 April." in body, "Your orders of 2025." in body) == (is_confirmed, is_confirmed)
    message = case.messages.get(author=handler)
    assert "Your orders of 2025." in message.body, "the tracking page tells all of it"


def test_the_letter_lies_on_the_tracking_page(case: Case, handler: User) -> None:
    restriction = begun(case, handler)
    assert liftings_unprepared() == []
    announced(case, handler, restriction)
    assert liftings_unprepared() == [restriction.pk]
    made = lifting_prepare(restriction=restriction)
    assert "lifting_html" in {letter.kind for letter in made}
    assert liftings_unprepared() == []
    assert lifting_prepare(restriction=restriction) == [], "another worker, with the row as it was"
    assert set(Deliverable.objects.values_list("state", "expires_at", "bears_data")) == {
        (DeliverableState.RELEASED, None, False)
    }


@pytest.mark.parametrize(("language", "said"), [("en", "only store certain data"), ("fr", "article")])
def test_the_letter_reads_in_the_language_of_the_person(
    handler: User, client: Client, language: str, said: str
) -> None:
    case = another(handler, language=language)
    restriction = begun(case, handler)
    announced(case, handler, restriction)
    client.force_login(handler)
    letter = client.get(reverse("lifting-letter", args=[case.reference, "restriction"])).content.decode()
    assert f'<html lang="{language}">' in letter
    assert said in letter
    assert "The claim was settled on 2 April." in letter
    assert case.reference in letter


def test_taking_the_end_back_stops_the_letter(case: Case, handler: User) -> None:
    restriction = begun(case, handler)
    announced(case, handler, restriction)
    lifting_prepare(restriction=restriction)
    mail_id = restriction.mail_id
    with time_machine.travel(LIFTING, tick=False):
        restriction_prolong(
            restriction=restriction,
            review_on=date(2026, 6, 1),
            why="An appeal.",
            actor=actor_for(handler, case.organisation),
        )
    assert Outgoing.objects.get(pk=mail_id or 0).state == OutgoingState.STOPPED
    assert set(Deliverable.objects.values_list("state", flat=True)) == {DeliverableState.REVOKED}
    with pytest.raises(DomainError) as refused:
        lifted(case, handler, restriction)
    assert refused.value.code == "not_told"
    announced(case, handler, restriction)
    assert lifting_prepare(restriction=restriction), "a new letter for the new end"


@pytest.mark.parametrize(("reason", "code"), [(" ", "reason_missing"), ("Settled.", "lifting_announced")])
def test_the_letter_says_why_and_is_written_once(case: Case, handler: User, reason: str, code: str) -> None:
    restriction = begun(case, handler)
    if code == "lifting_announced":
        announced(case, handler, restriction)
    with pytest.raises(DomainError) as refused:
        lifting_announce(restriction=restriction, reason=reason, actor=actor_for(handler, case.organisation))
    assert refused.value.code == code


def test_without_a_mailbox_the_letter_is_posted(handler: User) -> None:
    case = another(handler, email="", postal="1 rue des Essais")
    restriction = begun(case, handler)
    actor = actor_for(handler, case.organisation)
    with time_machine.travel(LIFTING, tick=False), pytest.raises(DomainError) as early:
        lifting_post(restriction=restriction, sent_on=LIFTING.date(), actor=actor)
    assert early.value.code == "not_announced"
    announced(case, handler, restriction)
    assert restriction.is_to_post
    with time_machine.travel(LIFTING, tick=False):
        with pytest.raises(DomainError) as before:
            lifting_post(restriction=restriction, sent_on=BEGUN.date(), actor=actor)
        assert before.value.code == "sent_on_impossible"
        lifting_post(restriction=restriction, sent_on=LIFTING.date(), actor=actor)
        with pytest.raises(DomainError) as twice:
            lifting_post(restriction=restriction, sent_on=LIFTING.date(), actor=actor)
        assert twice.value.code == "lifting_sent_already"
    lifted(case, handler, restriction)


def test_where_the_tracking_page_is_all_there_is_the_letter_has_left_at_once(handler: User) -> None:
    case = another(handler, email="", phone="0612345678")
    restriction = begun(case, handler)
    announced(case, handler, restriction)
    assert restriction.told_at == LIFTING


def test_a_case_is_not_closed_while_data_are_restricted(case: Case, handler: User, client: Client) -> None:
    restriction = begun(case, handler)
    CaseRight.objects.filter(case=case).update(stage=Stage.ANSWERED, answered_at=BEGUN, outcome="granted")
    case.tasks.update(state=TaskState.DONE)
    actor = actor_for(handler, case.organisation)
    with pytest.raises(DomainError) as refused:
        case_close(case=case, actor=actor)
    assert refused.value.code == "restriction_in_force"
    client.force_login(handler)
    page = client.get(reverse("case-detail", args=[case.reference])).content.decode()
    assert 'data-step="await_restriction"' in page
    restrictions_review(LIFTING)
    page = client.get(reverse("case-detail", args=[case.reference])).content.decode()
    assert 'data-step="review_restriction"' in page
    announced(case, handler, restriction)
    outbox.outbox_send(restriction.mail_id or 0)
    notices_left()
    lifted(case, handler, restriction)
    case_close(case=case, actor=actor)
    with pytest.raises(DomainError) as closed:
        begun(case, handler)
    assert closed.value.code == "case_closed"


def test_lifting_ends_it_for_good(case: Case, handler: User) -> None:
    restriction = begun(case, handler)
    Restriction.objects.filter(pk=restriction.pk).update(told_at=LIFTING, announced_at=LIFTING)
    lifted(case, handler, restriction)
    for again in (lifted, announced):
        with pytest.raises(DomainError) as refused:
            again(case, handler, restriction)
        assert refused.value.code == "restriction_lifted"
    assert begun(case, handler).pk != restriction.pk


def test_the_panel_leads_from_restricting_to_lifting(case: Case, handler: User, client: Client) -> None:
    client.force_login(handler)
    where = [case.reference, "rectification"]

    def posted(name: str, **fields: Any) -> int:
        case.refresh_from_db()
        return client.post(reverse(name, args=where), {"version": case.version, **fields}).status_code

    def page() -> str:
        return client.get(reverse("case-detail", args=[case.reference])).content.decode()

    with time_machine.travel(BEGUN, tick=False):
        assert "Restrict the data meanwhile" in page()
        refused = client.post(reverse("restriction-begin", args=where), {"version": case.version, "scope": "Kept"})
        assert refused.status_code == 422
        assert "Kept" in refused.content.decode(), "what was typed stays"
        assert posted("restriction-begin", ground="a", scope="The address.", review_on="2026-03-10") == 422
        assert posted("restriction-begin", ground="a", scope="The address.", review_on="2026-04-10") == 302
        assert "in force" in page()
        assert posted("restriction-prolong", review_on="2026-04-20", why="") == 422
        assert posted("restriction-prolong", review_on="2026-04-20", why="Not verified yet.") == 302
        assert posted("restriction-lift") == 422
        assert posted("lifting-announce", reason="") == 422
        assert posted("lifting-announce", reason="It was right.") == 302
        assert "Read the letter" in page()
        assert posted("lifting-post", sent_on="2026-03-10") == 302
        assert posted("restriction-lift") == 302
        assert "Restricted from" in page()
        assert "Restriction lifted" in page()


def test_a_right_without_a_restriction_has_none_to_act_on(case: Case, handler: User, client: Client) -> None:
    client.force_login(handler)
    for name in ("restriction-prolong", "lifting-announce", "lifting-post", "restriction-lift"):
        assert client.post(reverse(name, args=[case.reference, "access"])).status_code == 404
    begun(case, handler)
    letter = client.get(reverse("lifting-letter", args=[case.reference, "restriction"]))
    assert letter.status_code == 404, "no letter is written yet"


def test_what_was_changed_meanwhile_is_looked_at_first(case: Case, handler: User, client: Client) -> None:
    client.force_login(handler)
    answer = client.post(
        reverse("restriction-begin", args=[case.reference, "restriction"]),
        {"version": 99, "ground": "c", "scope": "My text", "review_on": "2036-01-01"},
    )
    assert answer.status_code == 409
    assert "My text" in answer.content.decode()


def test_another_organisation_has_its_own_law(handler: User) -> None:
    organisation = OrganisationFactory.create(jurisdiction="CH", time_zone="Europe/Zurich", country="CH")
    case = a_case(organisation, rights=("restriction",), language="en")
    restriction = begun(case, member(organisation))
    announced(case, member(organisation), restriction)
    assert "GDPR" not in case.messages.get(author__isnull=False).body
