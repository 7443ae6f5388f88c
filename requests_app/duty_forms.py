"""What the pages about single rights accept: restrictions, statements, reviews, directives, recipients, safeguards."""

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from dsar.core.uploads import FilesField, desk_limits
from requests_app.desk_fields import LONG, day_field, moment_field, person_writes, words_field
from requests_app.desk_forms import CaseForm
from requests_app.models import Directive, RecipientNotice
from requests_app.vocabulary import (
    DirectiveKind,
    EntitledAs,
    EntitlementProof,
    HumanOutcome,
    NoticeState,
    RestrictionGround,
)


class RestrictForm(CaseForm):
    """Which data are only stored from now on, why, and when somebody looks again."""

    errors_of = {"ground_not_possible": "ground", "scope_missing": "scope", "review_not_later": "review_on"}

    ground = forms.ChoiceField(
        label=_("Ground"), widget=forms.RadioSelect, error_messages={"required": _("Choose the ground.")}
    )
    scope = words_field(_("Which data"), "", rows=2)
    review_on = day_field(_("Look again on"), _("On that day the desk opens a task."), required=True)

    def __init__(self, *args: Any, grounds: Sequence[RestrictionGround], language: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast("forms.ChoiceField", self.fields["ground"])
        field.choices = [(ground.value, ground.label) for ground in grounds]
        if len(grounds) == 1:
            field.initial = grounds[0].value
        person_writes(self.fields["scope"], gettext("Stands in the letter before lifting."), language)


class ProlongForm(CaseForm):
    """Why a restriction goes on, and until when."""

    errors_of = {"why_missing": "why", "review_not_later": "review_on"}

    review_on = day_field(_("Look again on"), "", required=True)
    why = words_field(_("Why it goes on"), _("Stays on the case."), rows=2)


class LiftingForm(CaseForm):
    """Why a restriction ends, as the person reads it before."""

    errors_of = {"reason_missing": "reason"}

    reason = words_field(_("Why the restriction ends"), "")

    def __init__(self, *args: Any, language: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        person_writes(self.fields["reason"], gettext("Goes into the letter."), language)


class LiftingPostForm(CaseForm):
    """On which day the printed letter left."""

    errors_of = {"sent_on_missing": "sent_on", "sent_on_impossible": "sent_on"}

    sent_on = day_field(_("The letter left on"), _("From then on the restriction may be lifted."), required=True)


class StatementForm(CaseForm):
    """What the person states about data that we do not correct."""

    errors_of = {
        "message_empty": "text", "message_too_long": "text", "received_in_future": "received_at",
        "received_before_request": "received_at",
    }  # fmt: skip

    text = words_field(_("The statement, in the person’s words"), "", rows=4)
    received_at = moment_field(_("Arrived at"), "")


class StatementAttachForm(CaseForm):
    """Where the statement stands."""

    errors_of = {"where_missing": "where", "on_impossible": "on"}

    where = forms.CharField(
        label=_("Where it stands now"),
        help_text=_("So that whoever uses the data reads it too: “CRM, note on the client file”."),
        max_length=LONG,
        error_messages={"required": _("Say where the statement stands now, so that anybody finds it.")},
    )
    on = day_field(_("Since"), "", required=True)


class HumanReviewForm(CaseForm):
    """Who looked at an automated decision, and what came of it."""

    errors_of = {
        "decision_missing": "decision_reviewed", "reviewer_missing": "reviewer", "competence_missing": "competence",
        "reasons_missing": "reasons", "reviewed_in_future": "reviewed_on", "reviewed_before": "reviewed_on",
    }  # fmt: skip

    decision_reviewed = words_field(_("Decision reviewed"), _("What was decided by the machine, and when."), rows=2)
    reviewer = forms.CharField(
        label=_("Who reviewed it"), help_text=_("Function or name, as the letter gives it."), max_length=300,
        error_messages={"required": _("Say who reviewed it, by function or by name.")},
    )
    competence = words_field(
        _("Competence"), _("Why this person can judge it, and that they may change it."), rows=2
    )
    reviewed_on = day_field(_("Reviewed on"), "", required=True)
    person_view = words_field(
        _("The person’s view"), _("What they said, as it was considered. Empty where they said nothing."),
        required=False,
    )
    outcome = forms.ChoiceField(
        label=_("The decision is"), choices=HumanOutcome.choices, widget=forms.RadioSelect,
        error_messages={"required": _("Choose the outcome.")},
    )
    reasons = words_field(_("Reasons"), "", rows=4)

    def __init__(self, *args: Any, language: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        person_writes(self.fields["reasons"], gettext("Repeat them in the decision."), language)


class DirectiveForm(CaseForm):
    """What a person wants done after their death, and by what they will be found then."""

    errors_of = {"text_missing": "text", "name_missing": "name"}

    kind = forms.ChoiceField(
        label=_("Kind"), choices=DirectiveKind.choices, widget=forms.RadioSelect, initial=DirectiveKind.PARTICULAR,
        error_messages={"required": _("Choose the kind.")},
    )
    text = words_field(
        _("What the person wants"),
        _("Kept, erased or handed over, in their words. For general directives: where they are kept."), rows=5,
    )
    name = forms.CharField(
        label=_("Name of the person"), max_length=300,
        error_messages={"required": _("Give the name: after the death the directives are looked for by it.")},
    )
    email = forms.EmailField(label=_("E-mail address"), required=False)
    identifier = forms.CharField(label=_("Customer number"), required=False, max_length=200)
    executor = words_field(
        _("Who carries them out"),
        _("Name, and how to reach them. Empty where nobody is named: then the heirs may ask for it."),
        rows=2,
        required=False,
    )


class CarryOutForm(CaseForm):
    """What was done of the directives of a person who died."""

    errors_of = {"note_missing": "note"}

    note = words_field(_("What was done"), "")


class EntitlementForm(CaseForm):
    """Why somebody may act for a person who died, and what was seen."""

    errors_of = {"proof_not_fitting": "proof", "directive_missing": "directive"}

    entitled_as = forms.ChoiceField(
        label=_("They act as"), choices=EntitledAs.choices, widget=forms.RadioSelect,
        error_messages={"required": _("Choose as what they act.")},
    )
    proof = forms.ChoiceField(
        label=_("Proof seen"), help_text=_("Look at it and give it back: no copy is kept."),
        choices=EntitlementProof.choices, widget=forms.RadioSelect,
        error_messages={"required": _("Choose what you saw.")},
    )
    directive = forms.ChoiceField(label=_("Directives that name them"), required=False)
    note = words_field(
        _("Note"), _("For directives of a trusted third party: who keeps them, and what they say."), rows=2,
        required=False,
    )

    def __init__(self, *args: Any, directives: Sequence[Directive], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known = {str(directive.pk): directive for directive in directives}
        cast("forms.ChoiceField", self.fields["directive"]).choices = [
            ("", gettext("None of ours")),
            *((key, f"{directive.name}, {directive.get_kind_display()}") for key, directive in self.known.items()),
        ]

    def clean_directive(self) -> Directive | None:
        """The directives that were chosen."""
        return self.known.get(self.cleaned_data["directive"])


class RecipientsForm(CaseForm):
    """What became of telling the ticked recipients."""

    errors_of = {
        "notices_missing": "notices", "notified_on_missing": "notified_on", "notified_on_impossible": "notified_on",
        "means_missing": "means", "why_missing": "why",
    }  # fmt: skip

    notices = forms.MultipleChoiceField(
        label=_("Recipients"), widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Tick at least one recipient.")},
    )
    state = forms.ChoiceField(
        label=_("What became of it"), choices=NoticeState.choices, widget=forms.RadioSelect,
        error_messages={"required": _("Choose what became of it.")},
    )
    notified_on = day_field(_("Told on"), "", required=False)
    means = forms.CharField(
        label=_("By what means"), help_text=_("For example e-mail, interface, registered letter."), max_length=300,
        required=False,
    )
    why = words_field(
        _("Why it is impossible, or takes a disproportionate effort"), _("The burden of proof is ours."), rows=2,
        required=False,
    )

    def __init__(self, *args: Any, lines: Sequence[RecipientNotice], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known = {str(line.pk): line for line in lines}
        field = cast("forms.MultipleChoiceField", self.fields["notices"])
        field.choices = [(key, line.name) for key, line in self.known.items()]

    @property
    def rows(self) -> list[tuple[RecipientNotice, forms.boundfield.BoundWidget | None]]:
        """Every line with its box."""
        boxes = {str(box.data["value"]): box for box in self["notices"]}
        return [(line, boxes.get(key)) for key, line in self.known.items()]

    def clean_notices(self) -> list[RecipientNotice]:
        """The lines that were ticked."""
        return [self.known[key] for key in self.cleaned_data["notices"]]


class SafeguardsForm(CaseForm):
    """What is sent beside the safeguards that the record states."""

    errors_of = {
        "safeguards_missing": "text", "message_too_long": "text", "upload_too_many": "documents",
        "upload_too_large": "documents", "upload_empty": "documents",
    }  # fmt: skip

    text = words_field(_("Words of your own"), "", required=False)
    documents = FilesField(
        label=_("Documents"),
        limits=desk_limits,
        help_text=_("The clauses or rules themselves; take out first what is a business secret."),
    )

    def __init__(self, *args: Any, language: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        person_writes(self.fields["text"], gettext("Goes to the person below the list."), language)
