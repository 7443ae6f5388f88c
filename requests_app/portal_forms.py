"""What the acts of the tracking page accept: shape only, the rules stand in the services."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from requests_app.forms import PublicForm, TextField
from requests_app.models import CaseRight
from requests_app.vocabulary import AddressKind


class WithdrawForm(PublicForm):
    """Which requests are taken back."""

    right = forms.MultipleChoiceField(
        required=False, error_messages={"invalid_choice": _("Tick one of the requests on this page.")}
    )

    def __init__(self, *args: Any, rights: Sequence[CaseRight], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["right"]
        assert isinstance(field, forms.MultipleChoiceField)  # noqa: S101 - what stands three lines above
        field.choices = [(right.right, str(right.definition.verb)) for right in rights]

    def clean_right(self) -> list[str]:
        """At least one."""
        chosen: list[str] = self.cleaned_data["right"]
        if not chosen:
            raise forms.ValidationError(_("Tick what you withdraw."))
        return chosen


KINDS = [
    (AddressKind.EMAIL, _("E-mail address")),
    (AddressKind.PHONE, _("Phone number")),
    (AddressKind.POSTAL, _("Postal address")),
]


class AddressForm(PublicForm):
    """A new way to reach the person."""

    kind = forms.ChoiceField(
        choices=KINDS, required=False, error_messages={"invalid_choice": _("Choose what you change.")}
    )
    value = TextField(
        label=_("The new address or number"),
        help_text=_("An e-mail address is used once you have typed the code that we send there."),
        limit=500,
        long=True,
    )
    replace = forms.BooleanField(
        label=_("It replaces the one we have"),
        help_text=_("Otherwise we keep both."),
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["value"].widget.attrs["rows"] = 3

    def clean_kind(self) -> str:
        """One of the three."""
        kind: str = self.cleaned_data["kind"]
        if not kind:
            raise forms.ValidationError(_("Choose what you change."))
        return kind
