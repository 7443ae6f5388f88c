"""Forms for other programs: a token of a member, a webhook of an organisation."""

from collections.abc import Iterable
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from dsar.core.models import Organisation
from requests_app.desk_forms import DeskForm
from requests_app.services.webhooks import TOLD


class OfOrganisationForm(DeskForm):
    """A form about one of some organisations; the field is left out where there is one only."""

    organisation = forms.ChoiceField(label=_("Organisation"))

    def __init__(self, *args: Any, organisations: Iterable[Organisation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.organisations = {organisation.slug: organisation for organisation in organisations}
        field = cast("forms.ChoiceField", self.fields["organisation"])
        field.choices = [(slug, organisation.name) for slug, organisation in self.organisations.items()]
        if len(self.organisations) == 1:
            field.required, field.widget = False, forms.HiddenInput()

    def clean_organisation(self) -> Organisation:
        """The organisation itself."""
        chosen = self.cleaned_data["organisation"] or next(iter(self.organisations))
        return self.organisations[chosen]


class ApiTokenForm(OfOrganisationForm):
    """A token: for which organisation, and for what."""

    name = forms.CharField(
        label=_("What will use it"),
        help_text=_("So that you know it again: “invoice program”, “my scripts”."),
        max_length=100,
        error_messages={"required": _("Write what will use this token.")},
    )
    errors_of = {"token_name_missing": "name"}


class WebhookForm(OfOrganisationForm):
    """A webhook: where, and of what it is told."""

    url = forms.CharField(
        label=_("Address"),
        help_text=_("Of your program, such as https://example.org/dsar."),
        max_length=500,
        widget=forms.URLInput(),
        error_messages={"required": _("Write the address of your program.")},
    )
    events = forms.MultipleChoiceField(
        label=_("Tell it when"),
        choices=[(event.value, event.label) for event in TOLD],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Tick at least one event.")},
    )
    errors_of = {
        "webhook_url_wrong": "url",
        "webhook_url_open": "url",
        "webhook_url_private": "url",
        "webhook_without_event": "events",
    }
