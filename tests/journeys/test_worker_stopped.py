"""A worker that is down can never make a case look finished; when it is back, the work is done once."""

import pytest
from django.urls import reverse
from kombu.exceptions import OperationalError

from dsar.core import broker
from requests_app.models import Case, CaseTask, Decision, Outgoing
from requests_app.vocabulary import Stage
from tests.journeys.site import ACCESS, DataSubject, Site, Staff, Worker

pytestmark = pytest.mark.usefixtures("clock")


class Down:
    """A broker that does not answer."""

    def send_task(self, name: str, args: list[int], retry: bool) -> None:
        """Raises as kombu does."""
        raise OperationalError("no broker")


@pytest.fixture
def case(site: Site, monkeypatch: pytest.MonkeyPatch) -> Case:
    """An access request whose work was begun while broker and worker were down."""
    monkeypatch.setattr(broker, "current_app", Down())
    subject = DataSubject(site, "Camille Estève", "camille.esteve@example.org")
    subject.ask(ACCESS)
    handler = Staff(site, "handler")
    handler.act("case-take", subject.case)
    handler.act("case-right-start", subject.case, ACCESS)
    handler.items_set(subject.case, ACCESS, "justified", note="La lettre dit ce qui reste inconnu.")
    monkeypatch.setattr(broker, "current_app", site.worker)
    return subject.case


def tasks(case: Case) -> list[tuple[str, str]]:
    """Kind and subject of each task."""
    return sorted(case.tasks.values_list("kind", "subject_key"))


PLANNED = [
    ("build_package", "package"), ("collect", "source:crm"), ("collect_by_hand", "source:archive"),
    ("plan_collection", ""),
]  # fmt: skip


def test_without_its_worker_a_right_cannot_go_to_review(site: Site, case: Case) -> None:
    handler = Staff(site, "handler")
    assert tasks(case) == [("plan_collection", "")]
    page = handler.open(case)
    reason = "The data sources have not been asked yet: the worker has not planned the collection."
    assert reason in page.text
    refused = handler.act("decision-submit", case, ACCESS, expect=422, outcome="granted")
    assert reason in refused.text
    assert case.rights.get().stage == Stage.IN_PROGRESS
    assert not Decision.objects.exists()


def test_the_sweep_finds_what_the_broker_lost_and_does_it_once(site: Site, case: Case) -> None:
    assert site.worker.queue == []
    assert Outgoing.objects.get().state == "pending"
    site.worker.sweep()
    assert tasks(case) == PLANNED
    assert case.tasks.get(kind="collect").state == "done"
    assert Outgoing.objects.get().state == "sent"
    counted = CaseTask.objects.count(), len(site.events(case))
    site.worker.sweep()
    assert (CaseTask.objects.count(), len(site.events(case))) == counted


def test_the_same_task_twice_and_the_sweep_besides(site: Site, case: Case) -> None:
    right = case.rights.get().pk
    for _turn in range(2):
        site.worker.send_task("exports.collection_plan", [right], retry=False)
    site.worker.run()
    site.worker.sweep()
    assert tasks(case) == PLANNED
    kinds = [event.kind for event in site.events(case)]
    assert kinds.count("collection.finished") == 1
    assert kinds.count("task.added") == len(PLANNED)
    handler = Staff(site, "handler")
    refused = handler.act("decision-submit", case, ACCESS, expect=422, outcome="granted")
    assert "Paper archive" in refused.text or "Archives papier" in refused.text


def test_a_worker_that_is_back_lets_the_case_go_on(site: Site, case: Case) -> None:
    site.worker.sweep()
    Staff(site, "contributor").nothing_found_by_hand(case)
    handler = Staff(site, "handler")
    handler.items_set(case, ACCESS, "justified", note="La lettre dit ce qui reste inconnu.")
    handler.act("decision-submit", case, ACCESS, outcome="granted")
    assert case.rights.get().stage == Stage.IN_REVIEW
    assert handler.browser.page.address == reverse("case-detail", args=[case.reference])
    assert isinstance(site.worker, Worker)
