"""Processes are killed at the worst moments, then started again: nothing is lost, and only what must be is repeated.

The processes that finish the work are the product's own, unchanged; what was claimed is made older in the database
instead of waiting until the claim expires.
"""

import hashlib
import io
import zipfile
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db.models import F

from dsar.core.actors import Actor
from dsar.core.errors import DomainError
from dsar.core.files import file_read
from dsar.core.journal import journal_check
from dsar.core.models import AuditEvent, Organisation
from exports.models import PackageBuild
from exports.services import package_build, work_left
from exports.services.beats import BUILD_STALE
from requests_app import outbox
from requests_app.models import Case, CaseRight, CaseTask, Deliverable, Outgoing
from requests_app.services import case_open, decision_submit
from requests_app.vocabulary import DeliverableKind, DeliverableState, OutgoingState, Stage, TaskKind
from tests.exports.sources import shop, sql_source, started
from tests.factories import OrganisationFactory, actor_for, incoming, member, opened_case, right_of
from tests.kill.conftest import Site

pytestmark = [pytest.mark.postgres, pytest.mark.redis]

MAILS = 3  # the first meets the killing, the others wait behind it


def requests_sent(organisation: Organisation) -> None:
    for number in range(MAILS):
        opened_case(organisation, submission=f"{number:032x}", email=f"person-{number}@example.org")


def claims_expire() -> None:
    """As if the claims had been made long ago."""
    Outgoing.objects.filter(state=OutgoingState.CLAIMED).update(
        claimed_at=F("claimed_at") - outbox.CLAIM_EXPIRES - timedelta(seconds=1)
    )


def work_finished(site: Site, organisation: Organisation) -> None:
    """The ordinary worker runs again, and the sweep of the outbox with it, until every mail is sent."""
    claims_expire()
    with site.worker() as worker:
        site.sweep("requests_app.outbox_sweep")
        unsent = Outgoing.objects.filter(organisation=organisation).exclude(state=OutgoingState.SENT)
        worker.until(lambda: not unsent.exists(), "every mail is sent")


def events(kind: str, organisation: Organisation) -> int:
    return AuditEvent.objects.filter(chain__organisation=organisation, kind=kind).count()


def check_all_arrived(site: Site, organisation: Organisation, *, repeated: int = 0) -> None:
    """Each mail once, `repeated` of them once more under the same Message-ID; one mail a key; a sound journal."""
    written = list(Outgoing.objects.filter(organisation=organisation))
    arrived = Counter(site.mailbox.message_ids)
    assert set(arrived) == {mail.message_id for mail in written}
    assert sorted(arrived.values()) == [1] * (len(written) - repeated) + [2] * repeated
    assert len({mail.key for mail in written}) == len({mail.message_id for mail in written}) == len(written)
    assert events("message.sent", organisation) == len(written)
    for case in Case.objects.filter(organisation=organisation):
        assert journal_check(case.chain).problems == []


def test_killed_after_the_case_is_committed(site: Site) -> None:
    organisation = OrganisationFactory.create()
    with site.door_that_dies("after_commit", organisation.slug) as door:
        door.until_killed()
    # The person, whose browser was told nothing, sends again.
    assert case_open(incoming(organisation), actor=Actor.DATA_SUBJECT).is_new is False
    assert Outgoing.objects.get(organisation=organisation).state == OutgoingState.PENDING

    work_finished(site, organisation)

    assert Case.objects.filter(organisation=organisation).count() == 1
    check_all_arrived(site, organisation)
    assert events("message.perhaps_sent_twice", organisation) == 0


def test_killed_after_the_mail_is_claimed(site: Site) -> None:
    organisation = OrganisationFactory.create()
    requests_sent(organisation)
    with site.worker_that_dies("after_claim") as worker:
        worker.until_killed()
    assert Outgoing.objects.filter(organisation=organisation, state=OutgoingState.CLAIMED).count() == 1
    assert site.mailbox.begun == 0

    work_finished(site, organisation)

    check_all_arrived(site, organisation)
    assert events("message.perhaps_sent_twice", organisation) == 1


def test_killed_while_the_mail_is_transferred(site: Site) -> None:
    organisation = OrganisationFactory.create()
    requests_sent(organisation)
    with site.worker_that_dies("during_data") as worker:
        worker.until_killed()
    assert (site.mailbox.begun, site.mailbox.accepted) == (1, [])

    work_finished(site, organisation)

    check_all_arrived(site, organisation)
    assert events("message.perhaps_sent_twice", organisation) == 1


def test_killed_between_the_servers_yes_and_our_commit(site: Site) -> None:
    organisation = OrganisationFactory.create()
    requests_sent(organisation)
    with site.worker_that_dies("before_sent_is_committed") as worker:
        worker.until_killed()
    assert len(site.mailbox.accepted) == 1
    assert events("message.sent", organisation) == 0

    work_finished(site, organisation)

    check_all_arrived(site, organisation, repeated=1)
    assert events("message.perhaps_sent_twice", organisation) == 1


def started_with_shop(folder: Path, monkeypatch: pytest.MonkeyPatch) -> CaseRight:
    """An access request of an organisation whose shop holds enough for a package of several pieces."""
    organisation = OrganisationFactory.create()
    path = shop(folder / "shop.sqlite3", [("K-1", "Camille Estève", "camille.esteve@example.org")], orders=4000)
    sql_source(organisation, path, monkeypatch)
    return started(organisation)


def packages(case_right: CaseRight) -> list[Deliverable]:
    return list(Deliverable.objects.filter(case=case_right.case, kind=DeliverableKind.PACKAGE))


def check_package(case_right: CaseRight) -> None:
    """One package, whole and the one that was registered; no work of the machine is left."""
    (package,) = packages(case_right)
    content = file_read(package.stored_file)
    assert package.state == DeliverableState.PREPARED
    assert hashlib.sha256(content).hexdigest() == package.sha256 == package.stored_file.sha256
    assert zipfile.ZipFile(io.BytesIO(content)).testzip() is None
    assert not CaseTask.objects.open().filter(case_right=case_right, blocking=True).exists()
    assert journal_check(case_right.case.chain).problems == []


def test_killed_while_the_package_is_built(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case_right = started_with_shop(tmp_path, monkeypatch)
    with site.worker_that_dies("during_package") as worker:
        worker.until_killed()
    waiting = CaseTask.objects.open().filter(case_right=case_right)
    assert [task.kind for task in waiting] == [TaskKind.BUILD_PACKAGE]
    assert packages(case_right) == []

    PackageBuild.objects.update(beat_at=F("beat_at") - BUILD_STALE - timedelta(seconds=1))
    with site.worker() as worker:
        site.sweep("exports.collections_sweep")
        worker.until(lambda: not waiting.all().exists(), "the package is registered")

    check_package(case_right)
    # The broker gives the killed worker's message out again: nothing is left to do.
    assert package_build(case_right=right_of(case_right.case, "access")) is None
    assert work_left(datetime.now(UTC)) == []
    assert len(packages(case_right)) == 1


def test_without_a_worker_a_right_waits_and_with_one_its_work_appears_once(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case_right = started_with_shop(tmp_path, monkeypatch)
    organisation = case_right.case.organisation
    handler = actor_for(member(organisation), organisation)
    with pytest.raises(DomainError, match="the worker has not planned the collection") as refused:
        decision_submit(case_right=case_right, outcome="granted", actor=handler)
    assert refused.value.code == "right_not_ready"
    assert right_of(case_right.case, "access").stage == Stage.IN_PROGRESS
    assert not case_right.decisions.exists()

    # The message of the move waits in the broker, and the timetable finds the same work twice before a worker comes.
    site.sweep("exports.collections_sweep", "exports.collections_sweep")
    with site.worker() as worker:
        worker.until(lambda: packages(case_right), "the package is registered")

    added = Counter(CaseTask.objects.filter(case_right=case_right).values_list("kind", "subject_key"))
    assert added == {
        (TaskKind.PLAN_COLLECTION, ""): 1, (TaskKind.COLLECT, "source:shop"): 1, (TaskKind.BUILD_PACKAGE, "package"): 1,
    }  # fmt: skip
    assert events("task.added", organisation) == events("task.finished", organisation) == len(added)
    assert events("collection.finished", organisation) == 1
    check_package(case_right)
