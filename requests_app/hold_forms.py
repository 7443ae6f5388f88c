"""What the pages accept about a case that must be kept."""

from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from dsar.core.authorities import authorities_known
from dsar.core.texts import localised
from requests_app.desk_fields import LONG, day_field, line_field, words_field
from requests_app.desk_forms import CaseForm
from requests_app.models import Case


class HoldForm(CaseForm):
    """Why everything is kept."""

    errors_of = {"reason_missing": "reason", "hold_exists": "reason"}

    reason = words_field(_("Why it must be kept"), _("For example a claim or a procedure, with its number."))


class HoldEndForm(CaseForm):
    """Why it need not be kept any more."""

    errors_of = {"reason_missing": "reason", "hold_missing": "reason"}

    reason = words_field(_("Why it need not be kept any more"), "")


class ComplaintForm(CaseForm):
    """At which authority somebody complained, and when."""

    errors_of = {"authority_unknown": "authority", "day_in_future": "lodged_on"}

    authority = forms.ChoiceField(label=_("Authority"))
    lodged_on = day_field(_("Lodged on"), "", required=True)
    reference = line_field(_("The authority’s reference"), length=100)
    note = forms.CharField(
        label=_("What it is about"), required=False, max_length=LONG, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, *args: Any, case: Case, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ours = case.organisation.authority.code
        near = (ours, case.country or case.organisation.country)
        known = sorted(
            (code != ours, entry["country"] not in near, entry["country"], localised(entry["name"]), code)
            for code, entry in authorities_known().items()
        )
        cast("forms.ChoiceField", self.fields["authority"]).choices = [
            (code, f"{name} ({country})") for *_order, country, name, code in known
        ]


class ComplaintEndForm(CaseForm):
    """When and how the procedure ended."""

    errors_of = {"day_in_future": "ended_on", "ended_before_lodged": "ended_on", "complaint_ended": "ended_on"}

    ended_on = day_field(_("Ended on"), "", required=True)
    note = line_field(_("How it ended"), length=LONG)
