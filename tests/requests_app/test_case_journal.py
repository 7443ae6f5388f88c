"""What happens on a case is written in its own chain."""

import pytest

from dsar.core.actors import Actor
from requests_app.case_journal import case_journal
from tests.factories import a_case

pytestmark = pytest.mark.django_db


def test_an_event_of_a_case_stands_in_its_chain_without_empty_values() -> None:
    case = a_case()

    event = case_journal(
        case=case, kind="case.closed", actor=Actor.SYSTEM, facts={"rights": ["access"]},
        values={"reason": "It is over.", "note": "", "phone": None},
    )  # fmt: skip

    assert (event.chain.key, event.chain.organisation) == (case.chain, case.organisation)
    assert event.facts == {"rights": ["access"]}
    assert {value.field: value.value for value in event.values.all()} == {"reason": "It is over."}
