"""A right taken up again after its answer: the sources are asked again, and a new package is made."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from exports.models import Collection
from requests_app.models import CaseRight, CaseTask, Deliverable
from requests_app.services import message_receive, right_reopen
from tests.exports.sources import built, collected, manual_source, shop, sql_source, started
from tests.factories import OrganisationFactory, actor_for, member, right_of

pytestmark = pytest.mark.django_db


def test_the_package_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    organisation = OrganisationFactory.create()
    people = [("C-1", "Camille Estève", "camille.esteve@example.org")]
    sql_source(organisation, shop(tmp_path / "shop.sqlite3", people), monkeypatch)
    case_right = started(organisation)
    collected(case_right)
    first = built(case_right)
    Deliverable.objects.filter(pk=first.pk).update(state="released")
    CaseRight.objects.filter(pk=case_right.pk).update(
        stage="answered", outcome="granted", answered_at=datetime.now(UTC)
    )
    case = case_right.case
    message_receive(case=case, body="Again, please.")
    task = CaseTask.objects.select_related("case__organisation", "case_right").get(kind="message_after_answer")
    right_reopen(
        task=task, rights=[right_of(case, "access")], actor=actor_for(member(organisation), organisation)
    )
    manual_source(organisation)  # a source that was not there the first time is asked too
    Collection.objects.update(note="of the first time")
    again = right_of(case, "access")
    collection = collected(again)
    assert (collection.note, collection.state) == ("", "done")
    waiting = set(CaseTask.objects.open().values_list("kind", flat=True))
    assert waiting == {"collect_by_hand", "build_package"}
    Collection.objects.filter(source__code="archive").update(state="done")
    second = built(again)
    assert second.pk != first.pk
    assert second.state == "prepared"
    first.refresh_from_db()
    assert first.state == "released"  # what was sent stays as it was sent
    assert not CaseTask.objects.open().filter(kind="build_package").exists()
