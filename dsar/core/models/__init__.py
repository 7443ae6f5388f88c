"""The kernel's tables, one file per subject."""

from dsar.core.models.files import EncryptionKey, StoredFile
from dsar.core.models.journal import AuditChain, AuditEvent, AuditValue
from dsar.core.models.organisations import (
    ClientController,
    Logo,
    Organisation,
    ProcessingActivity,
    Recipient,
    RetentionRule,
    SupervisoryAuthority,
)
from dsar.core.models.sweeps import Sweep
from dsar.core.models.users import Membership, Team, User

__all__ = [
    "AuditChain",
    "AuditEvent",
    "AuditValue",
    "ClientController",
    "EncryptionKey",
    "Logo",
    "Membership",
    "Organisation",
    "ProcessingActivity",
    "Recipient",
    "RetentionRule",
    "StoredFile",
    "SupervisoryAuthority",
    "Sweep",
    "Team",
    "User",
]
