"""Isolation: a model with personal data, staff accounts apart, belongs to one organisation and knows who may see it."""

import pytest
from django.db.models import ForeignKey, Model

from dsar.core.models import Organisation, User
from tests.architecture.source import own_models

WITH_PERSONAL_DATA = [model for model in own_models() if getattr(model, "personal", None) and model is not User]
with_personal_data = pytest.mark.parametrize("model", WITH_PERSONAL_DATA, ids=lambda model: model._meta.label)


def organisations_of(model: type[Model], seen: frozenset[type[Model]] = frozenset()) -> set[str]:
    """Paths by foreign keys that cannot be empty from a model to its organisation, staff accounts left out."""
    if model is Organisation:
        return {""}
    paths = set()
    for field in model._meta.get_fields():
        target = field.related_model if isinstance(field, ForeignKey) and not field.null else None
        if isinstance(target, type) and target is not User and target not in seen:
            paths |= {f"{field.name}.{rest}".rstrip(".") for rest in organisations_of(target, seen | {model})}
    return paths


@with_personal_data
def test_reaches_an_organisation(model: type[Model]) -> None:
    # The journal's chain of the installation has no organisation: events of it are visible to nobody.
    if model._meta.label in ("core.AuditEvent", "core.AuditValue"):
        return
    assert organisations_of(model), f"no foreign key leads from {model._meta.label} to its organisation"


@with_personal_data
@pytest.mark.django_db
def test_a_stranger_sees_nothing(model: type[Model]) -> None:
    visible_to = getattr(model._default_manager.all(), "visible_to", None)
    assert visible_to is not None, f"{model._meta.label} has no visible_to(user)"
    rows = visible_to(User(pk=0))
    assert rows.model is model
    # The condition is on membership, in SQL: the query joins or asks the table of memberships.
    assert "core_membership" in str(rows.query)
    assert not rows.exists()


def test_there_are_models_to_test() -> None:
    assert len(WITH_PERSONAL_DATA) > 10
