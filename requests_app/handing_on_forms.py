"""What the pages accept by which a request goes to somebody else, and is followed there."""

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from dsar.core.models import ClientController, Organisation
from requests_app.clock_forms import RightsForm
from requests_app.desk_fields import LONG, day_field, line_field, words_field
from requests_app.desk_forms import CaseForm
from requests_app.vocabulary import HandOver


class ForwardForm(RightsForm):
    """To which controller the request goes, and why it is theirs."""

    errors_of = {
        **RightsForm.errors_of, "client_missing": "name", "client_elsewhere": "client", "email_missing": "email",
        "why_missing": "why",
    }  # fmt: skip

    client = forms.ChoiceField(label=_("Who decides on the processing"), required=False)
    name = line_field(_("Its name"), hint=_("Only where it is not in the list."), length=200)
    email = forms.EmailField(
        label=_("Address to which the request goes"), required=False,
        help_text=_("Empty: the one that the profile states for this client."),
        error_messages={"invalid": _("Write a complete e-mail address.")},
    )
    why = words_field(_("Why it is theirs to answer"), _("Stays on the case. It is not in the message."))

    def __init__(self, *args: Any, clients: Sequence[ClientController], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.clients = {client.code: client for client in clients}
        field = cast("forms.ChoiceField", self.fields["client"])
        field.choices = [
            ("", gettext("Another one, named below")),
            *((client.code, f"{client.name} ({client.email})" if client.email else client.name) for client in clients),
        ]

    def clean_client(self) -> ClientController | None:
        """The row, None for one that is named."""
        return self.clients.get(self.cleaned_data["client"])


class ReceivedThereForm(CaseForm):
    """When the controller received it."""

    errors_of = {"day_in_future": "received_there_on"}

    received_there_on = day_field(
        _("It reached them on"), _("As they say. The earlier of both days counts."), required=True
    )


class AnsweredThereForm(CaseForm):
    """When the controller answered the person."""

    errors_of = {"day_in_future": "answered_on"}

    answered_on = day_field(_("They answered the person on"), "", required=True)
    note = line_field(_("What is known of their answer"), length=LONG)


class StopForm(CaseForm):
    """Why nobody follows it any more."""

    errors_of = {"reason_missing": "reason"}

    reason = words_field(_("Why nobody needs to follow it any more"), _("The case can then be closed."), rows=2)


class TransferForm(RightsForm):
    """Which organisation takes the request over, what allows it, and why."""

    errors_of = {
        **RightsForm.errors_of, "organisation_unknown": "organisation", "organisation_same": "organisation",
        "right_not_here": "rights", "hand_over_missing": "because", "why_missing": "why",
    }  # fmt: skip

    organisation = forms.ChoiceField(
        label=_("Organisation that answers"), error_messages={"required": _("Choose the organisation.")}
    )
    because = forms.ChoiceField(
        label=_("What allows us to give it these data"), choices=HandOver.choices, widget=forms.RadioSelect,
        error_messages={"required": _("Say what allows us to give these data to another organisation.")},
    )
    why = words_field(_("Why it is theirs to answer"), _("Stays on the case."))

    def __init__(self, *args: Any, organisations: Sequence[Organisation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.organisations = {organisation.slug: organisation for organisation in organisations}
        field = cast("forms.ChoiceField", self.fields["organisation"])
        field.choices = [("", gettext("Choose")), *((slug, found.name) for slug, found in self.organisations.items())]

    def clean_organisation(self) -> Organisation:
        """The row of the chosen slug."""
        return self.organisations[self.cleaned_data["organisation"]]
