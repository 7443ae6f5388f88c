"""Foreign keys point the same way as imports; a reference by name escapes the import contracts."""

from django.contrib.contenttypes.models import ContentType
from django.db.models import ForeignKey, ManyToManyField

from tests.architecture.source import LEVELS, own_models


def test_foreign_keys_point_down() -> None:
    guilty = []
    for model in own_models():
        mine = model._meta.app_label
        for field in model._meta.get_fields():
            if not isinstance(field, ForeignKey | ManyToManyField) or field.model is not model:
                continue
            theirs = field.related_model._meta.app_label
            if theirs != mine and LEVELS.get(theirs, -1) >= LEVELS[mine]:
                guilty.append(f"{model._meta.label}.{field.name} → {field.related_model._meta.label}")
    assert guilty == []


def test_no_generic_relations() -> None:
    guilty = [
        f"{model._meta.label}.{field.name}"
        for model in own_models()
        for field in model._meta.get_fields()
        if field.related_model is ContentType
    ]
    assert guilty == []
