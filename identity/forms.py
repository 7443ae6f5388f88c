"""What a handler records of an identity check. There is no field for a document: none is ever stored."""

from django import forms
from django.utils.translation import gettext_lazy as _

from identity.models import IdentityCheck
from requests_app.desk_forms import CaseForm


class IdentityCheckForm(CaseForm):
    """One check: the rung of the ladder, where the proof is, why this rung, and what came of it (law.md §4.1)."""

    errors_of = {
        "where_missing": "where", "motive_missing": "motive", "method_unknown": "method", "authority_missing": "method",
    }  # fmt: skip

    method = forms.ChoiceField(
        label=_("How you checked"),
        help_text=_("From the lightest to the heaviest. Stop at the first that removes the doubt."),
        choices=IdentityCheck.Method.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Say how you checked.")},
    )
    where = forms.CharField(
        label=_("Where it is on file"),
        help_text=_("The place that anybody can look at again: “CRM, customer 4471”."),
        max_length=300,
        error_messages={"required": _("Say where it is on file.")},
    )
    motive = forms.CharField(
        label=_("Why this check"),
        help_text=_(
            "The doubt you had, and why nothing lighter was enough. Needed for a question, a call or a document; "
            "never copy the document."
        ),
        max_length=20_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    result = forms.ChoiceField(
        label=_("Result"),
        choices=IdentityCheck.Result.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Say what came of it.")},
    )
