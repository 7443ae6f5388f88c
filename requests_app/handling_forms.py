"""What the pages of the further acts on a case accept: corrections, handing on, merging, keeping, breaches."""

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.conf import settings
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from dsar.core.authorities import authorities_known
from dsar.core.errors import DomainError
from dsar.core.models import ClientController, Organisation
from dsar.core.texts import localised
from requests_app.addresses import address_checked
from requests_app.clock_forms import RightsForm, day_field, moment_field, words_field
from requests_app.desk_forms import LONG, CaseForm, DeskForm, rights_of
from requests_app.form_choices import countries
from requests_app.models import Case, CaseRight, PartyAddress
from requests_app.references import reference_parse
from requests_app.services import IntakeFacts
from requests_app.vocabulary import AddressKind, BreachRisk, Capacity, Channel, HandOver


def _line(label: Any, *, hint: Any = "", length: int = 300, required: bool = False) -> forms.CharField:
    return forms.CharField(
        label=label, help_text=hint, max_length=length, required=required,
        error_messages={"required": _("Write something first.")},
    )  # fmt: skip


def country_choices() -> list[tuple[str, str]]:
    """Every country in the active language; first the one not known."""
    return [("", gettext("not known")), *countries(get_language() or "en")]


class IntakeForm(CaseForm):
    """What was understood of a request; one field for each address in use, and empty ones for more."""

    name = _line(_("Name of whoever asks"))
    capacity = forms.ChoiceField(
        label=_("As what they ask"), choices=Capacity.choices, widget=forms.RadioSelect,
        help_text=_("Where they ask for somebody else, that person is the data subject."),
    )
    subject_name = _line(_("Name of the data subject"), hint=_("Only where somebody else asks for them."))
    subject_email = _line(_("E-mail address of the data subject"), length=320)
    added_email = _line(_("Another e-mail address"), length=320)
    added_phone = _line(_("Another phone number"))
    added_postal = forms.CharField(
        label=_("Another postal address"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )
    added_identifier = _line(_("Another customer number"))
    language = forms.ChoiceField(
        label=_("Language in which we write"), choices=settings.LANGUAGES, widget=forms.RadioSelect
    )
    channel = forms.ChoiceField(label=_("Door by which it came"), choices=Channel.choices, widget=forms.RadioSelect)
    country = forms.ChoiceField(
        label=_("Country where the person lives"), required=False,
        help_text=_("Our letters name the authority of that country too."),
    )

    def __init__(self, *args: Any, case: Case, **kwargs: Any) -> None:
        requester, subject = case.requester, case.data_subject
        acts = requester is not None and requester != subject
        kwargs.setdefault("initial", {})
        kwargs["initial"] |= {
            "name": requester.name if requester else "",
            "capacity": requester.capacity if requester else Capacity.DATA_SUBJECT,
            "subject_name": subject.name if subject and acts else "",
            "language": case.language, "channel": case.channel, "country": case.country,
        }  # fmt: skip
        super().__init__(*args, **kwargs)
        cast("forms.ChoiceField", self.fields["country"]).choices = country_choices()
        self.known = list(PartyAddress.objects.filter(party__case=case, ended_at=None).select_related("party"))
        for address in self.known:
            self.fields[f"address_{address.pk}"] = self._address_field(address)
        before = [name for name in self.fields if not name.startswith(("address_", "added_", "subject_email"))]
        at = before.index("subject_name") + 1
        addresses = [f"address_{address.pk}" for address in self.known]
        added = ["subject_email", *(name for name in self.fields if name.startswith("added_"))]
        self.order_fields([*before[:at], *addresses, *added, *before[at:]])

    def _address_field(self, address: PartyAddress) -> forms.CharField:
        is_letter = address.kind == AddressKind.POSTAL
        label = address.get_kind_display().capitalize()
        whose = "" if address.party.is_requester else gettext("Of the data subject.") + " "
        return forms.CharField(
            label=label, required=False, max_length=500, initial=address.value,
            help_text=whose + gettext("Another one is neither confirmed nor on file. Empty: not used any more."),
            widget=forms.Textarea(attrs={"rows": 3}) if is_letter else forms.TextInput(),
        )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """Each new address has the error beside its own field."""
        typed = super().clean() or {}
        new = {f"added_{kind.value}": kind.value for kind in AddressKind} | {"subject_email": AddressKind.EMAIL.value}
        new |= {f"address_{address.pk}": address.kind for address in self.known}
        for name, kind in new.items():
            if typed.get(name) and name in self.changed_data:
                try:
                    address_checked(kind, typed[name])
                except DomainError as error:
                    self.add_error(name, str(error))
        return typed

    @property
    def facts(self) -> IntakeFacts:
        """What was typed, for the service."""
        typed = self.cleaned_data
        told = ("name", "capacity", "language", "channel", "country", "subject_name", "subject_email")
        return IntakeFacts(
            **{name: typed[name] for name in told},
            addresses={address.pk: typed[f"address_{address.pk}"] for address in self.known},
            added=[(kind.value, typed[f"added_{kind.value}"]) for kind in AddressKind],
        )


class ReclassifyForm(CaseForm):
    """Another right, with what shows that it is meant."""

    errors_of = {
        "right_same": "right", "right_exists": "right", "right_unknown": "right", "right_not_here": "right",
        "reason_missing": "reason",
    }  # fmt: skip

    right = forms.ChoiceField(label=_("The right that is meant"))
    reason = words_field(_("What in the request shows it"), _("Stays in the journal."))

    def __init__(self, *args: Any, case_right: CaseRight, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = rights_of(case_right.case.organisation, without=[case_right.right])
        cast("forms.ChoiceField", self.fields["right"]).choices = others


class ForwardForm(RightsForm):
    """To which controller the request goes, and why it is theirs."""

    errors_of = {
        **RightsForm.errors_of, "client_missing": "name", "client_elsewhere": "client", "email_missing": "email",
        "why_missing": "why",
    }  # fmt: skip

    client = forms.ChoiceField(label=_("Who decides on the processing"), required=False)
    name = _line(_("Its name"), hint=_("Only where it is not in the list."), length=200)
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
    note = _line(_("What is known of their answer"), length=LONG)


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


class MergeForm(CaseForm):
    """The older case that this one joins, and that it is one person."""

    errors_of = {
        "merge_same": "into", "merge_elsewhere": "into", "merge_other_way": "into", "answered_there": "into",
        "persons_differ": "is_same_person",
    }  # fmt: skip

    into = forms.CharField(
        label=_("Reference of the case that goes on"), max_length=40,
        error_messages={"required": _("Give the reference of the case.")},
    )
    is_same_person = forms.BooleanField(
        label=_("I have looked at the differences: it is one person"), required=False,
        help_text=_("Two persons may share a mailbox. Whoever joins here can read what we write."),
    )

    def __init__(self, *args: Any, cases: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.cases = cases

    def clean_into(self) -> Case:
        """The case, if it is one that the member sees."""
        reference = reference_parse(self.cleaned_data["into"])
        case: Case | None = self.cases.filter(reference=reference).first() if reference else None
        if case is None:
            raise forms.ValidationError(_("No case has this reference. Look for a mistyped character."))
        return case


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
    reference = _line(_("The authority’s reference"), length=100)
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
    note = _line(_("How it ended"), length=LONG)


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
    delay_reason = _line(_("Reasons for the delay"), hint=_("Only after the hours the law gives."), length=LONG)


class PersonsToldForm(DeskForm):
    """When the persons were told."""

    errors_of = {"told_in_future": "told_at", "told_before_aware": "told_at"}

    told_at = moment_field(_("The persons were told at"), "")


class BreachCloseForm(DeskForm):
    """Why nobody was told, where the law would have it."""

    errors_of = {"note_missing": "note"}

    note = _line(
        _("Why the authority or the persons are not told"), hint=_("Only where one of them was not."), length=LONG
    )
