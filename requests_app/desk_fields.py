"""The fields of which the desk's forms are made: each says in one way what it wants and what is wrong."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

LONG = 20_000  # characters of a text
MOMENT_FORMATS = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"]


def moment_field(label: Any, hint: Any) -> forms.DateTimeField:
    """An instant, typed in the organisation's time zone."""
    return forms.DateTimeField(
        label=label,
        help_text=hint,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=MOMENT_FORMATS,
        error_messages={"required": _("Give the date."), "invalid": _("Give a date as 2026-04-07 18:42.")},
    )


def day_field(label: Any, hint: Any, *, required: bool) -> forms.DateField:
    """A local date."""
    return forms.DateField(
        label=label,
        help_text=hint,
        required=required,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        error_messages={"required": _("Give the date."), "invalid": _("Give a date as 2026-04-07.")},
    )


def words_field(label: Any, hint: Any = "", rows: int = 3, *, required: bool = True) -> forms.CharField:
    """A text of some lines."""
    return forms.CharField(
        label=label,
        help_text=hint,
        required=required,
        max_length=LONG,
        widget=forms.Textarea(attrs={"rows": rows}),
        error_messages={"required": _("Write something first.")},
    )


def line_field(label: Any, *, hint: Any = "", length: int = 300, required: bool = False) -> forms.CharField:
    """A text of one line."""
    return forms.CharField(
        label=label, help_text=hint, max_length=length, required=required,
        error_messages={"required": _("Write something first.")},
    )  # fmt: skip


def person_writes(field: forms.Field, hint: str, language: str) -> None:
    """Make a field one that the person will read: its hint says in which language to write."""
    wanted = (
        gettext("Write in French, to the person.") if language == "fr" else gettext("Write in English, to the person.")
    )
    field.help_text = f"{hint} {wanted}"
    field.widget.attrs["lang"] = language
