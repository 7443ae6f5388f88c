"""Makes what tests need: organisations with staff, and cases that went through the real services."""

from datetime import UTC, datetime
from typing import Any

import factory
from factory.django import DjangoModelFactory

from dsar.core.actors import Actor
from dsar.core.files import key_create
from dsar.core.models import EncryptionKey, Membership, Organisation, SupervisoryAuthority, Team, User
from dsar.core.roles import Role
from requests_app.incoming import IncomingRequest, RightInvoked
from requests_app.models import Case, CaseRight
from requests_app.services import OpenedCase, case_open
from requests_app.vocabulary import Channel

RECEIVED_AT = datetime(2026, 3, 5, 17, 42, tzinfo=UTC)  # Thursday 18:42 in Paris: due Tuesday 7 April, after Easter


class SupervisoryAuthorityFactory(DjangoModelFactory[SupervisoryAuthority]):
    class Meta:
        model = SupervisoryAuthority
        django_get_or_create = ("code",)

    code = "frcnil"
    country = "FR"
    name = factory.LazyFunction(
        lambda: {
            "fr": "Commission nationale de l’informatique et des libertés (CNIL)",
            "en": "French data protection authority (CNIL)",
        }
    )
    short_name = "CNIL"
    address = "3 place de Fontenoy\nTSA 80715\n75334 Paris Cedex 07"
    website = "https://www.cnil.fr/"
    complaint_url = "https://www.cnil.fr/fr/plaintes"
    language = "fr"


class OrganisationFactory(DjangoModelFactory[Organisation]):
    class Meta:
        model = Organisation
        skip_postgeneration_save = True

    slug = factory.Sequence(lambda n: f"organisation-{n}")
    name = factory.Sequence(lambda n: f"Librairies Virelune {n}")
    street = "8 rue des Reliures"
    postal_code = "00000"
    city = "Exempleville"
    country = "FR"
    privacy_email = factory.LazyAttribute(lambda o: f"mes-donnees@{o.slug}.example")
    jurisdiction = "FR"
    time_zone = "Europe/Paris"
    language = "fr"
    languages = factory.LazyFunction(lambda: ["fr", "en"])
    dpo_status = Organisation.DpoStatus.APPOINTED
    dpo_name = "Ines Falk"
    dpo_email = factory.LazyAttribute(lambda o: f"dpo@{o.slug}.example")
    authority = factory.SubFactory(SupervisoryAuthorityFactory)
    is_active = True

    @factory.post_generation  # type: ignore[untyped-decorator]  # factory_boy types its fields only
    def intake(obj: Organisation, create: bool, extracted: Any, **kwargs: Any) -> None:  # noqa: N805 - factory_boy's form
        if create:
            obj.intake_key = key_create(organisation=obj, purpose=EncryptionKey.Purpose.INTAKE)
            obj.save(update_fields=["intake_key"])


class UserFactory(DjangoModelFactory[User]):
    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"member-{n}@staff.example")
    name = factory.Sequence(lambda n: f"Noor Haddad {n}")
    language = "en"


class TeamFactory(DjangoModelFactory[Team]):
    class Meta:
        model = Team

    organisation = factory.SubFactory(OrganisationFactory)
    slug = factory.Sequence(lambda n: f"team-{n}")
    name = "Customer service"


class MembershipFactory(DjangoModelFactory[Membership]):
    class Meta:
        model = Membership

    user = factory.SubFactory(UserFactory)
    organisation = factory.SubFactory(OrganisationFactory)
    role = Role.HANDLER


def member(organisation: Organisation, role: Role = Role.HANDLER, **fields: Any) -> User:
    """A member of staff with that role there."""
    return MembershipFactory.create(organisation=organisation, role=role, **fields).user


def actor_for(user: User, organisation: Organisation) -> Actor:
    """The member as services want them."""
    return Actor.member(user, organisation)


def incoming(organisation: Organisation, **fields: Any) -> IncomingRequest:
    """A request by Camille Estève for access and against advertising, unless told otherwise."""
    defaults: dict[str, Any] = {
        "organisation_slug": organisation.slug,
        "rights": (RightInvoked("access"), RightInvoked("marketing_objection")),
        "language": "fr",
        "name": "Camille Estève",
        "email": "camille.esteve@example.org",
        "received_at": RECEIVED_AT,
        "channel": Channel.FORM,
        "submission": "0123456789abcdef0123456789abcdef",
    }
    if "rights" in fields and fields["rights"] and isinstance(fields["rights"][0], str):
        fields["rights"] = tuple(RightInvoked(code) for code in fields["rights"])
    return IncomingRequest(**{**defaults, **fields})


def opened_case(organisation: Organisation | None = None, **fields: Any) -> OpenedCase:
    """A case opened through the one way in."""
    organisation = organisation or OrganisationFactory.create()
    return case_open(incoming(organisation, **fields), actor=Actor.DATA_SUBJECT)


def a_case(organisation: Organisation | None = None, **fields: Any) -> Case:
    """The case of `opened_case`."""
    return opened_case(organisation, **fields).case


def right_of(case: Case, code: str) -> CaseRight:
    """One right of a case, fresh from the database."""
    found: CaseRight = CaseRight.objects.select_related("case__organisation").get(case=case, right=code)
    return found
