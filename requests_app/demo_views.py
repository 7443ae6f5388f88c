"""The mail a demo has written, as its readers would get it; there is no such page outside a demo."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from requests_app.inbound_email import ParsedEmail, parse

LIST = 100  # newest mails shown
_NAME = re.compile(r"(\d{8}T\d{6}\.\d{6})-[A-Za-z0-9_]+")


@dataclass(frozen=True)
class WrittenMail:
    """One file of the mail folder."""

    name: str
    written_at: datetime
    mail: ParsedEmail


@never_cache
@require_safe
def demo_mail(request: HttpRequest) -> HttpResponse:
    """The newest mails first."""
    _demo_only()
    files = sorted(Path(settings.MAIL_DIR).glob("*.eml"), reverse=True)
    mails = [mail for path in files[:LIST] if (mail := _read(path)) is not None]
    return render(request, "requests_app/demo_mail.html", {"mails": mails, "more": max(0, len(files) - LIST)})


@never_cache
@require_safe
def demo_mail_message(request: HttpRequest, name: str) -> HttpResponse:
    """One mail: its text, with links that work."""
    _demo_only()
    if not _NAME.fullmatch(name):
        raise Http404
    mail = _read(Path(settings.MAIL_DIR) / f"{name}.eml")
    if mail is None:
        raise Http404
    return render(request, "requests_app/demo_mail_message.html", {"written": mail})


def _demo_only() -> None:
    """The pages show codes and links of everybody: a real installation must not have them, whatever its URLs say."""
    if not settings.DEMO:
        raise Http404


def _read(path: Path) -> WrittenMail | None:
    """The mail in the file; None for a file that is none of ours or has just gone."""
    named = _NAME.fullmatch(path.stem)
    if named is None:
        return None
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return None
    return WrittenMail(path.stem, datetime.strptime(named[1], "%Y%m%dT%H%M%S.%f").replace(tzinfo=UTC), parse(raw))
