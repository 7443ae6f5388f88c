"""The closed vocabulary of the journal: every kind of event, with the sentence that the timeline shows.

The left side is `<noun>.<past participle>` of the service that writes it: `case_open` writes `case.opened`.
"""

from django.utils.translation import gettext_lazy as _

EVENTS = {
    "case.opened": _("Request received"),
    "case.assigned": _("Case assigned"),
    "case.closed": _("Case closed"),
    "case_right.added": _("Right added"),
    "case_right.moved": _("Right moved"),
    "clock.computed": _("Deadline computed"),
    "address.confirmed": _("Address confirmed"),
    "address.found_on_file": _("Address found on file"),
    "identity.established": _("Identity established"),
    "identity.checked": _("Identity check recorded"),
    "task.added": _("Task added"),
    "task.taken": _("Task taken"),
    "task.finished": _("Task done"),
    "checklist.set": _("Checklist item changed"),
    "decision.submitted": _("Decision written"),
    "decision.approved": _("Decision approved"),
    "decision.sent_back": _("Decision sent back"),
    "decision.single_handed": _("Decided without a second person"),
    "deliverable.registered": _("Document prepared"),
    "release.refused": _("Release refused"),
    "right.answered": _("Answer released"),
    "deliverable.downloaded": _("Document downloaded"),
    "message.received": _("Message received"),
    "message.sent": _("Message sent"),
    "message.perhaps_sent_twice": _("Message perhaps sent twice"),
    "message.failed": _("Message not delivered"),
    "note.added": _("Note added"),
    "collection.finished": _("Source answered"),
    "collection.failed": _("Source failed"),
    "collection.admitted": _("Doubtful records found to be the person's"),
    "mail.filed": _("E-mail filed"),
    "mail.set_aside": _("E-mail set aside"),
    "mail.waiting": _("E-mail waits for a person"),
    "portal.opened": _("Tracking page opened"),
    "organisation.imported": _("Profile imported"),
    "organisation.activated": _("Organisation activated"),
    "source_map.approved": _("Data source approved"),
    "journal.anchored": _("Heads of the chains recorded"),
}
