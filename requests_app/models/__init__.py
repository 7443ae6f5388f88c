"""The tables of a case, one file per subject."""

from requests_app.models.access import AccessCode
from requests_app.models.answers import Decision, Deliverable, Download, Reviewed
from requests_app.models.cases import Case, CaseRight, ChecklistItem, Party, PartyAddress
from requests_app.models.clocks import CalendarFeed, Digest, Extension, Reminder, Suspension
from requests_app.models.duties import Directive, Entitlement, HumanReview, RecipientNotice, Restriction, Statement
from requests_app.models.handling import Breach, Complaint, Forwarding, Hold
from requests_app.models.integrations import ApiToken, SentOnce, WebhookDelivery, WebhookEndpoint
from requests_app.models.messages import FormFile, InboundMail, Message, Outgoing
from requests_app.models.tasks import CaseTask, RoutingRule

__all__ = [
    "AccessCode",
    "ApiToken",
    "Breach",
    "CalendarFeed",
    "Case",
    "CaseRight",
    "CaseTask",
    "ChecklistItem",
    "Complaint",
    "Decision",
    "Deliverable",
    "Digest",
    "Directive",
    "Download",
    "Entitlement",
    "Extension",
    "FormFile",
    "Forwarding",
    "Hold",
    "HumanReview",
    "InboundMail",
    "Message",
    "Outgoing",
    "Party",
    "PartyAddress",
    "RecipientNotice",
    "Reminder",
    "Restriction",
    "Reviewed",
    "RoutingRule",
    "SentOnce",
    "Statement",
    "Suspension",
    "WebhookDelivery",
    "WebhookEndpoint",
]
