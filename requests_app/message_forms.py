"""What becomes of a message once something is answered, as the desk's forms accept it."""

from collections.abc import Iterable
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from requests_app.desk_fields import LONG
from requests_app.desk_forms import CaseForm
from requests_app.models import CaseRight


class ReopenForm(CaseForm):
    """Which answered rights are taken up again."""

    errors_of = {"rights_missing": "rights", "right_not_answered": "rights"}

    rights = forms.MultipleChoiceField(
        label=_("What is taken up again"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose what is taken up again.")},
    )

    def __init__(self, *args: Any, answered: Iterable[CaseRight], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.answered = {right.right: right for right in answered}
        field = cast("forms.MultipleChoiceField", self.fields["rights"])
        field.choices = [(code, str(right.definition.name)) for code, right in self.answered.items()]

    def clean_rights(self) -> list[CaseRight]:
        """The rights themselves."""
        return [self.answered[code] for code in self.cleaned_data["rights"]]


class MessageNoteForm(CaseForm):
    """Why nothing new follows from the message; that it is about what is still in work says enough."""

    errors_of = {"reason_missing": "reason"}

    belongs_to_open = forms.BooleanField(required=False)  # a button of its own
    reason = forms.CharField(
        label=_("Why nothing follows"),
        required=False,  # the service says when it is missing
        max_length=LONG,
        help_text=_("For instance: a word of thanks. It stays on the case."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
