"""Why a mail waits for a person, in words: the codes of InboundMail.reason that leave it in triage."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

REASONS: dict[str, str | Promise] = {
    "not_understood_yet": _("it is being read; this takes a few minutes"),
    "not_understood": _("it could not be read, in spite of several attempts"),
    "machine_with_request": _("a machine seems to have sent it, yet it holds a request"),
    "sender_unknown": _("it answers a case, from an address that this case does not know"),
    "client_closed": _("the controller to whom a request was passed on writes about a case that is closed"),
    "not_a_mail": _("it is no e-mail that we can read"),
    "no_sender": _("it names no sender"),
    "own_address": _("it comes from your own privacy address"),
    "chaser": _("it seems to ask again for something that came by another door"),
    "complaint": _("it seems to be a complaint"),
    "agent": _("somebody seems to write for another person"),
    "right_uncertain": _("it may be a request, and it is not certain which"),
    "no_right": _("no right was recognised in it"),
}


def reason_words(code: str) -> str | Promise:
    """The words of a reason; a general sentence for a code that has none."""
    return REASONS.get(code, _("no rule knew where to file it"))
