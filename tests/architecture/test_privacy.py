"""Every field that can hold text is declared personal, with its fate, or impersonal (GDPR art. 5(1)(e))."""

import pytest
from django.db import models

from dsar.core.privacy import Fate
from tests.architecture.source import own_models

TEXT_LIKE = (
    models.BinaryField, models.CharField, models.FileField, models.GenericIPAddressField, models.JSONField,
    models.TextField,
)
every_model = pytest.mark.parametrize("model", own_models(), ids=lambda model: model._meta.label)


def text_like(model: type[models.Model]) -> set[str]:
    """Names of the fields that can hold whatever somebody writes; closed vocabularies cannot."""
    return {
        field.name
        for field in model._meta.get_fields()
        if isinstance(field, models.Field) and isinstance(field, TEXT_LIKE) and not field.choices
    }


@every_model
def test_every_text_is_classified(model: type[models.Model]) -> None:
    personal: dict[str, Fate] = getattr(model, "personal", {})
    impersonal: tuple[str, ...] = getattr(model, "impersonal", ())
    assert text_like(model) - set(personal) - set(impersonal) == set(), "declare them in `personal` or `impersonal`"


@every_model
def test_the_classification_names_fields_that_exist_once(model: type[models.Model]) -> None:
    declared = [*getattr(model, "personal", {}), *getattr(model, "impersonal", ())]
    assert len(declared) == len(set(declared))
    assert set(declared) <= {field.name for field in model._meta.get_fields()}


@every_model
def test_what_is_kept_has_a_reason(model: type[models.Model]) -> None:
    for name, fate in getattr(model, "personal", {}).items():
        assert isinstance(fate, Fate), name
        assert fate.kept_because == "" or len(fate.kept_because) > 20, name
