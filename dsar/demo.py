"""The demonstration: who works there and what happened. Invented people of the sample company, always the same story.

Dates are relative to the day it is made, so that something is always due, something late and something done.
"""

from dataclasses import dataclass, field
from datetime import timedelta

from dsar.core.roles import Role
from requests_app.vocabulary import Channel

DEMO_PASSWORD = "demo-desk-2026"  # noqa: S105 - printed by `make run`; a demonstration never shares an installation with real data

JST, IMPERIATEC = "jst-france", "imperiatec"
JPB, ESPACE, PUBLISHER = "jpb-systeme", "espace-client", "publisher"


@dataclass(frozen=True)
class Member:
    """One of the staff: role and team by organisation."""

    email: str
    name: str
    language: str
    roles: dict[str, tuple[Role, str]]


STAFF = (
    Member(
        "noor.haddad@desk.example",
        "Noor Haddad",
        "en",
        dict.fromkeys((JST, IMPERIATEC, JPB, ESPACE, PUBLISHER), (Role.HANDLER, "privacy")),
    ),
    Member("ines.falk@desk.example", "Ines Falk", "fr", {JST: (Role.DPO, "privacy")}),
    Member(
        "marek.dolin@desk.example",
        "Marek Dolin",
        "en",
        dict.fromkeys((IMPERIATEC, JST, JPB, ESPACE, PUBLISHER), (Role.REVIEWER, "privacy")),
    ),
    Member(
        "tomas.lind@desk.example",
        "Tomas Lind",
        "fr",
        {
            JST: (Role.CONTRIBUTOR, "records"),
            IMPERIATEC: (Role.CONTRIBUTOR, "support"),
            JPB: (Role.CONTRIBUTOR, "service"),
            ESPACE: (Role.CONTRIBUTOR, "support"),
        },
    ),
    Member(
        "lea.morel@desk.example",
        "Léa Morel",
        "fr",
        {
            JST: (Role.CONTRIBUTOR, "marketing"),
            IMPERIATEC: (Role.CONTRIBUTOR, "growth"),
            JPB: (Role.CONTRIBUTOR, "marketing"),
            PUBLISHER: (Role.CONTRIBUTOR, "readers"),
        },
    ),
    Member(
        "aude.perrin@desk.example",
        "Aude Perrin",
        "fr",
        dict.fromkeys((JST, IMPERIATEC, JPB, ESPACE, PUBLISHER), (Role.AUDITOR, "")),
    ),
    Member(
        "sami.berg@desk.example",
        "Sami Berg",
        "en",
        dict.fromkeys((JST, IMPERIATEC, JPB, ESPACE, PUBLISHER), (Role.ADMINISTRATOR, "")),
    ),
)
PRIVACY_LEADS = {
    JST: "ines.falk@desk.example",
    **dict.fromkeys((IMPERIATEC, JPB, ESPACE, PUBLISHER), "marek.dolin@desk.example"),
}
DEMO_STAFF = [(member.email, next(iter(member.roles.values()))[0].label) for member in STAFF]


@dataclass(frozen=True)
class Story:
    """One case: who asked for what, how long ago, and how far it came.

    `person` is the number of the customer in the sample company; `name` and `email` replace what the company knows.
    `steps` are names of the functions in the command `seed_demo`, each with the days after receipt when it happened.
    """

    organisation: str
    person: int
    received: timedelta
    rights: tuple[str, ...] = ("access",)
    channel: Channel = Channel.FORM
    text: str = ""
    name: str | None = None
    email: str | None = None
    with_number: bool = False
    steps: tuple[tuple[float, str], ...] = field(default=())


def _ago(days: float) -> timedelta:
    return timedelta(days=days)


BOTH = ("access", "marketing_objection")
OM = ("marketing_objection",)
COLLECTED = ((0.1, "confirm"), (1, "take"), (1.1, "start"), (1.2, "collect"), (2, "search_by_hand"), (2.1, "build"))
DECIDED = (*COLLECTED, (3, "justify"), (3.2, "decide_access"))

STORIES = (
    Story(
        JST,
        0,
        _ago(26.2),
        BOTH,
        text="Tout, y compris mes échanges avec le service client.",
        with_number=True,
        steps=(
            (0.1, "confirm"),
            (0.5, "take"),
            (0.6, "start"),
            (0.7, "collect"),
            (0.8, "decide_objection"),
            (0.9, "release_objection"),
            (4, "search_by_hand"),
            (4.1, "build"),
            (6, "justify"),
        ),
    ),
    Story(JST, 1, _ago(36.4), steps=((0.1, "confirm"), (2, "take"), (2.1, "start"), (2.2, "collect"))),
    Story(JST, 2, _ago(24.6), steps=DECIDED),
    Story(JST, 3, _ago(19.3), steps=(*DECIDED, (5, "approve"))),
    Story(JST, 4, _ago(29.1), steps=(*DECIDED, (5, "approve"), (5.2, "release"), (6, "download"))),
    Story(JST, 5, _ago(41.0), steps=(*DECIDED, (5, "approve"), (5.2, "release"), (6, "download"), (9, "close"))),
    Story(JST, 6, _ago(0.9), OM, text="Je ne veux plus recevoir vos courriels publicitaires."),
    Story(JST, 7, _ago(3.4), OM, steps=((0.1, "confirm"), (0.8, "take"), (0.9, "start"))),
    Story(
        JST,
        8,
        _ago(8.2),
        OM,
        steps=(
            (0.1, "confirm"),
            (0.8, "take"),
            (0.9, "start"),
            (1, "decide_objection"),
            (1.1, "release_objection"),
            (2, "close"),
        ),
    ),
    Story(
        JST,
        9,
        _ago(12.7),
        name="Élodie Fontvielle",
        email="quelqu.un@example.net",
        text="Je voudrais une copie de tout ce que vous avez sur moi.",
        steps=(
            (0.1, "confirm"),
            (1, "take"),
            (1.1, "start"),
            (1.2, "collect"),
            (2, "search_by_hand"),
            (2.1, "build"),
            (3, "justify"),
            (3.2, "decide_access"),
            (5, "approve"),
            (5.5, "release_refused"),
        ),
    ),
    Story(
        JST,
        10,
        _ago(6.3),
        channel=Channel.EMAIL,
        steps=((0.8, "take"), (0.9, "start"), (1, "collect"), (1.1, "search_by_hand")),
    ),
    Story(JST, 11, _ago(0.2), BOTH, channel=Channel.EMAIL),
    Story(JST, 12, _ago(15.5), steps=(*DECIDED, (5, "send_back"))),
    Story(JST, 13, _ago(1.6), ("rectification",), text="Mon adresse est fausse depuis mon déménagement."),
    Story(
        JST,
        26,
        _ago(10.1),
        text="Everything, and where you got it from.",
        steps=((0.1, "confirm"), (1, "take"), (1.1, "start"), (1.2, "collect"), (1.5, "write"), (1.9, "reply")),
    ),
    Story(
        JST,
        14,
        _ago(11.3),
        email="a.lescarbeau@example.net",
        steps=((0.1, "confirm"), (1, "take"), (1.1, "start"), (1.2, "collect"), (1.8, "ask")),
    ),
    Story(
        JST,
        15,
        _ago(33.4),
        text="Toutes mes données, et mes échanges avec vous depuis 2015.",
        steps=((0.1, "confirm"), (1, "take"), (1.1, "start"), (9, "extend"), (9.4, "approve_extension")),
    ),
    Story(
        JST,
        16,
        _ago(18.6),
        steps=((0.1, "confirm"), (1, "take"), (1.1, "start"), (1.5, "ask_scope"), (6.2, "clarify")),
    ),
    Story(IMPERIATEC, 39, _ago(20.1), steps=((0.1, "confirm"), (1, "take"), (1.1, "start"), (14, "extend"))),
    Story(IMPERIATEC, 34, _ago(22.8), steps=((0.1, "confirm"), (1, "take"), (1.1, "start"), (1.2, "collect"))),
    Story(IMPERIATEC, 35, _ago(5.4), BOTH, steps=((0.1, "confirm"),)),
    Story(IMPERIATEC, 36, _ago(28.6), channel=Channel.EMAIL, steps=(*DECIDED, (5, "approve"), (5.3, "release_sealed"))),
    Story(IMPERIATEC, 37, _ago(2.2), ("erasure",), text="I closed my account last year."),
    Story(
        IMPERIATEC,
        38,
        _ago(17.9),
        name="",
        email="visitor@example.net",
        steps=(
            (0.1, "confirm"),
            (1, "take"),
            (1.1, "start"),
            (1.2, "collect"),
            (2, "search_by_hand"),
            (2.1, "build"),
            (2.5, "justify"),
            (3, "decide_no_data"),
            (3.2, "release"),
            (7, "close"),
        ),
    ),
    Story(JPB, 17, _ago(4.2), steps=((0.1, "confirm"), (1, "take"), (1.1, "start"), (1.2, "collect"))),
    Story(ESPACE, 18, _ago(1.3), ("erasure",), text="Supprimez mon compte et tout ce qui va avec."),
    Story(PUBLISHER, 27, _ago(0.7), ("portability",), text="All my orders, in a file that another shop can read."),
)
