"""One spelling for what is searched and what is typed, and an index that follows every write, on both databases."""

import pytest
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from dsar.core.search import MAX_TERMS, search_terms, search_text
from requests_app.models import Case
from tests.factories import a_case


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        ("Élodie Lefèvre", "elodie LEFEVRE"),
        ("cœur d’Alène", "COEUR D'ALENE"),
        ("Straße", "STRASSE"),
        ("İstanbul", "istanbul"),
        ("Işık", "isik"),
        ("ﬁnance", "FINANCE"),
        ("Łódź", "lodz"),
        ("Saint‑Malo", "saint-malo"),
        ("Æbeltoft Ørsted", "aebeltoft orsted"),
        ("so\u00adft hy\u200bphen", "soft hyphen"),
        ("two\x00\tlines\r\nhere", "two lines here"),
        ("Ǆ ŉ ẞ", "dz ’n ss"),
    ],
)
def test_spellings_that_mean_the_same(written: str, typed: str) -> None:
    assert search_text(written) == search_text(typed)


@given(st.text())
def test_folding_twice_changes_nothing_and_gives_text_every_database_takes(text: str) -> None:
    folded = search_text(text)
    assert search_text(folded) == folded
    assert "\x00" not in folded
    folded.encode()


def test_parts_are_joined_by_one_space() -> None:
    assert search_text(" Ada ", "", "Lovelace\n") == "ada lovelace"


def test_terms_are_distinct_and_few() -> None:
    assert search_terms("Ada  ada LOVELACE") == ["ada", "lovelace"]
    assert search_terms(" \x00 ") == []
    assert len(search_terms(" ".join(map(str, range(100))))) == MAX_TERMS


def named(name: str) -> Case:
    case = a_case()
    Case.objects.filter(pk=case.pk).update(search_text=search_text(name))
    return case


@pytest.mark.django_db
def test_search_follows_every_write() -> None:
    case, other = named("Élodie Lefèvre"), named('Cœur 100 % "quoted"')
    assert list(Case.objects.search("lefev")) == [case]
    assert list(Case.objects.search("fev elo")) == [case]
    assert list(Case.objects.search("coeur")) == [other]
    assert list(Case.objects.search('"quot')) == [other]
    assert list(Case.objects.search("fè")) == [case]
    assert list(Case.objects.search("100 %")) == [other]
    Case.objects.filter(pk=case.pk).update(search_text="nobody")
    assert not Case.objects.search("lefevre").exists()
    assert list(Case.objects.search("nobody")) == [case]


@pytest.mark.django_db
def test_search_forgets_what_is_rolled_back() -> None:
    case = named("ada")
    with transaction.atomic():
        Case.objects.filter(pk=case.pk).update(search_text="grace")
        transaction.set_rollback(True)
    assert list(Case.objects.search("ada")) == [case]
    assert not Case.objects.search("grace").exists()


@pytest.mark.django_db
def test_search_is_answered_by_an_index() -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_indexscan = off")
    plan = Case.objects.search("lefevre").order_by().explain()
    wanted = "requests_app_case_search" + ("_trgm" if connection.vendor == "postgresql" else " VIRTUAL TABLE INDEX")
    assert wanted in plan
