"""The tables of a case, one file per subject."""

from requests_app.models.access import AccessCode
from requests_app.models.answers import Decision, Deliverable, Download, Reviewed
from requests_app.models.cases import Case, CaseRight, ChecklistItem, Party, PartyAddress
from requests_app.models.clocks import CalendarFeed, Digest, Extension, Reminder, Suspension
from requests_app.models.messages import InboundMail, Message, Outgoing
from requests_app.models.tasks import CaseTask, RoutingRule

__all__ = [
    "AccessCode",
    "CalendarFeed",
    "Case",
    "CaseRight",
    "CaseTask",
    "ChecklistItem",
    "Decision",
    "Deliverable",
    "Digest",
    "Download",
    "Extension",
    "InboundMail",
    "Message",
    "Outgoing",
    "Party",
    "PartyAddress",
    "Reminder",
    "Reviewed",
    "RoutingRule",
    "Suspension",
]
