"""What the desk's forms on data sources accept: shape only, the rules stand in the services."""

from django import forms
from django.utils.translation import gettext_lazy as _

from dsar.core.uploads import FilesField, desk_limits
from requests_app.desk_fields import LONG
from requests_app.desk_forms import DeskForm


class ByHandForm(DeskForm):
    """What a person found in a source, or that they found nothing."""

    errors_of = {
        "answer_missing": "documents",
        "answer_contradicts": "nothing_found",
        "upload_too_many": "documents",
        "upload_too_large": "documents",
        "upload_empty": "documents",
    }

    documents = FilesField(
        label=_("Files"),
        limits=desk_limits,
        help_text=_("Documents, exports, screenshots: as they are."),
    )
    nothing_found = forms.BooleanField(label=_("Nothing found"), required=False)
    note = forms.CharField(
        label=_("Where you looked, and how"),
        required=False,
        max_length=LONG,
        help_text=_("For your colleagues. It does not go into the answer."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class AdmitForm(DeskForm):
    """Why doubtful records are this person's."""

    errors_of = {"reason_missing": "reason"}

    reason = forms.CharField(
        label=_("How you know that they are this person’s"),
        max_length=LONG,
        error_messages={"required": _("Write how you know that these records are this person’s.")},
    )
