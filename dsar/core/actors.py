"""Who acts: a member of staff in a role, the data subject, or the machine. The journal names one with every event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from django.utils.translation import gettext_lazy as _

from dsar.core.errors import NotAllowed
from dsar.core.roles import Act

if TYPE_CHECKING:
    from dsar.core.models import Organisation, User


@dataclass(frozen=True)
class Actor:
    """`role` is a role of `dsar.core.roles`, "data_subject" or "system"; only members of staff have a user."""

    user: User | None
    role: str

    SYSTEM: ClassVar[Actor]
    DATA_SUBJECT: ClassVar[Actor]

    @classmethod
    def member(cls, user: User, organisation: Organisation) -> Actor:
        """The user in their role there; raises NotAllowed for somebody without one."""
        role = user.role_in(organisation.pk)
        if role is None:
            raise NotAllowed("no_role", _("You have no role in this organisation."))
        return cls(user, role.value)

    def must(self, act: Act, organisation: Organisation) -> User:
        """The acting member; raises NotAllowed when their role does not include `act`."""
        if self.user is None or not self.user.may(act, organisation.pk):
            raise NotAllowed(f"{act}_not_allowed", _("Your role does not allow this act."))
        return self.user


Actor.SYSTEM = Actor(None, "system")
Actor.DATA_SUBJECT = Actor(None, "data_subject")
