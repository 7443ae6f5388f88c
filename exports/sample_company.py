"""The database of an invented company, so that the demonstration has something real to search and nobody is in it.

Always the same content, from fixed lists and arithmetic: no chance, no clock. Telephone numbers are of the ranges that
the French and British regulators keep for fiction, addresses of e-mail of the domains reserved for examples.
"""

import os
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

FILE_NAME = "sample_company.sqlite3"
# Names that the demo profiles use; the demonstration's companies share one database.
SOURCES = (
    "SOURCE_CRM_URL", "SOURCE_PLATFORM_URL", "SOURCE_SHOP_URL", "SOURCE_ACCOUNTS_URL", "SOURCE_READERS_URL",
)  # fmt: skip

FIRST_DAY = date(2021, 2, 1)


@dataclass(frozen=True)
class Person:
    """One invented customer."""

    number: str
    name: str
    email: str
    phone: str
    street: str
    postal_code: str
    city: str
    country: str
    language: str


_FRENCH = (
    "Camille Estève", "Noé Vasseur-Lanthier", "Inès Baudrillon", "Yann Kermadiou", "Margaux Delcroizet",
    "Ousmane Diallanké", "Lucie Pernandeau", "Karim Belhouari", "Élodie Fontvielle", "Théo Marcassin",
    "Sabine Ruffelart", "Hugo Trémentin", "Fatou N’Gominé", "Gaëlle Rouzevin", "Antoine Lescarbeau", "Maïa Oihénart",
    "Bastien Crouzevialle", "Nadia Zerroukine", "Clément Aubrière", "Solène Guivarchan", "Paul Mirebeau",
    "Aïcha Tounsival", "Rémi Castelnoux", "Zoé Landrivaux", "Étienne Morvilliers", "Jeanne Abrecourt",
)
_ENGLISH = (
    "Harriet Colebourn", "Owen Pentrevane", "Priya Ramanulla", "Declan O’Farraghty", "Maisie Thornwick",
    "Callum Dunbrechan", "Abigail Westermere", "Theo Hollinshade", "Imogen Fairweald", "Rhys Llanvarrow",
    "Zara Quereshani", "Edwin Marlstone", "Nora Ballinskeen", "Jacob Winterholme",
)
_STREETS = ("allée des Frênes", "quai des Tanneurs", "rue du Colombier", "place de l’Horloge", "chemin des Vignes")
_LANES = ("Mill Lane", "Orchard Road", "Chapel Street", "Harbour Row")
_ARTICLES = (
    ("Verrou à bouton 45 mm", 2490), ("Serrure encastrée", 5980), ("Boîte aux lettres grise", 7400),
    ("Cadenas à code", 1650), ("Poignée de porte, paire", 3220), ("Détecteur d’ouverture", 4190),
)
_PAGES = ("/", "/serrures", "/compte", "/panier", "/aide/livraison")
_SEGMENTS = ("Bricoleurs réguliers", "Achats d’équipement", "À relancer")
_QUESTIONS = (
    ("Retard de livraison", "Bonjour, ma commande n’est pas arrivée. Pouvez-vous me dire où elle est ?", ""),
    ("Livraison chez un voisin", "Le livreur a laissé le colis à Monique Arvelin, au 14. Elle ne l’a plus.",
     "Monique Arvelin"),
    ("Wrong part", "Hello, the lock you sent does not fit my door. Can I return it?", ""),
    ("Facture", "Je n’ai pas reçu la facture de ma dernière commande.", ""),
)

_TABLES = """
CREATE TABLE customers (
    id INTEGER PRIMARY KEY, number TEXT NOT NULL UNIQUE, name TEXT NOT NULL, email TEXT NOT NULL, phone TEXT,
    street TEXT NOT NULL, postal_code TEXT NOT NULL, city TEXT NOT NULL, country TEXT NOT NULL, language TEXT NOT NULL,
    created_on TEXT NOT NULL, last_activity_on TEXT NOT NULL
);
CREATE TABLE orders (
    id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers (id), number TEXT NOT NULL UNIQUE,
    ordered_on TEXT NOT NULL, status TEXT NOT NULL, delivered_to TEXT NOT NULL
);
CREATE TABLE order_lines (
    order_id INTEGER NOT NULL REFERENCES orders (id), position INTEGER NOT NULL, article TEXT NOT NULL,
    quantity INTEGER NOT NULL, unit_price_cents INTEGER NOT NULL, PRIMARY KEY (order_id, position)
);
CREATE TABLE payments (
    order_id INTEGER PRIMARY KEY REFERENCES orders (id), paid_on TEXT NOT NULL, means TEXT NOT NULL,
    account_end TEXT NOT NULL, fraud_score INTEGER NOT NULL, fraud_rule TEXT NOT NULL
);
CREATE TABLE newsletter (
    customer_id INTEGER PRIMARY KEY REFERENCES customers (id), subscribed_on TEXT NOT NULL, door TEXT NOT NULL,
    unsubscribed_on TEXT
);
CREATE TABLE marketing_profiles (
    customer_id INTEGER PRIMARY KEY REFERENCES customers (id), segment TEXT NOT NULL, loyalty_score INTEGER NOT NULL,
    computed_on TEXT NOT NULL
);
CREATE TABLE messages (
    id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers (id), sent_at TEXT NOT NULL,
    subject TEXT NOT NULL, body TEXT NOT NULL, mentioned_person TEXT NOT NULL, handled_by TEXT NOT NULL
);
CREATE TABLE site_visits (
    id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers (id), visited_at TEXT NOT NULL,
    page TEXT NOT NULL, ip_address TEXT NOT NULL, browser TEXT NOT NULL
);
CREATE TABLE platform_accounts (
    id INTEGER PRIMARY KEY, login TEXT NOT NULL UNIQUE, name TEXT NOT NULL, email TEXT NOT NULL, phone TEXT,
    street TEXT NOT NULL, postal_code TEXT NOT NULL, created_on TEXT NOT NULL, security_note TEXT NOT NULL
);
CREATE TABLE platform_usage (
    account_id INTEGER NOT NULL REFERENCES platform_accounts (id), day TEXT NOT NULL, launches INTEGER NOT NULL,
    pages INTEGER NOT NULL, refreshes INTEGER NOT NULL, notifications INTEGER NOT NULL, minutes INTEGER NOT NULL,
    browser TEXT NOT NULL, system TEXT NOT NULL, language TEXT NOT NULL, PRIMARY KEY (account_id, day)
);
CREATE TABLE platform_mailings (
    account_id INTEGER NOT NULL REFERENCES platform_accounts (id), sent_on TEXT NOT NULL, title TEXT NOT NULL,
    opened INTEGER NOT NULL, interest_score INTEGER NOT NULL, PRIMARY KEY (account_id, sent_on)
);
"""


def sample_company_environment(data_dir: Path) -> dict[str, str]:
    """Environment variables by which the demo profiles' sources find the sample database in `data_dir`."""
    url = f"sqlite:///{data_dir / FILE_NAME}"
    return dict.fromkeys(SOURCES, url)


def sample_people() -> list[Person]:
    """The forty customers, always the same, in the order of their numbers; the first is Camille Estève."""
    names = [(name, "fr") for name in _FRENCH] + [(name, "en") for name in _ENGLISH]
    return [_person(index, name, language) for index, (name, language) in enumerate(names)]


def _person(index: int, name: str, language: str) -> Person:
    is_french = language == "fr"
    local = ".".join(name.casefold().translate(_PLAIN).split())
    return Person(
        number=f"C-{10001 + index * 37}",
        name=name,
        email=f"{local}@example.{'org' if is_french else 'com'}",
        phone=f"+336399800{index:02d}" if is_french else f"+4477009000{index:02d}",
        street=f"{index % 28 + 1} {_STREETS[index % len(_STREETS)] if is_french else _LANES[index % len(_LANES)]}",
        postal_code="00000" if is_french else f"ZZ{index % 9 + 1} {index % 7 + 1}ZZ",
        city="Exempleville" if is_french else "Exampleton",
        country="FR" if is_french else "GB",
        language=language,
    )


_PLAIN = str.maketrans({"é": "e", "è": "e", "ë": "e", "ï": "i", "ô": "o", "’": None})


def sample_company_create(path: Path) -> None:
    """Write the database to `path`; one that is there is replaced at once, never seen half written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    with closing(sqlite3.connect(fresh)) as database:
        database.executescript(_TABLES)
        people = sample_people()
        _clients_write(database, people)
        _platform_write(database, [*people[:8], *people[-6:]])
        database.commit()
    fresh.replace(path)


def _day(number: int) -> date:
    return FIRST_DAY + timedelta(days=number)


def _at(number: int, minute: int) -> str:
    return datetime.combine(_day(number), time(8 + minute // 60 % 12, minute % 60)).isoformat(" ", "minutes")


def _insert(database: sqlite3.Connection, table: str, rows: Iterable[Sequence[object]]) -> None:
    rows = list(rows)
    marks = ", ".join("?" * len(rows[0]))
    database.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)  # noqa: S608 - table names are ours


def _clients_write(database: sqlite3.Connection, people: Sequence[Person]) -> None:
    ids = range(1, len(people) + 1)
    _insert(database, "customers", (
        (i, p.number, p.name, p.email, p.phone, p.street, p.postal_code, p.city, p.country, p.language,
         _day(i * 11).isoformat(), _day(1500 + i * 7).isoformat())
        for i, p in zip(ids, people, strict=True)
    ))
    _orders_write(database, people)
    _insert(database, "newsletter", (
        (i, _day(i * 11 + 1).isoformat(), "Formulaire du site" if i % 2 else "Commande",
         _day(i * 11 + 400).isoformat() if i % 5 == 0 else None)
        for i in ids if i % 3
    ))
    _insert(database, "marketing_profiles", (
        (i, _SEGMENTS[i % len(_SEGMENTS)], i * 17 % 101, _day(1700).isoformat()) for i in ids if i % 3
    ))
    _insert(database, "messages", (
        (number, i, _at(900 + i * 9 + number, i * 13 + number), *_QUESTIONS[number % len(_QUESTIONS)], "Noor Haddad")
        for number, i in enumerate((i for i in ids for _ in range((i + 1) % 3 + 1)), start=1)
    ))
    _insert(database, "site_visits", (
        (i * 100 + visit, i, _at(1500 + i * 7 - visit * 3, i * 29 + visit * 7), _PAGES[(i + visit) % len(_PAGES)],
         f"192.0.2.{i}", "Firefox" if i % 2 else "Safari")
        for i in ids for visit in range(i % 4 + 2)
    ))


def _orders_write(database: sqlite3.Connection, people: Sequence[Person]) -> None:
    orders = [
        (i * 10 + turn, i, person, i * 11 + 3 + turn * 210)
        for i, person in enumerate(people, start=1) for turn in range(i % 4 + 1)
    ]
    _insert(database, "orders", (
        (key, i, f"E-{80000 + key * 3}", _day(day).isoformat(), "Livrée" if key % 7 else "Retournée",
         f"{person.street}, {person.postal_code} {person.city}")
        for key, i, person, day in orders
    ))
    _insert(database, "order_lines", (
        (key, position, *(article := _ARTICLES[(key + position) % len(_ARTICLES)])[:1], key % 3 + 1, article[1])
        for key, _i, _person, _day_number in orders for position in range(1, key % 3 + 2)
    ))
    _insert(database, "payments", (
        (key, _day(day).isoformat(), "Carte" if key % 2 else "Virement", f"{key * 731 % 10000:04d}", key * 23 % 100,
         f"R{key % 6 + 1}: montant et délai")
        for key, _i, _person, day in orders
    ))


def _platform_write(database: sqlite3.Connection, people: Sequence[Person]) -> None:
    ids = range(1, len(people) + 1)
    _insert(database, "platform_accounts", (
        (i, f"U-{500 + i}", p.name, p.email, p.phone, p.street, p.postal_code, _day(600 + i * 5).isoformat(),
         "Règle S2 : connexions depuis deux pays" if i % 4 == 0 else "")
        for i, p in zip(ids, people, strict=True)
    ))
    _insert(database, "platform_usage", (
        (i, _day(1600 + day).isoformat(), day % 3 + 1, i + day * 2, day % 5, (i + day) % 4, i * 3 + day,
         "Firefox" if i % 2 else "Edge", "Linux" if i % 3 else "Windows", p.language)
        for i, p in zip(ids, people, strict=True) for day in range(i % 5 + 3)
    ))
    _insert(database, "platform_mailings", (
        (i, _day(1650 + letter * 30).isoformat(), f"Lettre n° {letter}", (i + letter) % 2, (i * 19 + letter) % 101)
        for i in ids if i % 3 for letter in range(1, 4)
    ))
