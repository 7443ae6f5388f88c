"""What the desk's forms accept. They check shape only: every rule of the domain stands in the services."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, cast

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from dsar.core.errors import DomainError
from dsar.core.models import Membership, Organisation, Team
from dsar.core.rights import RIGHTS
from dsar.core.templatetags.dsar_format import article, day
from dsar.core.uploads import FilesField, desk_limits
from requests_app.desk_fields import LONG, moment_field, person_writes, words_field
from requests_app.grounds import GROUNDS, Ground
from requests_app.models import Case, CaseRight
from requests_app.references import reference_parse
from requests_app.rights_table import FULL_REFUSALS, RULES
from requests_app.vocabulary import Delivery, ItemState, Outcome


class DeskForm(forms.Form):
    """A form whose mistakes a service may name: `errors_of` says which of its codes belongs to which field.

    It also keeps what became of the act, for the page that shows it again (see `desk_acts`).
    """

    errors_of: dict[str, str] = {}
    refused_with = 422
    notice = ""  # what the top of the page says beside the errors
    result: Any = None  # what the service answered, once the act is done

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)

    def refuse(self, error: DomainError, *, status: int = 422) -> None:
        """Show a refusal of the service at the field it is about, else above the form."""
        field = self.errors_of.get(error.code)
        self.add_error(field if field in self.fields else None, str(error.message))
        self.refused_with = status

    def renew(self, version: int, notice: str) -> None:
        """Let the form be sent again as it was typed, by somebody who reads `notice` and the case as it is now."""
        typed = QueryDict(mutable=True)
        typed.update(self.data)
        typed["version"] = str(version)
        self.data, self.notice = typed, notice
        self.errors.clear()

    @property
    def refused(self) -> "list[DeskForm]":
        """This form in a list where it has errors, for the summary on top of the page."""
        return [self] if self.is_bound and self.errors else []

    @property
    def status(self) -> int:
        """The HTTP status of a page that shows this form."""
        return self.refused_with if self.refused or self.notice else 200


class CaseForm(DeskForm):
    """A form on a case: it carries the version that its reader saw (see services.case_touch)."""

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)


def _choice(form: forms.Form, name: str) -> forms.ChoiceField:
    """The field of that name, of which the form's makers know that it is a choice."""
    return cast("forms.ChoiceField", form.fields[name])


class DecisionForm(CaseForm):
    """Outcome, ground and reasons: only what this right allows."""

    errors_of = {
        "outcome_not_possible": "outcome",
        "ground_missing": "ground",
        "ground_not_possible": "ground",
        "redact_instead": "ground",
        "reasoning_missing": "reasoning",
        "withheld_missing": "withheld",
        "evidence_missing": "evidence",
        "provision_missing": "provision",
        "kept_until_missing": "kept_until",
        "kept_until_past": "kept_until",
        "not_asked": "asked_on",
        "asked_on_impossible": "asked_on",
        "asked_how_missing": "asked_how",
        "refusal_late": "late_refusal",
    }

    outcome = forms.ChoiceField(
        label=_("Outcome"), widget=forms.RadioSelect, error_messages={"required": _("Choose the outcome.")}
    )
    ground = forms.ChoiceField(
        label=_("Ground"), required=False, help_text=_("Only what the law allows for this right. ● needs evidence.")
    )
    withheld = forms.CharField(label=_("What is withheld"), required=False, max_length=LONG)
    reasoning = words_field(_("Reasons"), rows=5, required=False)
    evidence = forms.CharField(label=_("Evidence"), required=False, max_length=LONG,
                               help_text=_("Where the proof is. It stays on the case and is not in the letter."))
    provision = forms.CharField(label=_("Provision of the law"), required=False, max_length=300,
                                help_text=_("Act and article, where a law keeps the data or forbids to answer."))
    kept_until = forms.DateField(
        label=_("Kept until"), required=False, widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("The last day on which what is not erased is kept."),
        error_messages={"invalid": _("Give a date as 2026-04-07.")},
    )
    asked_on = forms.DateField(
        label=_("Asked by another way on"), required=False, widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"invalid": _("Give a date as 2026-04-07.")},
    )
    asked_how = forms.CharField(label=_("How, and where that can be seen"), required=False, max_length=LONG)
    late_refusal = forms.BooleanField(label=_("I know that this refusal is late"), required=False)

    def __init__(
        self, *args: Any, case_right: CaseRight, is_late: bool = False, asked: Mapping[str, date], **kwargs: Any
    ) -> None:
        """`is_late`: the first month, within which a refusal had to be told, is over. `asked`: when which kind of
        question left (`services.asked_days`).
        """
        super().__init__(*args, **kwargs)
        rules = RULES[case_right.right]
        grounds = [GROUNDS[code] for code in rules.grounds]
        outcome, ground = _choice(self, "outcome"), _choice(self, "ground")
        outcome.choices = [(option.value, option.label) for option in rules.chosen]
        ground.choices = [("", _("None")), *((one.code, _ground_option(one, asked)) for one in grounds)]
        self.never_asked = [one.label for one in grounds if one.asked_first and one.asked_first.kind not in asked]
        if not rules.bears_data:
            self.fields["withheld"].label = gettext("What is not done")
        used = {
            "ground": bool(grounds),
            "withheld": Outcome.GRANTED_PARTLY in rules.chosen,
            "evidence": any(one.needs_evidence for one in grounds),
            "provision": any(one.needs_provision for one in grounds),
            "kept_until": any(one.needs_end for one in grounds),
            "asked_on": bool(self.never_asked),
            "asked_how": bool(self.never_asked),
            "late_refusal": is_late and bool(FULL_REFUSALS.intersection(rules.chosen)),
        }
        for name in (name for name, is_used in used.items() if not is_used):
            del self.fields[name]
        hint = " ".join(filter(None, (gettext("Goes into the letter."), str(rules.tells))))
        person_writes(self.fields["reasoning"], hint, case_right.case.language)


def _ground_option(ground: Ground, asked: Mapping[str, date]) -> str:
    """A ground to choose; one that says that we asked first tells whether we did."""
    name = ground_name(ground.code)
    if ground.asked_first is None:
        return name
    if ground.asked_first.kind not in asked:
        return gettext("%(ground)s (ask first)") % {"ground": name}
    return gettext("%(ground)s (asked on %(day)s)") % {"ground": name, "day": day(asked[ground.asked_first.kind])}


def ground_name(code: str) -> str:
    """A ground in words, with its article and the mark of those that need evidence."""
    ground = GROUNDS[code]
    mark = " ●" if ground.needs_evidence else ""
    cited = {"ground": ground.label, "article": article(ground.article)}
    return gettext("%(ground)s, article %(article)s") % cited + mark


class ReviewForm(CaseForm):
    """Approve, with a note where there is something to say."""

    note = words_field(_("Note"), required=False, hint=_("Stays on the case."))


class SendBackForm(CaseForm):
    """Send a decision back to its author."""

    errors_of = {"note_missing": "note"}

    note = words_field(_("What must change"))


class SingleHandedForm(CaseForm):
    """The author lets the decision stand alone, where nobody else may review it."""

    errors_of = {"reason_missing": "reason"}

    reason = words_field(_("Why no second person reviews this decision"))


PASSPHRASE_WAYS = [("", _("Choose")), ("phone", _("by phone")), ("post", _("by post"))]


class ReleaseForm(CaseForm):
    """How the answer reaches the person."""

    errors_of = {
        "two_channels_missing": "delivery",
        "single_channel_reason_missing": "single_channel_reason",
        "passphrase_way_missing": "passphrase_by",
    }

    delivery = forms.ChoiceField(
        label=_("Delivery"), choices=Delivery.choices, widget=forms.RadioSelect, required=False
    )
    single_channel_reason = forms.CharField(
        label=_("Why one channel must be enough"), required=False, max_length=LONG,
        help_text=_("Only for the encrypted delivery. Kept on the case."),
    )
    passphrase_by = forms.ChoiceField(
        label=_("How the passphrase is told"),
        choices=PASSPHRASE_WAYS,
        required=False,
        help_text=_("Only for the encrypted delivery. Never by the mailbox that the request came from."),
    )


class ResealForm(CaseForm):
    """A new passphrase for an answer whose first one was lost."""

    errors_of = {"reseal_reason_missing": "reason", "passphrase_way_missing": "passphrase_by"}

    reason = forms.CharField(label=_("Why a new passphrase is needed"), required=False, max_length=LONG)
    passphrase_by = forms.ChoiceField(label=_("How the passphrase is told"), choices=PASSPHRASE_WAYS, required=False)


class ChecklistForm(CaseForm):
    """One item of the checklist: done, justified in words, or open again."""

    errors_of = {"justification_missing": "note"}

    state = forms.ChoiceField(choices=ItemState.choices)
    note = forms.CharField(label=_("Why it is not in the answer"), required=False, max_length=LONG)


class NoteForm(DeskForm):
    """An internal note."""

    errors_of = {"message_empty": "body", "message_too_long": "body"}

    body = words_field(
        _("Internal note"),
        rows=4,
        hint=_("The person may one day read it: it is data about them (article 15)."),
    )


class MessageForm(CaseForm):
    """A message to the person."""

    errors_of = {
        "message_empty": "body", "message_too_long": "body", "upload_too_many": "documents",
        "upload_too_large": "documents", "upload_empty": "documents",
    }

    body = words_field(
        _("Message to the person"),
        rows=4,
        required=False,
        hint=_("Read on the tracking page. A mail announces it without its content."),
    )
    documents = FilesField(
        label=_("Files for the person"),
        limits=desk_limits,
        help_text=_("They leave the tracking page only after a second channel."),
    )


class TaskFinishForm(DeskForm):
    """What came out of a task."""

    note = forms.CharField(label=_("What was done"), required=False, max_length=LONG)


class MessageRightForm(CaseForm):
    """A right that a message invokes for the first time; its clock counts from the arrival of the message."""

    errors_of = {"right_exists": "right", "right_not_here": "right", "right_unknown": "right"}

    right = forms.ChoiceField(label=_("Right"))
    detail = words_field(_("In the person’s words"), rows=2, required=False)

    def __init__(self, *args: Any, organisation: Organisation, taken: Iterable[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _choice(self, "right").choices = rights_of(organisation, without=taken)


class RightAddForm(MessageRightForm):
    """A right that the person invoked later; it has a clock of its own."""

    field_order = ("version", "right", "received_at", "detail")
    errors_of = {**MessageRightForm.errors_of, "received_in_future": "received_at"}

    received_at = moment_field(
        _("Arrived at"), _("Date and time at which the person asked for it. Its clock starts there.")
    )


def rights_of(organisation: Organisation, *, without: Iterable[str] = ()) -> list[tuple[str, str]]:
    """The rights that exist in the organisation's country, by code, with name and article."""
    left_out = set(without)
    return [
        (
            right.code,
            gettext("%(right)s, article %(article)s") % {"right": right.name, "article": article(right.article)},
        )
        for right in RIGHTS.values()
        if right.code not in left_out and (not right.countries or organisation.country in right.countries)
    ]


class MailOpenForm(DeskForm):
    """Which rights a mail in triage invokes."""

    errors_of = {"no_right": "rights", "right_unknown": "rights", "right_not_here": "rights"}

    rights = forms.MultipleChoiceField(
        label=_("What the person asks for"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one right.")},
    )

    def __init__(self, *args: Any, organisation: Organisation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _choice(self, "rights").choices = rights_of(organisation)


class MailFileForm(DeskForm):
    """The case that a mail belongs to, by its reference."""

    errors_of = {"case_elsewhere": "reference"}

    reference = forms.CharField(
        label=_("Reference of the case"),
        max_length=40,
        help_text=_("Where it belongs to a request that is open already. Look first who sent it."),
        error_messages={"required": _("Give the reference of the case.")},
    )

    def __init__(self, *args: Any, cases: QuerySet[Case], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.cases = cases

    def clean_reference(self) -> Case:
        """The case of that reference, among those that the member may see."""
        reference = reference_parse(self.cleaned_data["reference"])
        case = self.cases.filter(reference=reference).first() if reference else None
        if case is None:
            raise forms.ValidationError(_("No case has this reference. Look for a mistyped character."))
        return case


class MailSetAsideForm(DeskForm):
    """Why a mail is not a request."""

    errors_of = {"reason_missing": "reason"}

    reason = forms.CharField(
        label=_("Why it is no request"), max_length=500, error_messages={"required": _("Say why it is no request.")}
    )


class LanguageForm(forms.Form):
    """The language of a member's desk pages."""

    language = forms.ChoiceField(choices=[("fr", "fr"), ("en", "en")])


class CalendarFeedForm(DeskForm):
    """Which due dates a calendar link shows: the member's own, or those of one of their teams."""

    team = forms.ChoiceField(label=_("Which dates"), required=False)

    def __init__(self, *args: Any, memberships: Iterable[Membership], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        in_teams = [row for row in memberships if row.team]
        self.teams = {str(row.team_id): row.team for row in in_teams}
        _choice(self, "team").choices = [
            ("", gettext("The cases I handle")),
            *((str(row.team_id), f"{row.team} · {row.organisation}") for row in in_teams),
        ]

    def clean_team(self) -> Team | None:
        """The team, None for the member's own cases."""
        return self.teams.get(self.cleaned_data["team"])
