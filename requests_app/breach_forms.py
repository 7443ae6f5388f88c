"""What the pages accept about a possible data breach."""

from django import forms
from django.utils.translation import gettext_lazy as _

from requests_app.desk_fields import LONG, line_field, moment_field, words_field
from requests_app.desk_forms import DeskForm
from requests_app.vocabulary import BreachRisk


class BreachForm(DeskForm):
    """What happened, in a few words."""

    what = words_field(
        _("What happened"),
        _("In a few words, with as little personal data as possible: who may have seen what."),
        required=False,
    )


class AssessForm(DeskForm):
    """What a breach means for the persons."""

    errors_of = {"risk_unknown": "risk", "assessment_missing": "assessment"}

    risk = forms.ChoiceField(
        label=_("What it means for the persons"), choices=BreachRisk.choices, widget=forms.RadioSelect,
        error_messages={"required": _("Choose what it means for the persons.")},
    )
    assessment = words_field(
        _("What this rests on"),
        _("Kind of data, number of persons, who has them, what can follow, what was done."),
        rows=5,
    )


class AuthorityToldForm(DeskForm):
    """When the authority was told."""

    errors_of = {
        "told_in_future": "told_at", "told_before_aware": "told_at", "delay_reason_missing": "delay_reason",
    }  # fmt: skip

    told_at = moment_field(_("The authority was told at"), "")
    delay_reason = line_field(_("Reasons for the delay"), hint=_("Only after the hours the law gives."), length=LONG)


class PersonsToldForm(DeskForm):
    """When the persons were told."""

    errors_of = {"told_in_future": "told_at", "told_before_aware": "told_at"}

    told_at = moment_field(_("The persons were told at"), "")


class BreachCloseForm(DeskForm):
    """Why nobody was told, where the law would have it."""

    errors_of = {"note_missing": "note"}

    note = line_field(
        _("Why the authority or the persons are not told"), hint=_("Only where one of them was not."), length=LONG
    )
