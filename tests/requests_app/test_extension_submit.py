"""An extension: reasons, second person, notice, and the two dates after which it is doubtful or void (art. 12(3))."""

from datetime import UTC, date, datetime
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
from requests_app.models import Case, CaseRight, Deliverable, Extension, Outgoing
from requests_app.services import (
    address_confirm,
    case_take,
    extension_approve,
    extension_post,
    extension_send_back,
    extension_single_handed,
    extension_submit,
    extensions_of_year,
    notice_prepare,
    notices_left,
    receipt_correct,
    refusal_today,
)
from requests_app.vocabulary import DeliverableState, OutgoingState, Stage
from tests.factories import OrganisationFactory, a_case, actor_for, member, right_of
from tests.requests_app.test_case_suspend import asked

pytestmark = pytest.mark.django_db
EARLY = datetime(2026, 3, 20, 9, 0, tzinfo=UTC)
# Received on 5 March 2026: the prudent date of the notice is Sunday 5 April, the legal one Tuesday 7 April.
AFTER_PRUDENT, LAST_DAY, TOO_LATE = (
    datetime(2026, 4, 6, 9, 0, tzinfo=UTC), datetime(2026, 4, 7, 21, 30, tzinfo=UTC),
    datetime(2026, 4, 7, 22, 30, tzinfo=UTC),  # 00:30 on 8 April in Paris
)  # fmt: skip


def written(case: Case, author: User, code: str = "access", at: datetime = EARLY, **fields: Any) -> Extension:
    with time_machine.travel(at, tick=False):
        return extension_submit(
            case_right=right_of(case, code),
            **{"reason": "volume", "reasoning": "Onze ans de commandes sont à relire.", **fields},
            actor=actor_for(author, case.organisation),
        )


def announced(case: Case, author: User, reviewer: User, at: datetime = EARLY) -> Extension:
    """Written, approved, and its notice has left, all at `at`."""
    extension = written(case, author, at=at)
    with time_machine.travel(at, tick=False):
        extension_approve(extension=extension, actor=actor_for(reviewer, case.organisation))
        assert extension.mail_id is not None
        outbox.outbox_send(extension.mail_id)
        notices_left()
    extension.refresh_from_db()
    return extension


def test_an_extension_gives_three_months_from_receipt(
    organisation: Organisation, handler: User, reviewer: User
) -> None:
    case = a_case(organisation, rights=("access", "erasure"))
    announced(case, handler, reviewer)
    access, erasure = right_of(case, "access"), right_of(case, "erasure")
    assert (access.due_on, access.prudent_due_on) == (date(2026, 6, 5), date(2026, 6, 5))
    assert access.extension_notice_due_on == date(2026, 4, 7)
    assert access.refusal_notice_due_on == date(2026, 4, 7)
    assert erasure.due_on == date(2026, 4, 7)
    assert "extended" in [step["code"] for step in access.clock_explanation]


def test_nothing_is_extended_before_the_notice_has_left(
    organisation: Organisation, handler: User, reviewer: User
) -> None:
    case = a_case(organisation, rights=("access",))
    extension = written(case, handler)
    assert right_of(case, "access").due_on == date(2026, 4, 7)
    with time_machine.travel(EARLY, tick=False):
        extension_approve(extension=extension, actor=actor_for(reviewer, organisation))
        notices_left()
    assert right_of(case, "access").due_on == date(2026, 4, 7)


def test_a_notice_that_left_after_the_legal_date_extends_nothing(
    organisation: Organisation, handler: User, reviewer: User
) -> None:
    case = a_case(organisation, rights=("access",))
    extension = written(case, handler)
    with time_machine.travel(LAST_DAY, tick=False):
        extension_approve(extension=extension, actor=actor_for(reviewer, organisation))
    with time_machine.travel(TOO_LATE, tick=False):
        assert extension.mail_id is not None
        outbox.outbox_send(extension.mail_id)
        notices_left()
    access = right_of(case, "access")
    assert access.due_on == date(2026, 4, 7)
    assert "extension_late" in access.clock_flags


def test_it_is_blocked_after_the_legal_date_and_until_then_not(
    organisation: Organisation, handler: User, reviewer: User
) -> None:
    case = a_case(organisation, rights=("access", "erasure"))
    with pytest.raises(DomainError) as refused:
        written(case, handler, at=TOO_LATE)
    assert refused.value.code == "extension_too_late"
    extension = written(case, handler, at=LAST_DAY)
    with time_machine.travel(TOO_LATE, tick=False), pytest.raises(DomainError) as too_late:
        extension_approve(extension=extension, actor=actor_for(reviewer, organisation))
    assert too_late.value.code == "extension_too_late"


def test_between_the_two_dates_it_holds_with_a_warning(
    organisation: Organisation, handler: User, reviewer: User, client: Client
) -> None:
    case = a_case(organisation, rights=("access",))
    client.force_login(handler)
    with time_machine.travel(AFTER_PRUDENT, tick=False):
        page = client.get(reverse("extension-submit", args=[case.reference, "access"])).content.decode()
    assert "may be contested" in page
    announced(case, handler, reviewer, at=AFTER_PRUDENT)
    access = right_of(case, "access")
    assert access.due_on == date(2026, 6, 5)
    assert "extension_after_prudent" in access.clock_flags


@pytest.mark.parametrize(
    ("code", "fields", "error"),
    [
        ("marketing_objection", {}, "right_not_extendable"),
        ("withdrawal", {}, "right_not_extendable"),
        ("access", {"reasoning": " "}, "reasoning_missing"),
    ],
)
def test_what_may_not_be_extended_is_refused_in_words(
    organisation: Organisation, handler: User, code: str, fields: dict[str, Any], error: str
) -> None:
    case = a_case(organisation, rights=("access", "marketing_objection", "withdrawal"))
    with pytest.raises(DomainError) as refused:
        written(case, handler, code, **fields)
    assert refused.value.code == error


def test_there_is_one_extension_only(organisation: Organisation, handler: User, reviewer: User) -> None:
    case = a_case(organisation, rights=("access",))
    announced(case, handler, reviewer)
    with pytest.raises(DomainError) as refused:
        written(case, handler)
    assert refused.value.code == "extension_exists"
    with time_machine.travel(EARLY, tick=False):
        assert extensions_of_year(organisation) == 1


def test_a_decided_right_is_answered_and_not_extended(organisation: Organisation, handler: User) -> None:
    case = a_case(organisation, rights=("access",))
    CaseRight.objects.filter(case=case).update(stage=Stage.IN_REVIEW)
    with pytest.raises(DomainError) as refused:
        written(case, handler)
    assert refused.value.code == "right_not_extendable"
    assert refusal_today(right_of(case, "access")) is not None


def test_the_author_never_reviews(organisation: Organisation, reviewer: User) -> None:
    case = a_case(organisation, rights=("access",))
    extension = written(case, reviewer)
    with time_machine.travel(EARLY, tick=False), pytest.raises(NotAllowed):
        extension_approve(extension=extension, actor=actor_for(reviewer, organisation))


def test_one_that_was_sent_back_may_be_written_again(
    organisation: Organisation, handler: User, reviewer: User
) -> None:
    case = a_case(organisation, rights=("access",))
    extension = written(case, handler)
    actor = actor_for(reviewer, organisation)
    with pytest.raises(DomainError) as refused:
        extension_send_back(extension=extension, actor=actor, note=" ")
    assert refused.value.code == "note_missing"
    extension_send_back(extension=extension, actor=actor, note="Effort alone is no reason.")
    assert written(case, handler).pk != extension.pk


def test_who_is_alone_lets_it_stand_with_a_reason(organisation: Organisation, handler: User) -> None:
    case = a_case(organisation, rights=("access",))
    extension = written(case, handler)
    with time_machine.travel(EARLY, tick=False):
        extension_single_handed(
            extension=extension, actor=actor_for(handler, organisation), reason="I work here alone."
        )
    extension.refresh_from_db()
    assert extension.review == "single_handed"
    assert extension.mail is not None
    assert AuditEvent.objects.filter(chain__key=case.chain, kind="extension.single_handed").exists()


def test_where_a_reviewer_exists_nobody_stands_alone(
    organisation: Organisation, handler: User, reviewer: User
) -> None:
    case = a_case(organisation, rights=("access",))
    extension = written(case, handler)
    with pytest.raises(DomainError) as refused:
        extension_single_handed(extension=extension, actor=actor_for(handler, organisation), reason="In a hurry.")
    assert refused.value.code == "reviewer_exists"
    assert reviewer.pk


def test_without_a_mailbox_the_notice_is_posted_and_holds_from_that_day(
    organisation: Organisation, handler: User, reviewer: User
) -> None:
    case = a_case(organisation, rights=("access",), email="", postal="1 rue des Essais\n00000 Exempleville")
    extension = written(case, handler)
    with pytest.raises(DomainError) as refused:
        extension_post(extension=extension, sent_on=EARLY.date(), actor=actor_for(handler, organisation))
    assert refused.value.code == "notice_not_approved"
    with time_machine.travel(EARLY, tick=False):
        extension_approve(extension=extension, actor=actor_for(reviewer, organisation))
        assert right_of(case, "access").due_on == date(2026, 4, 7)
        extension_post(extension=extension, sent_on=EARLY.date(), actor=actor_for(handler, organisation))
    assert right_of(case, "access").due_on == date(2026, 6, 5)
    with pytest.raises(DomainError) as again:
        extension_post(extension=extension, sent_on=EARLY.date(), actor=actor_for(handler, organisation))
    assert again.value.code == "notice_sent_already"


def test_where_the_tracking_page_is_all_there_is_the_notice_has_left_at_once(
    organisation: Organisation, handler: User, reviewer: User
) -> None:
    case = a_case(organisation, rights=("access",), email="")
    extension = written(case, handler)
    with time_machine.travel(EARLY, tick=False):
        extension_approve(extension=extension, actor=actor_for(reviewer, organisation))
    assert right_of(case, "access").due_on == date(2026, 6, 5)
    kinds = AuditEvent.objects.filter(chain__key=case.chain, kind__startswith="extension.").order_by("seq")
    assert list(kinds.values_list("kind", flat=True)) == [
        "extension.submitted", "extension.approved", "extension.left",
    ]  # fmt: skip


def test_the_notice_tells_date_reason_and_remedies(organisation: Organisation, handler: User, reviewer: User) -> None:
    case = a_case(organisation, rights=("access",), language="en")
    address_confirm(address=case.parties.get().addresses.get())
    announced(case, handler, reviewer)
    body = str(mail.outbox[-1].body)
    assert "You have our answer by Friday 5 June 2026 at the latest." in body
    assert "because your request concerns a large quantity of data" in body
    assert "Onze ans de commandes sont à relire." in body
    assert "complain to the supervisory authority" in body


def test_what_a_member_wrote_goes_only_where_somebody_reads_it(
    organisation: Organisation, handler: User, reviewer: User
) -> None:
    case = a_case(organisation, rights=("access",), language="en")
    announced(case, handler, reviewer)
    body = str(mail.outbox[-1].body)
    assert "because your request concerns a large quantity of data" in body
    assert "Onze ans de commandes" not in body


def test_a_notice_whose_mail_was_refused_is_posted_instead(
    organisation: Organisation, handler: User, reviewer: User, client: Client
) -> None:
    case = a_case(organisation, rights=("access",))
    case_take(case=case, actor=actor_for(handler, organisation))
    extension = written(case, handler)
    with time_machine.travel(EARLY, tick=False):
        extension_approve(extension=extension, actor=actor_for(reviewer, organisation))
        Outgoing.objects.filter(extensions=extension).update(state=OutgoingState.FAILED)
        extension.refresh_from_db()
        client.force_login(handler)
        page = client.get(reverse("case-detail", args=[case.reference])).content.decode()
        assert "The mail with the notice was refused" in page
        assert 'data-step="post_notice"' in page
        extension_post(extension=extension, sent_on=EARLY.date(), actor=actor_for(handler, organisation))
    assert right_of(case, "access").due_on == date(2026, 6, 5)


def test_a_notice_cannot_have_been_posted_before_it_was_approved(
    organisation: Organisation, handler: User, reviewer: User
) -> None:
    case = a_case(organisation, rights=("access",), email="", postal="1 rue des Essais")
    extension = written(case, handler)
    with time_machine.travel(AFTER_PRUDENT, tick=False):
        extension_approve(extension=extension, actor=actor_for(reviewer, organisation))
        with pytest.raises(DomainError) as refused:
            extension_post(extension=extension, sent_on=EARLY.date(), actor=actor_for(handler, organisation))
    assert refused.value.code == "sent_on_impossible"


def test_an_extension_sent_while_a_question_is_open_leaves_more_days(
    organisation: Organisation, handler: User, reviewer: User
) -> None:
    case = a_case(organisation, rights=("access",))
    asked(case)
    announced(case, handler, reviewer)
    assert (right_of(case, "access").due_on, right_of(case, "access").paused_days) == (None, 88)


@pytest.mark.parametrize(
    ("jurisdiction", "time_zone", "said"),
    [
        ("US-CA", "America/Los_Angeles", "us 45 days to answer. Where that is not enough, it allows 45 more days"),
        ("GB-ENG", "Europe/London", "(UK GDPR, article 12A)"),
        ("DE", "Europe/Berlin", "(GDPR, article 12(3))"),
    ],
)
def test_the_notice_tells_the_law_of_the_place(jurisdiction: str, time_zone: str, said: str) -> None:
    organisation = OrganisationFactory.create(jurisdiction=jurisdiction, time_zone=time_zone, country=jurisdiction[:2])
    case = a_case(organisation, rights=("access",), language="en")
    announced(case, member(organisation), member(organisation, Role.REVIEWER))
    assert said in str(mail.outbox[-1].body)


@pytest.mark.parametrize(("jurisdiction", "time_zone"), [("CH", "Europe/Zurich"), ("BR", "America/Sao_Paulo")])
def test_where_the_law_names_no_longer_period_nothing_is_extended(jurisdiction: str, time_zone: str) -> None:
    organisation = OrganisationFactory.create(jurisdiction=jurisdiction, time_zone=time_zone, country=jurisdiction)
    case = a_case(organisation, rights=("access",))
    with pytest.raises(DomainError) as refused:
        written(case, member(organisation), at=datetime(2026, 3, 10, 9, 0, tzinfo=UTC))
    assert refused.value.code == "right_not_extendable"


def test_the_notice_is_a_letter_on_the_tracking_page(organisation: Organisation, handler: User, reviewer: User) -> None:
    case = a_case(organisation, rights=("access",))
    extension = announced(case, handler, reviewer)
    made = notice_prepare(extension=extension)
    assert notice_prepare(extension=extension) == []
    assert "notice_html" in {letter.kind for letter in made}
    assert set(Deliverable.objects.filter(case=case).values_list("state", "expires_at")) == {
        (DeliverableState.RELEASED, None)
    }


def test_the_pages_lead_from_writing_to_review(
    organisation: Organisation, handler: User, reviewer: User, client: Client
) -> None:
    case = a_case(organisation, rights=("access",))
    case_take(case=case, actor=actor_for(handler, organisation))
    case.refresh_from_db()
    page = reverse("extension-submit", args=[case.reference, "access"])
    with time_machine.travel(EARLY, tick=False):
        client.force_login(handler)
        assert "Due when extended" in client.get(page).content.decode()
        refused = client.post(page, {"version": case.version, "reason": "volume", "reasoning": ""})
        assert refused.status_code == 422
        assert client.post(page, {"version": case.version, "reason": "volume", "reasoning": "Much."}).status_code == 302
        client.force_login(reviewer)
        case_page = client.get(reverse("case-detail", args=[case.reference])).content.decode()
        assert "review the extension" in case_page
        letter = client.get(reverse("extension-letter", args=[case.reference, "access"])).content.decode()
        assert "Much." in letter
        case.refresh_from_db()
        approved = client.post(
            reverse("extension-approve", args=[case.reference, "access"]), {"version": case.version, "note": ""}
        )
        assert approved.status_code == 302


def test_a_notice_whose_mail_waits_may_be_posted_and_leaves_once(
    organisation: Organisation, handler: User, reviewer: User
) -> None:
    case = a_case(organisation, rights=("access",))
    extension = written(case, handler)
    client = Client()
    client.force_login(handler)
    with time_machine.travel(EARLY, tick=False):
        extension_approve(extension=extension, actor=actor_for(reviewer, organisation))
        extension.refresh_from_db()
        assert "Post it instead" in client.get(reverse("case-detail", args=[case.reference])).content.decode()
        extension_post(extension=extension, sent_on=EARLY.date(), actor=actor_for(handler, organisation))
        assert Outgoing.objects.get(pk=extension.mail_id or 0).state == OutgoingState.STOPPED
        outbox.outbox_send(extension.mail_id or 0)
    assert right_of(case, "access").due_on == date(2026, 6, 5)
    assert not [message for message in mail.outbox if case.reference in str(message.subject)]


def test_a_correction_knows_the_notice_that_left_a_moment_ago(
    organisation: Organisation, handler: User, reviewer: User
) -> None:
    case = a_case(organisation, rights=("access",))
    extension = written(case, handler)
    with time_machine.travel(EARLY, tick=False):
        extension_approve(extension=extension, actor=actor_for(reviewer, organisation))
        Outgoing.objects.filter(pk=extension.mail_id or 0).update(state=OutgoingState.SENT, sent_at=EARLY)
        receipt_correct(
            case=case, rights=[right_of(case, "access")], received_at=datetime(2026, 3, 4, 9, tzinfo=UTC),
            reason="The stamp.", actor=actor_for(handler, organisation),
        )  # fmt: skip
    extension.refresh_from_db()
    assert extension.sent_at == EARLY
    assert right_of(case, "access").due_on == date(2026, 6, 4)


@pytest.mark.parametrize(
    ("jurisdiction", "time_zone", "cites"),
    [("FR", "Europe/Paris", True), ("GB-ENG", "Europe/London", True), ("US-CA", "America/Los_Angeles", False)],
)
def test_the_remedies_cite_the_gdpr_only_where_it_is_the_law(jurisdiction: str, time_zone: str, cites: bool) -> None:
    organisation = OrganisationFactory.create(jurisdiction=jurisdiction, time_zone=time_zone)
    case = a_case(organisation, rights=("access",), language="en")
    handler, reviewer = member(organisation), member(organisation, Role.REVIEWER)
    announced(case, handler, reviewer)
    body = " ".join(str(mail.outbox[-1].body).split())
    assert ("go to court" in body, "GDPR arts. 77" in body) == (True, cites)
