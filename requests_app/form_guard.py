"""Keeps machines from filling the desk and shuts nobody out: what looks like one is accepted, and a person looks.

Three signs: a field that people do not see, a sum that a browser does by itself, and how many requests come from one
address of the network. Only an absurd number is sent back, to come again later with everything that was typed.
"""

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from dsar.core.errors import DomainError
from dsar.core.network import network_address
from dsar.core.rates import MINUTE, Rate
from requests_app.forms import HONEYPOT, Answers
from requests_app.proof_of_work import solution_accept
from requests_app.vocabulary import SpamSign


@dataclass(frozen=True)
class Visit:
    """One press of the send button: the signs it shows, and the seconds to wait if far too many came from there."""

    signs: tuple[SpamSign, ...]
    wait: int


def visit_judge(request: HttpRequest, answers: Answers, submission: str) -> Visit:
    """Count this sending, and look at it. `submission` identifies it, so that pressing twice is no replay."""
    sent = _rate("form", settings.DSAR_FORM_REFUSE_AFTER).count(network_address(request))
    found = {
        SpamSign.HONEYPOT: bool(answers.data.get(HONEYPOT)),
        SpamSign.RATE: sent.number > settings.DSAR_FORM_LOOK_AFTER,
        SpamSign.NO_WORK: not solution_accept(answers.data.get("work", ""), used_for=submission),
    }
    signs = tuple(sign for sign, is_there in found.items() if is_there)
    return Visit(signs, wait=sent.wait if sent.is_over else 0)


def files_count(request: HttpRequest, count: int) -> None:
    """Count files that arrive. Raises DomainError `files_flood` when far too many came from the same place."""
    rate = _rate("form-files", settings.DSAR_FORM_FILES_REFUSE_AFTER)
    if rate.count(network_address(request), by=count).is_over:
        raise DomainError(
            "files_flood",
            _("Very many files come from your network at the moment. Add them later, or send them by e-mail or post."),
        )


def _rate(name: str, most: int) -> Rate:
    return Rate(name, most, settings.DSAR_FORM_MINUTES * MINUTE)
