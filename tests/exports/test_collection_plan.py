"""Planning: once, whole or not at all, and never lost with the broker."""

from pathlib import Path
from typing import Any

import pytest

from dsar.core.actors import Actor
from dsar.core.errors import DomainError
from exports.models import Collection
from exports.services import collection_plan, package_build, planning, work_left
from exports.tasks import collections_sweep
from requests_app.models import CaseTask
from requests_app.services import decision_submit, right_obstacles
from requests_app.vocabulary import TaskKind, TaskState
from tests.exports.sources import built, manual_source, shop, sql_source, started
from tests.factories import RECEIVED_AT, OrganisationFactory, actor_for, member

pytestmark = pytest.mark.django_db


def test_planning_twice_gives_each_task_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    organisation = OrganisationFactory.create()
    sql_source(organisation, shop(tmp_path / "shop.sqlite3", []), monkeypatch)
    manual_source(organisation)
    case_right = started(organisation)
    assert collection_plan(case_right=case_right)
    assert not collection_plan(case_right=case_right)
    tasks = {(task.kind, task.subject_key): task for task in CaseTask.objects.filter(case_right=case_right)}
    assert set(tasks) == {
        ("plan_collection", ""), ("collect", "source:shop"), ("collect_by_hand", "source:archive"),
        ("build_package", "package"),
    }
    assert tasks["plan_collection", ""].state == TaskState.DONE
    assert tasks["collect", "source:shop"].automatic
    assert tasks["collect_by_hand", "source:archive"].label == "Archive (fr)"
    assert Collection.objects.filter(case_right=case_right).count() == 2


def test_without_a_worker_the_right_cannot_go_on_and_the_sweep_knows_it() -> None:
    organisation = OrganisationFactory.create()
    case_right = started(organisation)
    assert "task_plan_collection" in [obstacle.code for obstacle in right_obstacles(case_right)]
    with pytest.raises(DomainError):
        decision_submit(
            case_right=case_right, outcome="granted", actor=actor_for(member(organisation), organisation)
        )
    assert work_left(RECEIVED_AT) == [("exports.collection_plan", case_right.pk)]


def test_a_plan_that_dies_half_way_leaves_the_plan_open_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    organisation = OrganisationFactory.create()
    manual_source(organisation)
    case_right = started(organisation)

    def dies(**_arguments: Any) -> None:
        raise RuntimeError("power cut")

    monkeypatch.setattr(planning, "case_task_finish", dies)
    with pytest.raises(RuntimeError):
        collection_plan(case_right=case_right)
    assert [task.kind for task in CaseTask.objects.filter(case_right=case_right)] == [TaskKind.PLAN_COLLECTION]
    assert not Collection.objects.exists()


def test_moving_a_right_queues_its_plan_and_the_plan_queues_the_sources(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    sent: list[tuple[str, int]] = []

    def send(name: str, row_id: int) -> bool:
        sent.append((name, row_id))
        return True

    services = (f"services.{module}.task_queue_on_commit" for module in ("planning", "building"))
    for place in ("receivers.task_queue", "tasks.task_queue", *services):
        monkeypatch.setattr(f"exports.{place}", send)
    organisation = OrganisationFactory.create()
    sql_source(organisation, shop(tmp_path / "shop.sqlite3", []), monkeypatch)
    with django_capture_on_commit_callbacks(execute=True):
        case_right = started(organisation)
    assert ("exports.collection_plan", case_right.pk) in sent
    collection_plan(case_right=case_right)
    collection = Collection.objects.get()
    assert sent[-1] == ("exports.collection_run", collection.pk)
    sent.clear()
    collections_sweep()
    assert sent == [("exports.collection_run", collection.pk)]


def test_an_organisation_without_sources_gets_a_package_that_says_so() -> None:
    case_right = started(OrganisationFactory.create())
    collection_plan(case_right=case_right)
    deliverable = built(case_right)
    assert deliverable.kind == "package"
    assert package_build(case_right=case_right) is None
    done = CaseTask.objects.get(case_right=case_right, kind=TaskKind.BUILD_PACKAGE)
    assert (done.state, done.finished_by) == (TaskState.DONE, Actor.SYSTEM.user)
