"""Makes the demonstration: five organisations from their profiles, staff of each role, and cases in every stage."""

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from itertools import islice
from pathlib import Path
from typing import Any

import time_machine
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import override as language_override

from dsar import demo
from dsar.core.actors import Actor
from dsar.core.errors import DomainError
from dsar.core.models import Membership, Organisation, Team, User
from dsar.core.profiles import organisation_activate
from dsar.management.commands.organisation_import import profile_import
from exports import services as exports
from exports.maps import source_map_approve
from exports.models import Collection, SourceMap
from exports.sample_company import (
    FILE_NAME,
    Person,
    sample_company_create,
    sample_company_environment,
    sample_people,
)
from requests_app import services
from requests_app.incoming import IncomingRequest, RightInvoked
from requests_app.models import Case, CaseRight, Decision, Deliverable, Extension, PartyAddress
from requests_app.outbox import outbox_send
from requests_app.services.mail import mail_file
from requests_app.vocabulary import (
    AddressKind,
    Channel,
    DeliverableState,
    Delivery,
    ItemState,
    Stage,
    TaskKind,
    TaskState,
)


class Command(BaseCommand):
    help = "Fills an empty installation with the demonstration. Demo and real data never share an installation."

    def add_arguments(self, parser: CommandParser) -> None:
        """--cases."""
        parser.add_argument("--cases", type=int, default=len(demo.STORIES), metavar="N", help="how many cases to make")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make organisations, staff and cases; refuses where an organisation exists already."""
        if Organisation.objects.exists():
            raise CommandError("This installation already has an organisation: the demo needs an empty one.")
        sample_company_create(settings.DATA_DIR / FILE_NAME)
        for name, url in sample_company_environment(settings.DATA_DIR).items():
            os.environ.setdefault(name, url)
        # Nobody listens to the broker yet; the sweeps find the mail when the worker starts.
        logging.getLogger("dsar.core.broker").setLevel(logging.ERROR)
        members = _staff_make()
        for slug in demo.PRIVACY_LEADS:
            _organisation_make(slug, members)
        stories = list(islice(_stories(), options["cases"]))
        for number, story in enumerate(stories):
            with language_override("fr"):
                _Telling(story, number).tell()
        companies, cases = len(demo.PRIVACY_LEADS), Case.objects.count()
        self.stdout.write(f"Demo: {companies} organisations, {len(members)} members of staff, {cases} cases.")


def _staff_make() -> dict[str, User]:
    first = User.objects.create_user(demo.STAFF[0].email, demo.DEMO_PASSWORD, name=demo.STAFF[0].name)
    members = {first.email: first}
    for member in demo.STAFF[1:]:  # one password, hashed once: a demo starts quickly
        members[member.email] = User.objects.create(
            email=member.email, name=member.name, language=member.language, password=first.password
        )
    first.language = demo.STAFF[0].language
    first.save(update_fields=["language"])
    return members


def _organisation_make(slug: str, members: dict[str, User]) -> None:
    profile = Path(settings.BASE_DIR) / "dsar" / "profiles" / f"{slug}.toml"
    organisation, _changed, _clocks = profile_import(
        profile.read_bytes(), actor=Actor.SYSTEM, folder=profile.parent
    )
    organisation.is_demo = True
    organisation.save(update_fields=["is_demo"])
    teams = {team.slug: team for team in Team.objects.filter(organisation=organisation)}
    for member in demo.STAFF:
        if slug in member.roles:
            role, team = member.roles[slug]
            Membership.objects.create(
                user=members[member.email], organisation=organisation, role=role, team=teams.get(team)
            )
    organisation_activate(organisation=organisation, privacy_lead=members[demo.PRIVACY_LEADS[slug]], actor=Actor.SYSTEM)
    approver = User.objects.get(pk=members[demo.PRIVACY_LEADS[slug]].pk)  # who keeps no memberships read before
    for source_map in SourceMap.objects.filter(source__organisation=organisation, approved_at=None):
        source_map_approve(source_map=source_map, actor=Actor.member(approver, organisation))


def _stories() -> Iterator[demo.Story]:
    """The told stories, then as many plain ones as wanted."""
    yield from demo.STORIES
    number = 0
    while True:
        yield demo.Story(
            demo.JST,
            number % 26,
            timedelta(days=number % 27, hours=number % 9 + 1),
            (("access",), demo.OM, demo.BOTH)[number % 3],
        )
        number += 1


class _Telling:
    """One story being told through the services, each step at its own moment."""

    def __init__(self, story: demo.Story, number: int) -> None:
        self.story = story
        self.number = number
        self.received_at = datetime.now(UTC) - story.received
        self.person: Person = sample_people()[story.person]
        self.organisation = Organisation.objects.get(slug=story.organisation)

    def tell(self) -> None:
        """Open the case, then take each step that is not in the future."""
        with _at(self.received_at):
            self.case = self._open_by_mail() if self.story.channel == Channel.EMAIL else self._open_by_form()
        for days, name in self.story.steps:
            moment = self.received_at + timedelta(days=days)
            with _at(moment):
                self.case = Case.objects.select_related("organisation__authority", "key").get(pk=self.case.pk)
                step: Callable[[], None] = getattr(self, name)
                step()

    # ---- who acts ----

    def _member(self, role: str) -> Actor:
        members = User.objects.filter(memberships__organisation=self.organisation, memberships__role=role)
        return Actor.member(members.earliest("pk"), self.organisation)

    @property
    def handler(self) -> Actor:
        return self._member("handler")

    @property
    def reviewer(self) -> Actor:
        return self._member("reviewer")

    def right(self, code: str) -> CaseRight:
        found: CaseRight = CaseRight.objects.select_related("case__organisation").get(case=self.case, right=code)
        return found

    # ---- doors ----

    @property
    def _name(self) -> str:
        return self.person.name if self.story.name is None else self.story.name

    @property
    def _email(self) -> str:
        return self.story.email or self.person.email

    def _open_by_form(self) -> Case:
        incoming = IncomingRequest(
            organisation_slug=self.organisation.slug,
            rights=tuple(RightInvoked(code) for code in self.story.rights),
            language=self.person.language,
            name=self._name,
            email=self._email,
            identifier=self.person.number if self.story.with_number else "",
            text=self.story.text,
            received_at=self.received_at,
            channel=Channel.FORM,
            submission=f"demo-{self.number:04}",
        )
        return services.case_open(incoming, actor=Actor.DATA_SUBJECT).case

    def _open_by_mail(self) -> Case:
        french = self.person.language == "fr"
        asks = {
            "access": "Je souhaite recevoir une copie de toutes les données que vous détenez sur moi."
            if french
            else "I would like a copy of all the personal data you hold about me.",
            "marketing_objection": "Et je ne veux plus recevoir vos publicités."
            if french
            else "And stop sending me advertising.",
        }
        mail = EmailMessage()
        mail["From"] = f"{self._name} <{self._email}>"
        mail["To"] = self.organisation.privacy_email
        mail["Subject"] = "Mes données personnelles" if french else "My personal data"
        mail["Date"] = format_datetime(self.received_at)
        mail["Message-ID"] = f"<demo-{self.number:04}@example.org>"
        lines = ["Bonjour," if french else "Hello,", "", *(asks[code] for code in self.story.rights), "", self._name]
        mail.set_content("\n".join(lines))
        filed = mail_file(organisation=self.organisation, raw=mail.as_bytes(), received_at=self.received_at)
        return Case.objects.get(reference=filed.reference)

    # ---- steps ----

    def confirm(self) -> None:
        services.address_confirm(address=PartyAddress.objects.get(party__case=self.case, kind=AddressKind.EMAIL))

    def take(self) -> None:
        services.case_take(case=self.case, actor=self.handler)

    def start(self) -> None:
        for code in self.story.rights:
            services.case_right_start(case_right=self.right(code), actor=self.handler)

    def collect(self) -> None:
        exports.collection_plan(case_right=self.right("access"))
        for collection in Collection.objects.filter(case_right__case=self.case, source__kind="sql"):
            exports.collection_run(collection=collection)

    def search_by_hand(self) -> None:
        for task in self.case.tasks.filter(kind=TaskKind.COLLECT_BY_HAND, state=TaskState.OPEN):
            exports.collection_by_hand(task=task, files=[], nothing_found=True, actor=self._member("contributor"))

    def build(self) -> None:
        exports.package_build(case_right=self.right("access"))

    def justify(self) -> None:
        for item in self.right("access").checklist.filter(state=ItemState.OPEN):
            services.checklist_item_set(
                item=item,
                state=ItemState.JUSTIFIED,
                note="Le registre ne le dit pas ; la lettre l’indique et la question est posée au service concerné.",
                actor=self.handler,
            )

    def decide_access(self) -> None:
        services.decision_submit(case_right=self.right("access"), outcome="granted", actor=self.handler)

    def decide_no_data(self) -> None:
        services.decision_submit(case_right=self.right("access"), outcome="no_data", actor=self.handler)
        services.letter_prepare(case=self.case)

    def approve(self) -> None:
        decision = Decision.objects.filter(case_right__case=self.case).latest("pk")
        services.decision_approve(decision=decision, actor=self.reviewer)
        services.letter_prepare(case=self.case)

    def send_back(self) -> None:
        decision = Decision.objects.filter(case_right__case=self.case).latest("pk")
        services.decision_send_back(
            decision=decision,
            actor=self.reviewer,
            note="Le destinataire des paiements manque : demandez son nom à la comptabilité.",
        )

    def decide_objection(self) -> None:
        objection = self.right("marketing_objection")
        for task in objection.tasks.filter(state=TaskState.OPEN):
            services.case_task_finish(
                task=task, actor=self.handler, note="Désinscription faite, adresse en liste d’exclusion."
            )
        for item in objection.checklist.all():
            services.checklist_item_set(item=item, state=ItemState.DONE, actor=self.handler)
        services.decision_submit(case_right=self.right("marketing_objection"), outcome="granted", actor=self.handler)
        services.letter_prepare(case=self.case)

    def release_objection(self) -> None:
        services.answer_release(case=self.case, rights=[self.right("marketing_objection")], actor=self.handler)

    def release(self) -> None:
        services.answer_release(case=self.case, rights=[self.right("access")], actor=self.handler)

    def release_refused(self) -> None:
        """Somebody confirmed a mailbox that no source holds for this person: nothing leaves, the journal says so."""
        try:
            self.release()
        except DomainError as error:
            if error.code != "release_refused":
                raise
        else:
            raise CommandError("The release to a stranger was not refused.")

    def release_sealed(self) -> None:
        services.answer_release(
            case=self.case,
            rights=[self.right("access")],
            actor=self.handler,
            delivery=Delivery.SINGLE_CHANNEL,
            single_channel_reason="Demande par courriel ; le seul autre moyen sûr est le téléphone du dossier.",
            passphrase_by="phone",  # noqa: S106 - the way it is told
        )

    def download(self) -> None:
        for deliverable in Deliverable.objects.filter(case=self.case, state=DeliverableState.RELEASED):
            services.deliverable_downloaded(deliverable=deliverable, opened_by="key", second_channel="code")

    def ask(self) -> None:
        """A question that leaves at once, and whose clock stands still from there."""
        french = self.person.language == "fr"
        asked = services.case_suspend(
            case=self.case,
            rights=[self.right("access")],
            reason="identity",
            why="Deux personnes du fichier clients partagent cette adresse et ce nom de famille.",
            body="Quel est le numéro de votre dernière commande, ou votre numéro de client ?"
            if french
            else "What is the number of your last order, or your customer number?",
            actor=self.handler,
        )
        if asked.mail_id is not None:
            outbox_send(asked.mail_id)
        services.notices_left()

    def ask_scope(self) -> None:
        """The same, about what is wanted of a large quantity."""
        asked = services.case_suspend(
            case=self.case,
            rights=[self.right("access")],
            reason="clarify",
            why="Onze ans de commandes et de messages : la personne dit chercher un seul échange.",
            body="Cherchez-vous l’échange de juin 2024, ou tout ce que nous avons depuis 2015 ?",
            is_voluminous=True,
            actor=self.handler,
        )
        if asked.mail_id is not None:
            outbox_send(asked.mail_id)
        services.notices_left()

    def extend(self) -> None:
        """An extension that waits for its second person."""
        services.extension_submit(
            case_right=self.right("access"),
            reason="redaction",
            reasoning="Vos échanges avec le service client nomment d’autres personnes : nous masquons leurs données."
            if self.person.language == "fr"
            else "Your messages with our customer service name other people: we mask what is about them.",
            actor=self.handler,
        )

    def approve_extension(self) -> None:
        """Its notice leaves at once."""
        extension = Extension.objects.get(case_right=self.right("access"))
        services.extension_approve(extension=extension, actor=self.reviewer)
        if extension.mail_id is not None:
            outbox_send(extension.mail_id)
        services.notices_left()
        services.notice_prepare(extension=extension)

    def write(self) -> None:
        body = "Hello. Which years matter most to you: the orders, or the messages too?"
        services.message_send(case=self.case, body=body, actor=self.handler)

    def reply(self) -> None:
        services.message_receive(case=self.case, body="Both. I have no hurry for the orders before 2023.")

    def clarify(self) -> None:
        """The answer to the question."""
        services.message_receive(case=self.case, body="Tout depuis 2015, merci.")

    def close(self) -> None:
        if not self.case.rights.exclude(stage=Stage.ANSWERED).exists():
            services.case_close(case=self.case, actor=self.handler)


@contextmanager
def _at(moment: datetime) -> Iterator[None]:
    """Live through a step at its moment: the journal of the demonstration tells when things happened."""
    with time_machine.travel(min(moment, datetime.now(UTC)), tick=True):
        yield
