"""Reads pages as a person does: their text, their links, their forms with what is already filled in."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from django.http import HttpResponseBase
from django.test import Client

Values = dict[str, str | list[str]]


@dataclass
class Form:
    """One form: where it goes and what it sends if nothing is changed. Buttons are not among the values."""

    action: str
    values: dict[str, list[str]] = field(default_factory=dict)
    fields: set[str] = field(default_factory=set)
    buttons: set[tuple[str, str]] = field(default_factory=set)

    def filled(self, **values: str | list[str]) -> dict[str, list[str]]:
        """What is sent. Raises KeyError for a field or a button that the form does not have."""
        sent = {name: list(kept) for name, kept in self.values.items()}
        for name, value in values.items():
            if name not in self.fields and not any(name == button for button, _value in self.buttons):
                raise KeyError(f"{self.action} has no field {name}, only {sorted(self.fields)}")
            sent[name] = value if isinstance(value, list) else [value]
        return sent


class _Reader(HTMLParser):
    """Collects the forms, links and text of a page."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.times: list[str] = []
        self.texts: list[str] = []
        self._form: Form | None = None
        self._textarea = self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = Form(found.get("action") or self.address)
            self.forms.append(self._form)
        elif tag == "a" and "href" in found:
            self.links.append(found["href"])
        elif tag == "time":
            self.times.append(found.get("datetime", ""))
        elif self._form is not None and "form" not in found:
            self._field(self._form, tag, found)

    def _field(self, form: Form, tag: str, found: dict[str, str]) -> None:
        name = found.get("name", "")
        if tag == "button":
            form.buttons.add((name, found.get("value", "")))
        elif tag == "option" and self._select:
            if "selected" in found or self._select not in form.values:
                form.values[self._select] = [found.get("value", "")]
        elif tag in ("input", "select", "textarea") and name:
            form.fields.add(name)
            self._textarea, self._select = (name if tag == "textarea" else "", name if tag == "select" else "")
            if tag == "textarea":
                form.values[name] = [""]
            elif tag == "input" and (found.get("type") not in ("checkbox", "radio", "file") or "checked" in found):
                ticked = "on" if "checked" in found else ""
                form.values.setdefault(name, []).append(found.get("value", ticked))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "textarea":
            self._textarea = ""
        elif tag == "select":
            self._select = ""

    def handle_data(self, data: str) -> None:
        if self._textarea and self._form is not None:
            kept = self._form.values[self._textarea]
            kept[0] = (kept[0] + data).removeprefix("\n")  # the line break after the tag is no part of the text
        self.texts.append(data)


class Page:
    """One answer of the site."""

    def __init__(self, response: Any, address: str) -> None:
        self.status: int = response.status_code
        self.address = address
        self.html: str = response.content.decode()
        reader = _Reader(address)
        reader.feed(self.html)
        self.forms, self.links, self.times = reader.forms, reader.links, reader.times
        self.text = re.sub(r"\s+", " ", " ".join(reader.texts))
        found = re.search(r'<html lang="(\w+)">', self.html)
        self.language = found[1] if found else ""

    def form(self, action: str, *fields: str) -> Form:
        """The form that goes to `action` and has these fields. Raises LookupError when the page has none."""
        for form in self.forms:
            if form.action.partition("#")[0] == action and form.fields.issuperset(fields):
                return form
        raise LookupError(f"{self.address} ({self.status}) has no form to {action}: {self.text[:2000]}")

    def has_form(self, action: str) -> bool:
        """Whether a form of the page goes there."""
        return any(form.action == action for form in self.forms)


class Browser:
    """A browser without JavaScript that checks tokens as the real ones must, and follows redirects."""

    def __init__(self, language: str) -> None:
        self.client = Client(enforce_csrf_checks=True, headers={"Accept-Language": language})
        self.page: Page

    def get(self, address: str) -> Page:
        """Open an address."""
        return self._arrived(self.client.get(address.partition("#")[0], follow=True), address)

    def submit(self, action: str, *, expect: int = 200, times: int = 1, **values: str | list[str]) -> Page:
        """Fill in the form of the present page that goes to `action` and send it, `times` times at once."""
        sent = self.page.form(action, *(name for name in values if name not in ("go", "state"))).filled(**values)
        for _click in range(times):
            response = self.client.post(action, sent, follow=True)
        page = self._arrived(response, action)
        assert page.status == expect, f"{action} answered {page.status}: {page.text[:3000]}"
        return page

    def download(self, address: str) -> tuple[HttpResponseBase, bytes]:
        """A file, whole; the answer is not followed when it leads elsewhere."""
        response: Any = self.client.get(address)
        return response, b"".join(response.streaming_content) if response.streaming else b""

    def _arrived(self, response: Any, address: str) -> Page:
        chain = getattr(response, "redirect_chain", [])
        self.page = Page(response, chain[-1][0].partition("#")[0] if chain else address.partition("#")[0])
        return self.page
