"""What the pages about clocks accept: a question, its answer, an extension, a corrected arrival."""

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from requests_app.desk_fields import LONG, day_field, moment_field, person_writes, words_field
from requests_app.desk_forms import CaseForm
from requests_app.models import Case, CaseRight
from requests_app.vocabulary import ExtensionReason, SuspensionReason, Way


class RightsForm(CaseForm):
    """A form about some rights of the case; `rights` are those it may name."""

    errors_of = {"rights_missing": "rights", "right_never_suspended": "rights", "right_not_askable": "rights",
                 "right_answered": "rights"}  # fmt: skip

    rights = forms.MultipleChoiceField(
        label=_("Rights"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one right.")},
    )

    def __init__(self, *args: Any, rights: Sequence[CaseRight], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known = {right.right: right for right in rights}
        field = cast("forms.MultipleChoiceField", self.fields["rights"])
        field.choices = [(right.right, right.definition.name) for right in rights]

    def clean_rights(self) -> list[CaseRight]:
        """The rows of the chosen codes."""
        return [self.known[code] for code in self.cleaned_data["rights"]]


class SuspendForm(RightsForm):
    """A question to the person, without whose answer some rights cannot go on."""

    errors_of = {
        **RightsForm.errors_of,
        "why_missing": "why", "identity_established": "reason", "no_way_to_ask": "way",
        "message_empty": "body", "message_too_long": "body",
        "sent_on_missing": "sent_on", "sent_on_impossible": "sent_on",
    }  # fmt: skip

    reason = forms.ChoiceField(
        label=_("What must be known"), choices=SuspensionReason.choices, widget=forms.RadioSelect,
        error_messages={"required": _("Choose what must be known.")},
    )
    why = words_field(
        _("Why the answer is needed"),
        _("The reasonable doubt, or why the scope is unclear. Stays on the case, and an authority may read it."),
    )
    is_voluminous = forms.BooleanField(
        label=_("We process a large quantity of information about this person"),
        help_text=_("Only then may the scope be asked (recital 63); without it the pause is open to challenge."),
        required=False,
    )
    body = words_field(_("The question"), "", rows=5)
    way = forms.ChoiceField(
        label=_("How it leaves"), choices=Way.choices, widget=forms.RadioSelect, initial=Way.PAGE,
        error_messages={"required": _("Choose how it leaves.")},
    )
    sent_on = day_field(
        _("The letter left on"), _("Only by post: the clock stands still from that day."), required=False
    )

    def __init__(self, *args: Any, case: Case, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        person_writes(self.fields["body"], gettext("Ask for as little as removes the doubt."), case.language)
        if case.identity_established_at is not None:  # no doubt is left to ask about
            reason = cast("forms.ChoiceField", self.fields["reason"])
            reason.choices = [(SuspensionReason.CLARIFY.value, SuspensionReason.CLARIFY.label)]
            reason.initial = SuspensionReason.CLARIFY
            reason.help_text = gettext("Identity is established, so there is no doubt left to ask about.")


class AnswerForm(CaseForm):
    """When the answer to a question arrived."""

    errors_of = {"answered_in_future": "answered_at", "answered_before_asked": "answered_at"}

    answered_at = moment_field(_("The answer arrived at"), _("By post or by phone. The clock runs on from there."))


class ContinueForm(CaseForm):
    """Why what the person wrote does not answer the question."""

    errors_of = {"reason_missing": "reason"}

    reason = forms.CharField(
        label=_("Why this is not the answer"), max_length=LONG, error_messages={"required": _("Write something first.")}
    )


class ExtendForm(CaseForm):
    """Two further months, with one of the reasons that the law knows."""

    errors_of = {"reasoning_missing": "reasoning"}

    reason = forms.ChoiceField(
        label=_("Reason"), choices=ExtensionReason.choices, widget=forms.RadioSelect,
        error_messages={"required": _("Choose the reason.")},
    )
    reasoning = words_field(_("What makes it long, in words"), "", rows=4)

    def __init__(self, *args: Any, language: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        hint = gettext("Goes into the notice, and leaves by e-mail: no personal data here.")
        person_writes(self.fields["reasoning"], hint, language)


class PostForm(CaseForm):
    """On which day a printed notice left."""

    errors_of = {"sent_on_missing": "sent_on", "sent_on_impossible": "sent_on"}

    sent_on = day_field(_("The letter left on"), _("The extension holds from that day."), required=True)


class ReceiptForm(RightsForm):
    """Another day of arrival, with how it is known."""

    errors_of = {
        **RightsForm.errors_of,
        "received_in_future": "received_at", "reason_missing": "reason", "event_before_receipt": "received_at",
    }  # fmt: skip

    received_at = moment_field(
        _("Arrived at"), _("When it reached the organisation by any of its doors, even at night or at another desk.")
    )
    reason = words_field(
        _("How the right day is known"), _("For example the stamp on the letter. Stays in the journal.")
    )
