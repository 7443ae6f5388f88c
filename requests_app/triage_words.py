"""Why a mail waits for a person, in words: the codes of InboundMail.reason."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

REASONS: dict[str, str | Promise] = {
    "": _("not looked at yet"),
}


def reason_words(code: str) -> str | Promise:
    """The words of a reason; a general sentence for a code that has none."""
    return REASONS.get(code, _("no rule knew where to file it"))
