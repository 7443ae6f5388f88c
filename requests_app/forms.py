"""The public form: three pages of questions, read together at every step, and the request they add up to.

Nothing that is typed is stored before sending: each page carries what was typed on the others, so going back, reloading
or an expired session loses nothing. Files that are attached wait under the token that travels along.
"""

import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, ClassVar, cast

from django import forms
from django.http import QueryDict
from django.utils.translation import get_language, ngettext_lazy
from django.utils.translation import gettext_lazy as _

from dsar.core.errors import DomainError
from dsar.core.hashing import keyed_hash
from dsar.core.models import StoredFile
from dsar.core.rights import RIGHTS
from dsar.core.uploads import FilesField, public_limits, uploads_check
from requests_app.addresses import address_checked
from requests_app.form_choices import CAPACITIES, capacities_for, choices_for, countries
from requests_app.incoming import IncomingRequest, RightInvoked
from requests_app.vocabulary import ACTING, AddressKind, Capacity, Channel

LONG_TEXT = 5_000  # characters
# Everything that is no text: C0 and C1 controls except tab and line feed, and half of a surrogate pair.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_TOKEN = re.compile(r"[0-9a-f]{32}")
_ANY_INSTANT = datetime(2000, 1, 1, tzinfo=UTC)  # the same request sent twice arrives at two instants


def text_clean(text: str) -> str:
    """The text with line ends as \\n and without control characters."""
    return _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


# For a text over its limit; it says how long the text is.
TOO_LONG = ngettext_lazy(
    "Shorten this text: %(limit_value)d character at most, yours has %(show_value)d.",
    "Shorten this text: %(limit_value)d characters at most, yours has %(show_value)d.",
    "limit_value",
)


class TextField(forms.CharField):
    """A text of any alphabet, cleaned of what is no text; the browser never cuts what was typed."""

    def __init__(self, *, limit: int, long: bool = False, autocomplete: str = "", **options: Any) -> None:
        widget = forms.Textarea(attrs={"rows": 5}) if long else forms.TextInput()
        if autocomplete:
            widget.attrs["autocomplete"] = autocomplete
        super().__init__(
            max_length=limit, required=False, widget=widget, error_messages={"max_length": TOO_LONG}, **options
        )

    def to_python(self, value: Any) -> str:
        return super().to_python(text_clean(value) if isinstance(value, str) else value) or ""

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {name: value for name, value in super().widget_attrs(widget).items() if name != "maxlength"}


class PublicForm(forms.Form):
    """One page of questions."""

    use_required_attribute = False


class QuestionForm(PublicForm):
    """One page of the request form; `country` is the organisation's and limits what a national law gives."""

    def __init__(self, *args: Any, country: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.here = country

    @property
    def rights_ticked(self) -> list[str]:
        """Codes as they were sent, from whichever page: every page of the form is read with all answers."""
        return self.data.getlist("right") if isinstance(self.data, QueryDict) else []


def _choices_set(form: forms.Form, name: str, choices: list[tuple[str, Any]]) -> None:
    """What may be chosen here, which depends on the organisation."""
    cast("forms.ChoiceField", form.fields[name]).choices = choices


def _forget_errors(form: forms.Form, *names: str) -> None:
    """A follow-up that was not asked is hidden: nothing in it is to mend."""
    for name in names:
        form.errors.pop(name, None)


class WantForm(QuestionForm):
    """Page 1: what the person asks."""

    right = forms.MultipleChoiceField(
        required=False, error_messages={"invalid_choice": _("Tick one of the requests on this page.")}
    )
    text = TextField(
        label=_("Anything else we should know?"),
        help_text=_("For instance where we met you: a shop, a website, a letter."),
        limit=LONG_TEXT,
        long=True,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = choices_for(self.here)
        _choices_set(self, "right", [(choice.code, choice.right.verb) for choice in offered])
        for choice in offered:
            self.fields[f"detail_{choice.code}"] = TextField(
                label=choice.detail_label, help_text=choice.detail_hint, limit=LONG_TEXT, long=True
            )
            self.fields[f"detail_{choice.code}"].widget.attrs["rows"] = 3

    def clean(self) -> dict[str, Any]:
        """Words without a ticked box are a question; only an empty page says nothing (GDPR art. 12(2))."""
        cleaned = super().clean() or {}
        unasked = (name for name in self.fields if name.startswith("detail_"))
        _forget_errors(self, *(name for name in unasked if name[7:] not in self.rights_ticked))
        if "right" in cleaned and not cleaned["right"] and "text" not in self.errors:
            if cleaned.get("text"):
                cleaned["right"] = ["question"]
            else:
                self.add_error("right", _("Tick at least one request, or “Something else”."))
        return cleaned


def mixes_persons(rights: list[str]) -> bool:
    """Whether the rights of a person who has died are asked beside others: one request is about one person."""
    return "post_mortem" in rights and len(rights) > 1


class WhoForm(QuestionForm):
    """Page 2: who asks, and for whom; everything optional (DESIGN §1, nothing too much is asked)."""

    capacity = forms.ChoiceField(
        required=False, error_messages={"invalid_choice": _("Choose one of the answers on this page.")}
    )
    subject_name = TextField(label=_("Name of the person you act for"), limit=300)
    subject_email = forms.EmailField(
        label=_("Their e-mail address"),
        help_text=_("If they use one with us: it helps us to find their data. We do not write there."),
        required=False,
        max_length=254,
        error_messages={
            "max_length": TOO_LONG,
            "invalid": _("Write a complete e-mail address, such as name@example.org."),
        },
    )
    name = TextField(label=_("Your name"), limit=300, autocomplete="name")
    identifier = TextField(
        label=_("Customer number"),
        help_text=_("Or an order, contract or account number: it helps us to find the data."),
        limit=200,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _choices_set(self, "capacity", [(choice.code, choice.label) for choice in capacities_for(self.here)])
        self.fields["subject_email"].widget.attrs.pop("maxlength", None)
        self.fields["subject_email"].widget.attrs["autocomplete"] = "off"

    def clean(self) -> dict[str, Any]:
        """Asking for a person who has died is acting for somebody; who asks for themselves names nobody else."""
        cleaned = super().clean() or {}
        for_the_dead = "post_mortem" in self.rights_ticked
        if mixes_persons(self.rights_ticked) and cleaned.get("capacity") == Capacity.DATA_SUBJECT:
            self.add_error(
                "capacity",
                _("You also ask for a person who has died, and one request is about one person. Choose “For a person "
                  "who has died”, or go back and untick it; then send a second request."),
            )  # fmt: skip
        if cleaned.get("capacity", "") not in ACTING:
            cleaned["capacity"] = Capacity.HEIR if for_the_dead else Capacity.DATA_SUBJECT
        if cleaned["capacity"] == Capacity.DATA_SUBJECT:
            cleaned |= {"subject_name": "", "subject_email": ""}
            _forget_errors(self, "subject_name", "subject_email")
        return cleaned


def _countries() -> list[tuple[str, Any]]:
    return [("", _("Not said")), *countries(get_language() or "en")]


class ReachForm(QuestionForm):
    """Page 3: one way to reach the person, the only thing that must be given."""

    email = forms.EmailField(
        label=_("E-mail address"),
        help_text=_("We send a mail there with a code that shows us that you read it."),
        required=False,
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={
            "max_length": TOO_LONG,
            "invalid": _("Write a complete e-mail address, such as name@example.org."),
        },
    )
    phone = TextField(label=_("Phone number"), limit=40, autocomplete="tel")
    postal = TextField(label=_("Postal address"), limit=500, long=True, autocomplete="street-address")
    key_only = forms.BooleanField(
        label=_("I will come back with the tracking key"),
        help_text=_("We write to you on the tracking page only. Whoever loses the key can no longer reach the answer."),
        required=False,
    )
    country = forms.ChoiceField(
        label=_("Country where you live"),
        help_text=_("It tells us which authority you may turn to, beside ours."),
        required=False,
        choices=_countries,
        widget=forms.Select(attrs={"autocomplete": "country"}),
        error_messages={"invalid_choice": _("Choose a country of the list, or none.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].widget.attrs.pop("maxlength", None)
        self.fields["phone"].widget.input_type = "tel"
        self.fields["postal"].widget.attrs["rows"] = 3

    def clean_phone(self) -> str:
        """Any way of writing a number, as long as there is one."""
        phone: str = self.cleaned_data["phone"]
        if phone:
            try:
                address_checked(AddressKind.PHONE, phone)
            except DomainError as error:
                raise forms.ValidationError(str(error)) from error
        return phone

    def clean(self) -> dict[str, Any]:
        """One of four ways is enough; where somebody lives is no way to reach them."""
        cleaned = super().clean() or {}
        ways = ("email", "phone", "postal", "key_only")
        if not self.errors and not any(cleaned[way] for way in ways):
            raise forms.ValidationError(
                _("Give one way to reach you, or tick “I will come back with the tracking key”.")
            )
        return cleaned


PAGES: dict[str, type[QuestionForm]] = {"want": WantForm, "who": WhoForm, "reach": ReachForm}
ORDER = (*PAGES, "check", "send")
HONEYPOT = "homepage"  # a field that people do not see; whatever is in it was written by a machine


class Answers:
    """Everything typed so far, on whichever page.

    `submission` is made on the first page and travels along, so that sending twice makes one case, and files that were
    attached are found again. `seen` says that the person has been on the check page: from then on, a changed answer
    leads back there.
    """

    HIDDEN: ClassVar[tuple[str, ...]] = ("submission", "seen")

    def __init__(self, data: QueryDict | None = None, rights: Iterable[str] = (), country: str = "") -> None:
        self.country = country
        self.data = QueryDict(mutable=True)
        for name, values in data.lists() if data is not None else ():
            self.data.setlist(name, [text_clean(str(value)) for value in values])
        if data is None:
            offered = {choice.code for choice in choices_for(country)}
            self.data.setlist("right", [code for code in rights if code in offered])
        if not _TOKEN.fullmatch(self.data.get("submission", "")):
            self.data["submission"] = uuid.uuid4().hex

    @property
    def seen(self) -> bool:
        return self.data.get("seen") == "1"

    @property
    def token(self) -> str:
        """What the files of this form wait under."""
        return str(self.data["submission"])

    def form(self, page: str, *, checked: bool) -> QuestionForm:
        """The page's form with what was typed: judged when `checked`, else as it is."""
        if checked:
            return self._bound[page]
        blank = PAGES[page](country=self.country)
        initial = {
            name: self.data.getlist(name) if isinstance(field, forms.MultipleChoiceField) else self.data.get(name)
            for name, field in blank.fields.items()
        }
        return PAGES[page](initial=initial, country=self.country)

    @cached_property
    def _bound(self) -> dict[str, QuestionForm]:
        return {page: form(self.data, country=self.country) for page, form in PAGES.items()}

    @property
    def capacity(self) -> str:
        """For whom it is asked, as the page shows it; asking for a person who has died says it by itself."""
        typed = self.data.get("capacity", "")
        if typed in [choice.code for choice in CAPACITIES]:
            return str(typed)
        return Capacity.HEIR if "post_mortem" in self.data.getlist("right") else Capacity.DATA_SUBJECT

    def first_wrong(self, before: str = "send") -> str | None:
        """The first page before that one with something to mend."""
        pages = ORDER[: ORDER.index(before)]
        return next((page for page in pages if page in PAGES and not self._bound[page].is_valid()), None)

    def carried(self, page: str) -> list[tuple[str, str]]:
        """Name and value of each hidden field that a page needs so that no answer of the others is lost."""
        if page == "check":
            self.data["seen"] = "1"
        names = [name for other, form in self._bound.items() if other != page for name in form.fields]
        trap = [HONEYPOT] if page != "want" else []  # it stands on the first page and is carried like an answer
        return [(name, value) for name in (*names, *self.HIDDEN, *trap) for value in self.data.getlist(name) if value]

    def cleaned(self) -> dict[str, Any]:
        """All answers, once every page is right."""
        return {name: value for form in self._bound.values() for name, value in form.cleaned_data.items()}

    def submission_of(self, incoming: IncomingRequest) -> str:
        """What identifies this sending: the token and the content, files included.

        The same twice is one case; a changed answer sent after going back is a request of its own and not lost.
        """
        content = repr(replace(incoming, language="", received_at=_ANY_INSTANT, spam_signs=()))
        return keyed_hash("form_submission", f"{self.data['submission']}:{content}")


def incoming_from_form(
    cleaned: Mapping[str, Any],
    *,
    organisation_slug: str,
    language: str,
    received_at: datetime,
    submission: str = "",
    files: Sequence[StoredFile] = (),
) -> IncomingRequest:
    """The request that the answers add up to; the same content by mail gives an equal one.

    `cleaned` are the cleaned fields of all pages, `received_at` an aware instant. A follow-up whose right is not ticked
    was not asked and is left out. Pure.
    """
    wanted = cleaned["right"]
    return IncomingRequest(
        organisation_slug=organisation_slug,
        language=language,
        rights=tuple(RightInvoked(code, cleaned.get(f"detail_{code}", "")) for code in RIGHTS if code in wanted),
        name=cleaned["name"],
        email=cleaned["email"],
        phone=cleaned["phone"],
        postal=cleaned["postal"],
        identifier=cleaned["identifier"],
        text=cleaned["text"],
        capacity=Capacity(cleaned["capacity"]),
        subject_name=cleaned["subject_name"],
        subject_email=cleaned["subject_email"],
        country=cleaned["country"],
        received_at=received_at,
        channel=Channel.FORM,
        submission=submission,
        files=tuple(files),
    )


class MessageForm(PublicForm):
    """What the person writes to us on the tracking page, with files."""

    body = TextField(label=_("Write to us"), limit=LONG_TEXT, long=True)
    documents = FilesField(
        label=_("Add files"),
        limits=public_limits,
        help_text=_("Do not send an identity document unless we asked you for one: we do not need it."),
    )

    def clean(self) -> dict[str, Any]:
        """Words or files, at least one; limits of files are those of `uploads_check`."""
        cleaned = super().clean() or {}
        if not cleaned.get("body") and not cleaned.get("documents") and "body" not in self.errors:
            self.add_error("body", _("Write something first."))
        try:
            uploads_check(cleaned.get("documents") or [], public_limits())
        except DomainError as error:
            self.add_error("documents", str(error))
        return cleaned


class SignInForm(PublicForm):
    """The tracking page's two ways in: a tracking key, or a code to an address of the case."""

    reference = TextField(label=_("Reference"), help_text=_("It looks like DSR-2026-7K3F9-QX4TC-0."), limit=60)
    key = TextField(label=_("Tracking key"), help_text=_("Sixteen letters and digits, on your receipt."), limit=60)
    email = TextField(
        label=_("E-mail address"),
        help_text=_("The one of your request. We send a code there."),
        limit=254,
        autocomplete="email",
    )


class CodeForm(PublicForm):
    """Six digits out of a mail."""

    code = TextField(label=_("Six-digit code"), limit=20, autocomplete="one-time-code")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs["inputmode"] = "numeric"


def form_errors(form: forms.Form, non_field_target: str = "") -> list[tuple[str, str]]:
    """For the summary: the id of each field to mend and what to do, in the order of the page."""
    found = [(non_field_target, str(message)) for message in form.non_field_errors()]
    wrong = [name for name in form.fields if name in form.errors]
    return found + [(form[name].id_for_label or f"id_{name}", str(form.errors[name][0])) for name in wrong]
