"""What a letter asks for: found in plain and in legal words, never in what is denied, quoted or only mentioned."""

import pytest

from requests_app.understanding import SURE, language_of, letter_signs, rights_found, rights_sure

ASKED = [
    ("Quelles données avez-vous sur moi ?", ["access"]),
    ("Je voudrais une copie de mes données.", ["access"]),
    ("Je demande l’accès conformément à l’article 15 du RGPD.", ["access"]),
    ("J’exerce mon droit d’accès.", ["access"]),
    ("Dites-moi tout ce que vous savez sur moi.", ["access"]),
    ("What data do you hold about me?", ["access"]),
    ("This is a subject access request.", ["access"]),
    ("Please send me a copy of all\nthe personal data you have about me.", ["access"]),
    ("Je ne veux plus recevoir vos publicités.", ["marketing_objection"]),
    ("Merci de me désabonner de toute prospection.", ["marketing_objection"]),
    ("Arrêtez de m’envoyer vos newsletters", ["marketing_objection"]),
    ("Je m’oppose à l’utilisation de mes données à des fins de prospection.", ["marketing_objection"]),
    ("Conformément à l’article 21, paragraphe 2", ["marketing_objection"]),
    ("Stop sending me marketing.", ["marketing_objection"]),
    ("I object to the processing of my data for direct marketing.", ["marketing_objection"]),
    ("Please remove me from your mailing list", ["marketing_objection"]),
    ("Stop sending me marketing, and what data do you hold about me?", ["access", "marketing_objection"]),
    ("Je ne demande pas l’effacement de mes données, seulement une copie de mes données.", ["access"]),
    ("I am not asking for erasure of my data. I want a copy of my data.", ["access"]),
    ("Veuillez supprimer mon compte.", ["erasure"]),
    ("Please correct my address.", ["rectification"]),
    ("Je retire mon consentement.", ["withdrawal"]),
    ("Je demande la limitation du traitement.", ["restriction"]),
    ("Je demande la portabilité de mes données.", ["portability"]),
    ("Je m’oppose au traitement de mes données pour des raisons tenant à ma situation.", ["objection"]),
]
NOT_ASKED = [
    "Où est ma commande 4471 ?",
    "I bought a lamp.\n\nTo unsubscribe, click here.",
    "Je ne demande pas l’effacement de mes données.",
    "Informez-moi de l’existence du droit de demander la rectification ou l’effacement de mes données.",
    "",
]


@pytest.mark.parametrize(("text", "codes"), ASKED)
def test_asked(text: str, codes: list[str]) -> None:
    assert rights_sure(rights_found("", text)) == codes


@pytest.mark.parametrize("text", NOT_ASKED)
def test_not_asked(text: str) -> None:
    assert rights_sure(rights_found("", text)) == []


def test_the_evidence_is_what_was_written() -> None:
    [found] = rights_found("", "Bonjour.\nJE VOUDRAIS une  Copie de\nmes Données !")
    assert found.evidence == "Copie de mes Données"
    assert SURE <= found.confidence <= 1


def test_the_subject_counts_and_a_lone_word_says_all() -> None:
    assert rights_sure(rights_found("Demande d’accès", "Bonjour")) == ["access"]
    assert rights_sure(rights_found("Unsubscribe", "")) == ["marketing_objection"]


def test_a_condition_leaves_a_doubt() -> None:
    [found] = rights_found("", "Si j’ai donné un accord, je retire ce consentement.")
    assert found.code == "withdrawal"
    assert found.confidence < SURE


def test_reminders_complaints_and_representatives() -> None:
    assert letter_signs("", "Je vous ai envoyé une demande le 3 mars.").chaser
    assert letter_signs("", "I have not received any answer.").chaser
    assert letter_signs("", "Je dépose plainte.").complaint
    assert not letter_signs("", "Je me réserve le droit d’introduire une plainte auprès de la CNIL.").complaint
    assert letter_signs("", "I write on behalf of my client.").agent
    plain = letter_signs("", "Je voudrais une copie de mes données.")
    assert not (plain.chaser or plain.complaint or plain.agent)


def test_language() -> None:
    assert language_of("Bonjour, je voudrais une copie de mes données") == "fr"
    assert language_of("Hello, I would like a copy of my data") == "en"
    assert language_of("4471", "en") == "en"


@pytest.mark.parametrize("text", ["ne plus " * 8000, "copy of " * 8000, "a" * 60_000, "\n" * 60_000, "…İ̇ﬁ" * 9000])
def test_hostile_texts_end(text: str) -> None:
    rights_found(text, text)
    letter_signs(text, text)
