"""What the pages accept that put right how a request was understood."""

from typing import Any, cast

from django import forms
from django.conf import settings
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from dsar.core.errors import DomainError
from requests_app.addresses import address_checked
from requests_app.desk_fields import line_field, words_field
from requests_app.desk_forms import CaseForm, rights_of
from requests_app.form_choices import countries
from requests_app.models import Case, CaseRight, PartyAddress
from requests_app.references import reference_parse
from requests_app.services import IntakeFacts
from requests_app.vocabulary import AddressKind, Capacity, Channel


def country_choices() -> list[tuple[str, str]]:
    """Every country in the active language; first the one not known."""
    return [("", gettext("not known")), *countries(get_language() or "en")]


class IntakeForm(CaseForm):
    """What was understood of a request; one field for each address in use, and empty ones for more."""

    name = line_field(_("Name of whoever asks"))
    capacity = forms.ChoiceField(
        label=_("As what they ask"), choices=Capacity.choices, widget=forms.RadioSelect,
        help_text=_("Where they ask for somebody else, that person is the data subject."),
    )
    subject_name = line_field(_("Name of the data subject"), hint=_("Only where somebody else asks for them."))
    subject_email = line_field(_("E-mail address of the data subject"), length=320)
    added_email = line_field(_("Another e-mail address"), length=320)
    added_phone = line_field(_("Another phone number"))
    added_postal = forms.CharField(
        label=_("Another postal address"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )
    added_identifier = line_field(_("Another customer number"))
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
        """The version, and the rest as the service takes it; each new address has the error beside its own field."""
        typed: dict[str, Any] = super().clean() or self.cleaned_data
        new = {f"added_{kind.value}": kind.value for kind in AddressKind} | {"subject_email": AddressKind.EMAIL.value}
        new |= {f"address_{address.pk}": address.kind for address in self.known}
        for name, kind in new.items():
            if typed.get(name) and name in self.changed_data:
                try:
                    address_checked(kind, typed[name])
                except DomainError as error:
                    self.add_error(name, str(error))
        if self.errors:
            return typed
        told = ("name", "capacity", "language", "channel", "country", "subject_name", "subject_email")
        facts = IntakeFacts(
            **{name: typed[name] for name in told},
            addresses={address.pk: typed[f"address_{address.pk}"] for address in self.known},
            added=[(kind.value, typed[f"added_{kind.value}"]) for kind in AddressKind],
        )
        return {"version": typed["version"], "facts": facts}


class ReclassifyForm(CaseForm):
    """Another right, with what shows that it is meant."""

    errors_of = {
        "right_same": "right", "right_exists": "right", "right_unknown": "right", "right_not_here": "right",
        "reason_missing": "reason",
    }  # fmt: skip

    right = forms.ChoiceField(
        label=_("The right that is meant"), error_messages={"required": _("Choose the right that is meant.")}
    )
    reason = words_field(_("What in the request shows it"), _("Stays in the journal."))

    def __init__(self, *args: Any, case_right: CaseRight, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = rights_of(case_right.case.organisation, without=[case_right.right])
        cast("forms.ChoiceField", self.fields["right"]).choices = [("", gettext("Choose")), *others]


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
