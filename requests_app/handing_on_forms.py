"""What the pages accept by which a request goes to somebody else, and is followed there."""

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.utils.text import Truncator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from dsar.core.models import ClientController, Organisation, StoredFile
from dsar.core.templatetags.dsar_format import day, size
from requests_app.clock_forms import RightsForm
from requests_app.desk_fields import LONG, day_field, line_field, words_field
from requests_app.desk_forms import CaseForm
from requests_app.models import Case, CaseRight, Message
from requests_app.vocabulary import FileKind, HandOver

MAIL = "message/rfc822"  # the content type of an e-mail as it arrived


class HandOnForm(RightsForm):
    """What leaves with a request that somebody else answers: its words, what was written later, and files.

    What was written later is ticked where nothing else is open here: then all of it is about what leaves.
    """

    errors_of = {**RightsForm.errors_of, "text_missing": "text", "why_missing": "why"}

    text = forms.CharField(
        label=_("What they get of the request’s words"), required=False, strip=False,
        widget=forms.Textarea(attrs={"rows": 6}),
    )
    messages = forms.MultipleChoiceField(
        label=_("Messages written later that they get"), required=False, widget=forms.CheckboxSelectMultiple
    )
    attached = forms.MultipleChoiceField(
        label=_("Files that they get"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(
        self, *args: Any, case: Case, rights: Sequence[CaseRight], later: Sequence[Message],
        stored: Sequence[StoredFile], **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(*args, rights=rights, **kwargs)
        self.later, self.stored = {str(one.pk): one for one in later}, {str(one.pk): one for one in stored}
        self.fields["text"].initial = case.text
        self.fields["text"].help_text = (
            gettext("Cut what they do not need. It stays whole on this case.")
            if len(rights) == 1
            else gettext("Several rights are open here. Where only some go, cut what is about the others.")
        )
        self._offer("messages", [(pk, _message_words(one)) for pk, one in self.later.items()])
        self._offer("attached", [(pk, _file_words(one)) for pk, one in self.stored.items()])
        self.order_fields(["version", "rights", "text", "messages", "attached"])

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        """The field with its choices, all ticked where one right only is open; no field where there is none."""
        if not choices:
            del self.fields[name]
            return
        field = cast("forms.MultipleChoiceField", self.fields[name])
        field.choices = choices
        if len(self.known) == 1:
            field.initial = [code for code, _words in choices]
        else:
            field.help_text = gettext("Tick what is about the rights that go, and nothing else.")

    def clean_text(self) -> str:
        """With the line ends that the case has."""
        typed: str = self.cleaned_data["text"]
        return typed.replace("\r\n", "\n")

    def clean_messages(self) -> list[Message]:
        """The rows of the ticked ones."""
        return [self.later[pk] for pk in self.cleaned_data["messages"]]

    def clean_attached(self) -> list[StoredFile]:
        """The rows of the ticked ones."""
        return [self.stored[pk] for pk in self.cleaned_data["attached"]]


def _message_words(message: Message) -> str:
    """Its day and its first words."""
    return f"{day(message.at)} – {Truncator(message.body).words(16, truncate='…')}"


def _file_words(stored: StoredFile) -> str:
    """Its name, or what it is where it is the request itself as mail."""
    if stored.content_type == MAIL:
        return str(FileKind.MAIL.label)
    return gettext("“%(name)s” (%(size)s)") % {"name": stored.name, "size": size(stored.size)}


class ForwardForm(HandOnForm):
    """To which controller the request goes, and why it is theirs."""

    errors_of = {
        **HandOnForm.errors_of, "client_missing": "name", "client_elsewhere": "client", "email_missing": "email",
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


class TransferForm(HandOnForm):
    """Which organisation takes the request over, what allows it, and why."""

    errors_of = {
        **HandOnForm.errors_of, "organisation_unknown": "organisation", "organisation_same": "organisation",
        "right_not_here": "rights", "hand_over_missing": "because",
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
