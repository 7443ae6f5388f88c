"""What the law of a case allows, in a sentence for the person, in the active language."""

from django.utils.translation import gettext as _

from requests_app.deadline_rules import Rule


def period_words(law: Rule) -> str:
    """How long the law gives for an answer, and what happens to a last day off where that is settled."""
    if law.period.days:
        return _("The law gives us %(days)s days from the day your request arrived.") % {"days": law.period.days}
    if law.code == "UK":
        return _(
            "The law gives us one month from the day your request arrived (UK GDPR, article 12A); a last day that is "
            "not a working day moves to the next one."
        )
    return _(
        "The law gives us one month from the day your request arrived (GDPR art. 12(3)); a last day that is not a "
        "working day moves to the next one (Regulation 1182/71, art. 3(4))."
    )


def extension_words(law: Rule) -> str:
    """How much longer the law allows, and on which condition."""
    if law.extended is not None and law.extended.days:
        days = {"first": law.period.days, "more": law.extended.days - law.period.days}
        return _(
            "The law gives us %(first)s days to answer. Where that is not enough, it allows %(more)s more days, if we "
            "tell you within the first ones and say why."
        ) % days
    if law.code == "UK":
        return _(
            "The law gives us one month to answer. Where a request is complex, it allows two more months, if we tell "
            "you within the first one and say why (UK GDPR, article 12A)."
        )
    return _(
        "The law gives us one month to answer. Where a request is complex, it allows two more months, if we tell you "
        "within the first one and say why (GDPR, article 12(3))."
    )
