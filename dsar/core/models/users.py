"""Staff accounts and what each may do where; data subjects have no account."""

import logging
from typing import Any, ClassVar, Self

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils.translation import gettext_lazy as _

from dsar.core.errors import DomainError
from dsar.core.jurisdictions import zone
from dsar.core.privacy import Fate, keep
from dsar.core.roles import ACTS, Act, Role, roles_with

logger = logging.getLogger(__name__)

STAFF = keep("staff account, deactivated and never removed: the journal must name who acted (GDPR art. 5(2))")


class UserManager(BaseUserManager["User"]):
    """Makes accounts; the e-mail address is stored casefolded, so that sign-in does not depend on capitals."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A member of staff; without a password they can only set one through the reset mail."""
        user = self.model(email=email.strip().casefold(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        """The account of an address, whatever its capitals."""
        return self.get(email=(username or "").strip().casefold())


class User(AbstractBaseUser):
    """A member of staff. Deactivated, never deleted (DESIGN §7)."""

    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=200)
    language = models.CharField(_("language"), max_length=8, default="fr")
    time_zone = models.CharField(_("time zone"), max_length=64, default="Europe/Paris")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    objects = UserManager()

    personal: ClassVar[dict[str, Fate]] = {"email": STAFF, "name": STAFF}
    impersonal: ClassVar[tuple[str, ...]] = ("password", "language", "time_zone")

    def __str__(self) -> str:
        return self.name or self.email

    def role_in(self, organisation_id: int) -> Role | None:
        """The member's role there, None for a stranger."""
        for membership in self.memberships_cached:
            if membership.organisation_id == organisation_id:
                return Role(membership.role)
        return None

    def may(self, act: Act, organisation_id: int) -> bool:
        """Whether the member's role in that organisation includes the act."""
        role = self.role_in(organisation_id)
        return role is not None and act in ACTS[role]

    @property
    def zone_name(self) -> str:
        """The member's time zone, UTC where it is not the name of one, so that they still get their pages and mails."""
        try:
            return zone(self.time_zone).key
        except DomainError:
            logger.warning("The time zone of user %s is not known, UTC is used", self.pk)
            return "UTC"

    @property
    def memberships_cached(self) -> list["Membership"]:
        """The member's active memberships, read once per request."""
        if not hasattr(self, "_memberships"):
            self._memberships = list(self.memberships.select_related("organisation", "team"))
        return self._memberships

    @property
    def initials(self) -> str:
        """Two letters for the face in the top bar."""
        return "".join(word[0] for word in self.name.split()[:2]).upper()


class TeamQuerySet(models.QuerySet["Team"]):
    def visible_to(self, user: User) -> Self:
        """Teams of the organisations the user belongs to."""
        return self.filter(organisation__memberships__user=user).distinct()


class Team(models.Model):
    """A queue that tasks are routed to."""

    organisation = models.ForeignKey("core.Organisation", on_delete=models.PROTECT, related_name="teams")
    slug = models.SlugField()
    name = models.CharField(max_length=200)

    objects = TeamQuerySet.as_manager()

    personal: ClassVar[dict[str, Fate]] = {}
    impersonal: ClassVar[tuple[str, ...]] = ("slug", "name")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "slug"], name="team_slug_unique")]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """One role of one person in one organisation; an outside DPO has several."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    organisation = models.ForeignKey("core.Organisation", on_delete=models.PROTECT, related_name="memberships")
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role.choices)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "organisation"], name="membership_unique")]

    def __str__(self) -> str:
        return f"{self.user} · {self.organisation} · {self.get_role_display()}"


def members_with(act: Act, organisation_id: int) -> models.QuerySet[User]:
    """Active members whose role in the organisation includes the act, by name."""
    return User.objects.filter(
        is_active=True, memberships__organisation_id=organisation_id, memberships__role__in=roles_with(act)
    ).order_by("name")
