"""What every door builds: one dataclass, so that a request by e-mail and one by form cannot drift apart."""

from dataclasses import dataclass, field
from datetime import datetime

from dsar.core.models import StoredFile
from requests_app.vocabulary import Capacity, Channel, SpamSign


@dataclass(frozen=True)
class RightInvoked:
    """One right, by its code in `dsar.core.rights`, with the words the person gave for it."""

    code: str
    detail: str = ""


@dataclass(frozen=True)
class IncomingRequest:
    """A request as understood at the door. Two with the same content are equal, whatever door and instant they came by.

    `received_at` is an aware instant. `submission` is any text that is the same when the same request is sent twice
    (a form's token, a mail's hash); empty when the door cannot know.

    `name` and the addresses are those of whoever asks. `capacity` says for whom: acting for somebody else, the person
    is named by `subject_name` and `subject_email`; `identifier` is always the data subject's. `country`: where the
    person lives (ISO 3166), empty when unknown. `spam_signs`: codes of `SpamSign`; the request is taken all the same.
    """

    organisation_slug: str
    rights: tuple[RightInvoked, ...]
    language: str
    name: str = ""
    email: str = ""
    phone: str = ""
    postal: str = ""
    identifier: str = ""
    text: str = ""
    capacity: Capacity = Capacity.DATA_SUBJECT
    subject_name: str = ""
    subject_email: str = ""
    country: str = ""
    received_at: datetime = field(kw_only=True, compare=False)
    channel: Channel = field(kw_only=True, compare=False)
    submission: str = field(default="", kw_only=True, compare=False)
    subject: str = field(default="", kw_only=True, compare=False)
    message_id: str = field(default="", kw_only=True, compare=False)
    files: tuple[StoredFile, ...] = field(default=(), kw_only=True, compare=False)
    spam_signs: tuple[SpamSign, ...] = field(default=(), kw_only=True, compare=False)
