"""The acts of the desk by POST: what they change, what a refusal shows, and what two people at once see."""

from collections.abc import Callable

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse

from dsar.core.files import file_store
from dsar.core.models import AuditEvent, User
from dsar.core.roles import Role
from requests_app import services
from requests_app.models import Case, Decision, InboundMail, Message
from requests_app.vocabulary import DeliverableKind, MailOutcome, Review, Stage
from tests.factories import TeamFactory, a_case, actor_for, member, right_of
from tests.requests_app.desk import decision_of, work_done

pytestmark = pytest.mark.django_db

Post = Callable[..., object]


@pytest.fixture
def case() -> Case:
    return a_case()


@pytest.fixture
def handler(case: Case) -> User:
    return member(case.organisation, user__name="Noor Haddad")


def version(case: Case) -> int:
    """The version of the case now."""
    return Case.objects.values_list("version", flat=True).get(pk=case.pk)


def url(name: str, case: Case, *args: str) -> str:
    """The address of an act on the case."""
    return reverse(name, args=[case.reference, *args])


def test_a_case_goes_by_its_forms_from_receipt_to_the_end(client: Client, case: Case, handler: User) -> None:
    client.force_login(handler)

    def post(name: str, *args: str, **data: object) -> None:
        response = client.post(url(name, case, *args), {"version": version(case), **data})
        assert response.status_code == 302, response.content.decode()

    post("case-take")
    post("case-right-start", "marketing_objection")
    task = case.tasks.get(kind="stop_marketing")
    assert client.post(reverse("case-task-take", args=[task.pk])).status_code == 302
    finished = client.post(reverse("case-task-finish", args=[task.pk]), {"note": "Out of both lists."})
    assert finished.headers["Location"] == reverse("desk-tasks")
    for code in ("OM1", "OM2"):
        post("checklist-item-set", "marketing_objection", code, state="done")
    post("checklist-item-set", "marketing_objection", "OM3", state="justified", note="Nobody sends for us.")
    post("decision-submit", "marketing_objection", outcome="granted")
    services.letter_prepare(case=case)
    post("answer-release", rights="marketing_objection", delivery="two_channels")
    objection = right_of(case, "marketing_objection")
    assert (objection.stage, objection.outcome) == (Stage.ANSWERED, "granted")
    assert right_of(case, "access").stage == Stage.TO_DO
    refused = client.post(url("case-close", case), {"version": version(case)})
    assert refused.status_code == 422
    assert "A right of this case is not answered yet." in refused.content.decode()


def test_a_refusal_keeps_what_was_typed_and_points_at_the_field(client: Client, case: Case, handler: User) -> None:
    work_done(case, handler)
    client.force_login(handler)
    response = client.post(
        url("decision-submit", case, "access"),
        {"version": version(case), "outcome": "refused", "ground": "", "reasoning": "Déjà répondu."},
    )
    page = response.content.decode()
    assert response.status_code == 422
    assert '<a href="#decide-access-ground">Ground: Choose the ground of the refusal.</a>' in page
    assert "Déjà répondu." in page
    assert "<title>Error:" in page.replace("\n", "")
    assert not Decision.objects.exists()


def test_an_outcome_that_the_right_does_not_know_is_not_a_choice(client: Client, case: Case, handler: User) -> None:
    work_done(case, handler, "marketing_objection")
    client.force_login(handler)
    assert 'value="refused"' not in client.get(url("case-detail", case)).content.decode()
    response = client.post(
        url("decision-submit", case, "marketing_objection"), {"version": version(case), "outcome": "refused"}
    )
    assert response.status_code == 422
    assert not Decision.objects.exists()


def test_two_people_at_once_the_second_sees_the_change_and_keeps_their_words(
    client: Client, case: Case, handler: User
) -> None:
    work_done(case, handler)
    seen = version(case)
    services.case_take(case=case, actor=actor_for(member(case.organisation), case.organisation))
    client.force_login(handler)
    address = url("decision-submit", case, "access")
    typed = {"version": seen, "outcome": "no_data", "reasoning": "Rien trouvé."}
    response = client.post(address, typed)
    page = response.content.decode()
    assert response.status_code == 409
    assert "Somebody changed this case meanwhile." in page
    assert "Rien trouvé." in page
    assert not Decision.objects.exists()
    again = response.context["page"].rights[0].decide["version"].value()
    assert client.post(address, {**typed, "version": again}).status_code == 302


def test_a_reviewer_sends_back_then_approves_and_the_author_may_do_neither(client: Client, case: Case) -> None:
    author, reviewer = member(case.organisation, Role.REVIEWER), member(case.organisation, Role.DPO)
    decision_of(case, author)
    client.force_login(author)
    own = client.post(url("decision-approve", case, "access"), {"version": version(case)})
    assert own.status_code == 403
    assert "The author never reviews what they wrote." in own.content.decode()
    client.force_login(reviewer)
    silent = client.post(url("decision-send-back", case, "access"), {"version": version(case), "note": ""})
    assert silent.status_code == 422
    client.post(url("decision-send-back", case, "access"), {"version": version(case), "note": "Name the authority."})
    assert right_of(case, "access").stage == Stage.IN_PROGRESS
    client.force_login(author)
    assert "Name the authority." in client.get(url("case-detail", case)).content.decode()
    client.post(url("decision-submit", case, "access"), {"version": version(case), "outcome": "granted"})
    client.force_login(reviewer)
    client.post(url("decision-approve", case, "access"), {"version": version(case)})
    assert right_of(case, "access").stage == Stage.DECIDED


def test_alone_in_the_house_the_author_writes_why(client: Client, case: Case, handler: User) -> None:
    decision_of(case, handler)
    client.force_login(handler)
    address = url("decision-single-handed", case, "access")
    assert client.post(address, {"version": version(case), "reason": ""}).status_code == 422
    assert client.post(address, {"version": version(case), "reason": "Only member."}).status_code == 302
    assert Decision.objects.get().review == Review.SINGLE_HANDED


def release_ready(case: Case, handler: User) -> None:
    """The access request is decided, approved and its letter prepared; identity is not established."""
    decision = decision_of(case, handler)
    dpo = actor_for(member(case.organisation, Role.DPO), case.organisation)
    services.decision_approve(decision=decision, actor=dpo)
    services.letter_prepare(case=case)


def test_release_is_refused_in_words_until_identity_is_established(
    client: Client, case: Case, handler: User
) -> None:
    release_ready(case, handler)
    client.force_login(handler)
    page = client.get(url("case-detail", case)).content.decode()
    assert 'data-code="identity_not_established"' in page
    refused = client.post(
        url("answer-release", case), {"version": version(case), "rights": "access", "delivery": "two_channels"}
    )
    assert refused.status_code == 422
    assert "Identity is not established" in refused.content.decode()
    assert right_of(case, "access").stage == Stage.DECIDED


def test_the_passphrase_of_a_single_channel_release_is_shown_once(
    client: Client, case: Case, handler: User
) -> None:
    release_ready(case, handler)
    services.identity_establish(
        case=case, basis={"code": "call_back", "where": "CRM"}, actor=actor_for(handler, case.organisation)
    )
    client.force_login(handler)
    form = {"version": version(case), "rights": "access", "delivery": "single_channel", "single_channel_reason": ""}
    assert "Write why one channel must be enough" in client.post(url("answer-release", case), form).content.decode()
    form |= {"single_channel_reason": "Mail only.", "passphrase_by": "phone"}
    response = client.post(url("answer-release", case), form)
    assert response.status_code == 200
    passphrase = response.context["passphrase"]
    assert passphrase in response.content.decode()
    assert "no-store" in response.headers["Cache-Control"]
    assert passphrase not in client.get(url("case-detail", case)).content.decode()
    assert client.post(url("answer-release", case), form).status_code == 422


def test_messages_notes_and_reading(client: Client, case: Case, handler: User) -> None:
    services.message_receive(case=case, body="Bonjour")
    client.force_login(handler)
    assert client.get(url("case-detail", case)).context["page"].unread == 1
    client.post(url("messages-read", case))
    assert client.get(url("case-detail", case)).context["page"].unread == 0
    client.post(url("message-send", case), {"version": version(case), "body": "Nous cherchons."})
    client.post(url("note-add", case), {"body": "To check with the shop."})
    bodies = set(Message.objects.filter(case=case, author=handler).values_list("direction", "body"))
    assert bodies == {("outbound", "Nous cherchons."), ("note", "To check with the shop.")}
    empty = client.post(url("note-add", case), {"body": "  "})
    assert empty.status_code == 422
    assert 'href="#note-body"' in empty.content.decode()


def test_a_right_is_added_with_its_own_clock(client: Client, case: Case, handler: User) -> None:
    client.force_login(handler)
    address = url("case-right-add", case)
    form = {"version": version(case), "right": "erasure", "received_at": "2026-03-17T09:00", "detail": "Et effacez."}
    assert client.post(address, form).status_code == 302
    assert right_of(case, "erasure").received_at.isoformat() == "2026-03-17T08:00:00+00:00"
    wrong = client.post(address, {**form, "version": version(case), "right": "access"})
    assert wrong.status_code == 422
    future = client.post(
        address, {"version": version(case), "right": "portability", "received_at": "2099-01-01T10:00"}
    )
    assert "cannot have arrived in the future" in future.content.decode()


def test_the_machine_closes_its_own_tasks(client: Client, case: Case, handler: User) -> None:
    services.case_right_start(case_right=right_of(case, "access"), actor=actor_for(handler, case.organisation))
    client.force_login(handler)
    task = case.tasks.get(kind="plan_collection")
    response = client.post(reverse("case-task-finish", args=[task.pk]))
    assert response.status_code == 403
    assert "The machine closes this task" in response.content.decode()


def test_a_contributor_sees_the_task_and_nothing_else_of_the_case(client: Client, case: Case, handler: User) -> None:
    team = TeamFactory.create(organisation=case.organisation)
    helper = member(case.organisation, Role.CONTRIBUTOR, team=team)
    services.case_right_start(
        case_right=right_of(case, "marketing_objection"), actor=actor_for(handler, case.organisation)
    )
    task = case.tasks.get(kind="stop_marketing")
    case.tasks.filter(pk=task.pk).update(team=team)
    client.force_login(helper)
    before = client.get(reverse("desk-tasks")).content.decode()
    assert case.reference in before
    assert "Camille" not in before
    assert url("case-detail", case) not in before
    client.post(reverse("case-task-take", args=[task.pk]))
    assert "camille.esteve@example.org" in client.get(reverse("desk-tasks")).content.decode()
    other = member(case.organisation, Role.CONTRIBUTOR, team=team)
    client.force_login(other)
    assert client.post(reverse("case-task-finish", args=[task.pk])).status_code == 404


def test_a_task_taken_by_somebody_else_says_so(client: Client, case: Case, handler: User) -> None:
    services.case_right_start(
        case_right=right_of(case, "marketing_objection"), actor=actor_for(handler, case.organisation)
    )
    task = case.tasks.get(kind="stop_marketing")
    services.case_task_take(task=task, actor=actor_for(handler, case.organisation))
    client.force_login(member(case.organisation))
    response = client.post(reverse("case-task-take", args=[task.pk]))
    assert response.status_code == 409
    assert "Somebody else has this task already." in response.content.decode()


def test_an_auditor_changes_nothing_and_is_told_why(client: Client, case: Case) -> None:
    client.force_login(member(case.organisation, Role.AUDITOR))
    response = client.post(url("case-take", case), {"version": version(case)})
    assert response.status_code == 403
    assert "Your role lets you read cases, not change them." in response.content.decode()


def test_a_file_is_sent_as_an_attachment_whatever_its_type(client: Client, case: Case, handler: User) -> None:
    stored = file_store(key=case.key, name="page.html", content_type="text/html", content=b"<script>1</script>")
    client.force_login(handler)
    response = client.get(reverse("file-download", args=[stored.pk]))
    assert response.getvalue() == b"<script>1</script>"
    assert response.headers["Content-Disposition"] == 'attachment; filename="page.html"'
    assert response.headers["Content-Type"] == "application/octet-stream"
    client.force_login(member(a_case(submission="elsewhere").organisation))
    assert client.get(reverse("file-download", args=[stored.pk])).status_code == 404


def test_a_file_that_cannot_be_read_says_so_and_is_not_journaled(client: Client, case: Case, handler: User) -> None:
    stored = file_store(key=case.key, name="page.html", content_type="text/html", content=b"x")
    default_storage.delete(stored.path)
    client.force_login(handler)
    response = client.get(reverse("file-download", args=[stored.pk]), follow=True)
    assert response.status_code == 200
    assert "missing from the storage" in response.content.decode()
    assert not AuditEvent.objects.filter(kind="file.opened").exists()


def test_each_file_that_a_member_takes_is_journaled_in_its_case(client: Client, case: Case) -> None:
    auditor = member(case.organisation, Role.AUDITOR)
    stored = file_store(key=case.key, name="data.zip", content_type="application/zip", content=b"PK")
    services.deliverable_register(
        case=case, rights=[right_of(case, "access")], kind=DeliverableKind.PACKAGE, stored_file=stored, bears_data=True
    )
    client.force_login(auditor)
    client.get(reverse("file-download", args=[stored.pk])).getvalue()
    event = AuditEvent.objects.get(kind="file.opened")
    assert event.chain.key == case.chain
    assert (event.actor, event.actor_role) == (auditor, Role.AUDITOR)
    assert event.facts == {"file": stored.pk, "kind": "package", "sha256": stored.sha256}
    page = client.get(url("case-detail", case)).content.decode()
    assert "<strong>Document opened by staff</strong>: Data package" in page


def test_a_mail_without_a_case_is_journaled_at_its_organisation(client: Client, case: Case, handler: User) -> None:
    raw = a_mail(case).raw
    client.force_login(handler)
    client.get(reverse("file-download", args=[raw.pk])).getvalue()
    event = AuditEvent.objects.get(kind="file.opened")
    assert event.chain.key == f"organisation:{case.organisation.slug}"
    assert event.chain.organisation == case.organisation
    assert event.facts == {"file": raw.pk, "kind": "mail", "sha256": raw.sha256}


def a_mail(case: Case, reason: str = "") -> InboundMail:
    """A mail in triage at the organisation of the case."""
    raw = (
        b"From: Jonas Brekke <jonas@example.org>\r\nTo: privacy@example.org\r\nSubject: My data\r\n"
        b"Message-ID: <1@example.org>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nWhat do you hold on me?\r\n"
    )
    organisation = case.organisation
    assert organisation.intake_key is not None
    stored = file_store(key=organisation.intake_key, name="mail.eml", content_type="message/rfc822", content=raw)
    return InboundMail.objects.create(
        organisation=organisation, raw=stored, raw_hash="0" * 64, received_at=case.received_at, reason=reason,
        sender="jonas@example.org", subject="My data",
    )


def test_triage_opens_a_case_from_a_mail(client: Client, case: Case, handler: User) -> None:
    mail = a_mail(case)
    client.force_login(handler)
    page = client.get(reverse("desk-triage")).content.decode()
    assert "What do you hold on me?" in page
    nothing = client.post(reverse("mail-open-case", args=[mail.pk]), {})
    assert nothing.status_code == 422
    assert "Choose at least one right." in nothing.content.decode()
    response = client.post(reverse("mail-open-case", args=[mail.pk]), {"rights": ["access"]})
    mail.refresh_from_db()
    assert mail.case is not None
    assert response.headers["Location"] == url("case-detail", mail.case)
    assert [right.right for right in mail.case.rights.all()] == ["access"]
    assert client.post(reverse("mail-open-case", args=[mail.pk]), {"rights": ["access"]}).status_code == 404


def test_triage_files_a_mail_on_the_case_it_belongs_to(client: Client, case: Case, handler: User) -> None:
    mail = a_mail(case, reason="sender_unknown")
    foreign = a_case(submission="elsewhere")
    client.force_login(handler)
    assert "from an address that this case does not know" in client.get(reverse("desk-triage")).content.decode()
    address = reverse("mail-file-on-case", args=[mail.pk])
    assert client.post(address, {"reference": foreign.reference}).status_code == 422
    response = client.post(address, {"reference": case.reference.lower()})
    assert response.headers["Location"] == url("case-detail", case)
    assert "What do you hold on me?" in client.get(url("case-detail", case)).content.decode()


def test_triage_sets_aside_with_a_reason(client: Client, case: Case, handler: User) -> None:
    mail = a_mail(case)
    client.force_login(handler)
    assert client.post(reverse("mail-set-aside", args=[mail.pk]), {"reason": ""}).status_code == 422
    assert client.post(reverse("mail-set-aside", args=[mail.pk]), {"reason": "Advertising."}).status_code == 302
    mail.refresh_from_db()
    assert mail.outcome == MailOutcome.FILED
    assert "No mail waits." in client.get(reverse("desk-triage")).content.decode()
