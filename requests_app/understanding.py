"""What a letter asks for, found offline by rules in French and English; nothing found means that a person reads it.

The rules look for the words of the law and for plain ones. They are made to be read: a pattern, what it means, and how
sure it is. Below SURE a right is only a hint: mail with nothing but hints waits for a person, it is never dropped.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass

from dsar.core.rights import RIGHTS

SURE = 0.7
MAX_TEXT = 50_000  # characters that are looked at


@dataclass(frozen=True)
class RightFound:
    """One right of `dsar.core.rights`, between 0 and 1 how sure, and the words that say so, as they were written."""

    code: str
    confidence: float
    evidence: str


@dataclass(frozen=True)
class LetterSigns:
    """What else decides who must read a letter: it reminds us of an older one, complains, or speaks for another."""

    chaser: bool
    complaint: bool
    agent: bool


# Patterns are matched against text without accents and capitals; one blank stands for any run of blanks.
_ADS = (
    r"(?:publicit\w*|pubs?\b|prospection\w*|marketing|newsletters?|infolettres?|lettres? d'information|promo\w*|offres?"
    r"|commercia\w*|demarchage\w*|sollicitations?|catalogues?|advert\w*|\bads\b|spam\w*|offers?|mailings?)"
)
_MAILS = r"(?:e-?mails?|mails?|courriels?|messages?|sms|textos?|texts?|letters|courriers?)"
_MY_DATA = (
    r"(?:mes (?:\w+ )?(?:donnees|informations|infos)|(?:donnees|informations|infos)(?: \S+){0,4} me concern\w+"
    r"|(?:donnees|informations|infos)(?: \S+){0,8} (?:sur|a propos de) moi\b)"
)
_MY_DATA_EN = (
    r"(?:my (?:own |personal )*(?:data|information|details|records?)"
    r"|(?:data|information|records?)(?: \S+){0,8} (?:about|on|concerning|of) me\b)"
)
_HOLD = r"(?:avez|detenez|possedez|conservez|stockez|gardez|disposez|traitez|savez|collectez|utilisez)"
_HOLD_EN = r"(?:hold|have|keep|store|process|know|collect(?:ed)?|got|use)"
_ARTICLE = r"\bart(?:icles?|\.)? ?"
_PARAGRAPH_2 = r"(?:,? ?(?:\(2\)|§ ?2|al(?:inea|\.) ?2|par(?:agraphe|agraph|a\.?|\.) ?2)|[.,-]2)\b"

_RULES: tuple[tuple[str, float, str], ...] = (
    ("access", 0.9, rf"(?:{_ARTICLE}15|droit d'acces)\b"),
    ("access", 0.9, r"\bdemand\w+(?: \S+){0,4} (?:d'|l')acces\b"),
    ("access", 0.9, r"\bacceder a (?:toutes |l'ensemble de )?mes (?:donnees|informations)"),
    ("access", 0.85, rf"\bcopie (?:\S+ ){{0,5}}?{_MY_DATA}"),
    ("access", 0.85, rf"\b(?:communi\w+|transm\w+|envoy\w+|fourni\w*|obtenir|recevoir|voir|connaitre|consulter)"
                     rf"(?: \S+){{0,5}}? {_MY_DATA}"),
    ("access", 0.85, rf"\b(?:donnees|informations|infos|ce)(?: \S+){{0,4}} {_HOLD}(?:-vous)?(?: \S+){{0,3}}"
                     r" (?:sur moi|a mon sujet|me concernant)\b"),
    ("access", 0.8, rf"\b{_HOLD}(?:-vous)?(?: \S+){{0,3}} (?:donnees|informations|infos) (?:sur moi|me concernant)\b"),
    ("access", 0.95, r"\b(?:subject access request|dsar\b|right of access|right to access)"),
    ("access", 0.85, rf"\b(?:request\w*|give me|grant me|want|would like|need)(?: \S+){{0,4}} access"
                     rf"(?: (?:according|under|pursuant|in accordance)\b| to (?:\S+ ){{0,4}}?{_MY_DATA_EN})"),
    ("access", 0.85, rf"\b(?:copy|copies) of (?:\S+ ){{0,5}}?{_MY_DATA_EN}"),
    ("access", 0.85, rf"\b(?:send|show|give|tell|provide|see|receive)(?: me)?(?: \S+){{0,5}}? {_MY_DATA_EN}"),
    ("access", 0.85, rf"\b(?:what|which|all|any|whatever|everything)(?: \S+){{0,5}} you (?:\S+ )?{_HOLD_EN}"
                     r"(?: \S+){0,3} (?:about|on|concerning) me\b"),
    ("marketing_objection", 0.95, rf"{_ARTICLE}21{_PARAGRAPH_2}"),
    ("marketing_objection", 0.95, rf"\b(?:m'oppos\w+|opposition|object\w*)(?: \S+){{0,14}}? {_ADS}"),
    ("marketing_objection", 0.9, rf"\b(?:ne(?: \S+)? plus|ne (?:veux|souhaite|desire)(?: \S+)? pas|plus jamais"
                                 rf"|cess\w+ de|arret\w+ de)(?: \S+){{0,8}}? {_ADS}"),
    ("marketing_objection", 0.75, rf"\b(?:ne(?: \S+)? plus|plus jamais|cess\w+ de|arret\w+ de) (?:\S+ ){{0,2}}"
                                  rf"(?:recevoir|envoyer|m'envoyer|m'ecrire|m'adresser)(?: \S+){{0,3}} {_MAILS}"),
    ("marketing_objection", 0.9, rf"\b(?:desabonn|desinscri|radi|retir|enlev|supprim|ot)\w*(?:-moi)?(?: \S+){{0,8}}?"
                                 rf" (?:{_ADS}|(?:liste|fichier)s? (?:de diffusion|d'envoi|d'adresses))"),
    ("marketing_objection", 0.75, r"\b(?:(?:me|m'etre) (?:desabonner|desinscrire)|(?:desabonne|desinscri)\w*-moi)\b"),
    ("marketing_objection", 0.85, rf"\b(?:stop|fin|halte)(?: a| aux?| la| des?| les?| the| to| with)*(?: \S+)? {_ADS}"),
    ("marketing_objection", 0.9, r"\bstop (?:sending|e-?mailing|mailing|contacting|texting|calling|bothering)"
                                 rf"(?: \S+){{0,8}}? {_ADS}"),
    ("marketing_objection", 0.75, rf"\bstop sending me(?: \S+){{0,3}} {_MAILS}"),
    ("marketing_objection", 0.9, rf"\b(?:do not|don't|no longer|never)(?: \S+){{0,3}} (?:receive|get|be sent|send|mail)"
                                 rf"(?: \S+){{0,6}}? {_ADS}"),
    ("marketing_objection", 0.9, r"\b(?:unsubscribe|remove|take) (?:me|us|my)\b(?: \S+){0,6}?"
                                 rf" (?:{_ADS}|(?:mailing |e-?mail )?lists?\b)"),
    ("marketing_objection", 0.75, r"\bunsubscribe me\b"),
    ("marketing_objection", 0.85, rf"\bopt(?:ing)?[- ]out (?:of|from)(?: \S+){{0,4}}? {_ADS}"),
    ("marketing_objection", 0.4, r"\b(?:unsubscribe|desabonn\w+|desinscri\w+|opt[- ]out)\b"),
    ("erasure", 0.9, rf"(?:{_ARTICLE}17|droit a (?:l'effacement|l'oubli)|right to (?:erasure|be forgotten))\b"),
    ("erasure", 0.85, rf"\b(?:effac|supprim|suppression|destruction|detrui)\w*(?: \S+){{0,5}}?"
                      rf" (?:{_MY_DATA}|mon compte|mon profil)"),
    ("erasure", 0.85, rf"\b(?:delet\w+|eras\w+|remov(?:e|al)|destroy)(?: \S+){{0,4}}?"
                      rf" (?:{_MY_DATA_EN}|my (?:\w+ )?account)"),
    ("rectification", 0.9, rf"(?:{_ARTICLE}16|droit de rectification|right to rectification)\b"),
    ("rectification", 0.8, r"\b(?:rectifi|corrig|correction|mettre a jour|mettez a jour|mise a jour)\w*(?: \S+){0,4}?"
                           rf" (?:{_MY_DATA}|mon (?:nom|prenom|adresse|numero)|mon adresse|ma date)"),
    ("rectification", 0.8, r"\b(?:rectify|correct|update|amend)(?: \S+){0,2}? "
                           rf"(?:{_MY_DATA_EN}|my (?:\w+ )?(?:name|address|number|date of birth))"),
    ("restriction", 0.85, rf"(?:{_ARTICLE}18|limitation du traitement|restriction of (?:the )?processing)\b"),
    ("restriction", 0.75, r"\b(?:geler|gelez|freeze|restrict)(?: \S+){0,4}?"
                          r" (?:mes donnees|my (?:\w+ )?data|processing)\b"),
    ("portability", 0.85, rf"(?:{_ARTICLE}20|portabilite|portability)\b"),
    ("portability", 0.75, r"\b(?:machine[- ]readable|lisibles? par (?:une )?machine)\b"),
    ("objection", 0.85, r"\b(?:m'oppos\w+|mon opposition)(?: \S+){0,3} traitement"),
    ("objection", 0.85, r"\bobject(?:ing)? to(?: \S+){0,3} processing"),
    ("objection", 0.6, rf"{_ARTICLE}21\b"),
    ("withdrawal", 0.85, r"\b(?:retir\w+|revoqu\w+) (?:mon|ce|le|tout) consentement"),
    ("withdrawal", 0.85, r"\b(?:withdraw\w*|revok\w+)(?: \S+)? (?:my|this|said|any) consent"),
)
_COMPILED = tuple((code, sure, re.compile(pattern.replace(" ", r"\ "))) for code, sure, pattern in _RULES)

# What stands before a match in its sentence and turns it: not asked, only mentioned, or only if.
_NOT_ASKED = re.compile(
    r"\b(?:(?:ne|n')(?: ?\w+)? ?(?:demande|sollicite|souhaite|veux|reclame|exerce|desire|s'agit)(?: \w+)?"
    r" (?:pas|point|plus)"
    r"|(?:sans|plutot que|au lieu de) (?:vous )?(?:demander|solliciter|vouloir|que)"
    r"|(?:not|never|don't|doesn't|isn't|am not)(?: \w+)? "
    r"(?:ask\w*|request\w*|want\w*|seek\w*|wish\w*|exercis\w*|mean\w*)"
    r"|rather than|instead of)\b(?: \S+){0,8} ?$"
)
_ONLY_MENTIONED = re.compile(
    r"\b(?:existence|exists?|existe|reserve le droit|reserve the right|droit de demander|right to request"
    r"|informations? sur (?:le|les|mes) droits?|for information)\b[^\n]{0,160}$"
)
_ONLY_IF = re.compile(r"\b(?:si j'ai|si j'avais|if i have|if i had|if i gave|where i have)\b[^\n]{0,300}$")
# Not the dot of an abbreviation; and a clause that begins with "but" or "only" is a sentence of its own.
_SENTENCE_END = re.compile(
    r"[\n!?;]|(?<!art)(?<!e\.g)(?<! ex)(?<! al)\.(?= [^0-9])|,? \b(?:seulement|mais|juste|only|but|just)\b"
)
SENTENCE = 300  # characters of a sentence that are looked at before and after a match

_CHASER = re.compile(
    r"\b(?:(?:je vous ai|j'ai|vous ai) (?:deja )?(?:envoye|adresse|ecrit|fait parvenir|transmis)(?: \S+){0,6} demande"
    r"|ma (?:precedente |premiere )?demande du \d|restee? sans reponse|(?:n'ai|pas)(?: \S+){0,4} (?:recu|eu)"
    r"(?: \S+){0,3} reponse|je vous relance|i (?:already )?(?:sent|wrote|submitted|made)(?: \S+){0,6} request"
    r"|(?:have not|haven't|not yet|never)(?: \S+){0,3} (?:received|had|got)(?: \S+){0,4} (?:answer|reply|response)"
    r"|my (?:previous|earlier) request|reminder of my)\b"
)
_COMPLAINT = re.compile(
    r"\b(?:je (?:depose|porte|introduis|forme|saisis)(?: \S+){0,5} (?:plainte|reclamation|cnil)"
    r"|(?:i am|i'm|i hereby) (?:lodg|fil|mak)\w+ (?:a|this) (?:formal )?complaint"
    r"|(?:plainte|complaint)(?: \S+){0,4} art(?:icle|\.)? ?77)\b"
)
_AGENT = re.compile(
    r"\b(?:(?:au nom|pour le compte) de (?:m\.|mme|monsieur|madame|mon client|ma cliente|notre client|ma mere|mon pere)"
    r"|en (?:ma )?qualite (?:de mandataire|d'avocat|de tuteur|de curateur|de representant)|mon client|ma cliente"
    r"|notre client\w*|en vertu d'un mandat|on behalf of|my client|our client|acting for|authori[sz]ed agent"
    r"|power of attorney)\b"
)
_ONE_WORD = re.compile(r"\W*(?:unsubscribe|stop|desabonne\w*|desinscri\w*|stop pub)\W*(?:\n(?:\w+\W+){0,6})?")
_FRENCH = """le la les des du et est une un je vous mes mon ma vos votre que qui dans sur pour pas ne au aux ce cette
    avec bonjour merci nous me par plus avez cordialement toutes"""
_ENGLISH = """the and is are you your my of to in that this with for have i not it be from as on please dear regards
    hello thank all any do what me which would"""
_STOP_WORDS = {"fr": frozenset(_FRENCH.split()), "en": frozenset(_ENGLISH.split())}


def rights_found(subject: str, text: str) -> list[RightFound]:
    """The rights that a letter seems to invoke, in the order of the law, each with its best evidence.

    `text` is what the person wrote, without the mail they answer to.
    """
    found: dict[str, RightFound] = {}
    letter = _Letter(f"{subject}\n\n{text}"[:MAX_TEXT])
    for code, sure, pattern in _COMPILED:
        for match in pattern.finditer(letter.plain):
            before, after = letter.sentence(match.start(), match.end())
            if _NOT_ASKED.search(before) or _ONLY_MENTIONED.search(before):
                continue
            if code == "objection" and re.search(_ADS, before + match[0] + after):
                continue  # the narrower right of the same article says what is meant
            confidence = min(sure, 0.5) if _ONLY_IF.search(before) else sure
            if code not in found or found[code].confidence < confidence:
                found[code] = RightFound(code, confidence, letter.words(match.start(), match.end()))
    _one_word_letter(letter, found)
    return [found[code] for code in RIGHTS if code in found]


def rights_sure(found: list[RightFound]) -> list[str]:
    """The codes found with enough certainty to open a case without a person."""
    return [right.code for right in found if right.confidence >= SURE]


def letter_signs(subject: str, text: str) -> LetterSigns:
    """Whether the letter is a reminder, a complaint, or written for somebody else."""
    plain = _Letter(f"{subject}\n\n{text}"[:MAX_TEXT]).plain
    return LetterSigns(
        chaser=bool(_CHASER.search(plain)),
        complaint=any(
            not _ONLY_MENTIONED.search(plain[max(0, match.start() - 160) : match.start()])
            for match in _COMPLAINT.finditer(plain)
        ),
        agent=bool(_AGENT.search(plain)),
    )


def language_of(text: str, default: str = "fr") -> str:
    """"fr" or "en", by the small words of the text; `default` when they do not tell."""
    words = Counter(re.findall(r"[a-zà-ÿ]+", text[:MAX_TEXT].lower()))
    scores = {language: sum(words[word] for word in stop) for language, stop in _STOP_WORDS.items()}
    return default if scores["fr"] == scores["en"] else max(scores, key=lambda language: scores[language])


def _one_word_letter(letter: _Letter, found: dict[str, RightFound]) -> None:
    """"Unsubscribe", "STOP": as the whole letter it says everything, in the footer of a longer one nothing."""
    if len(letter.plain) < 200 and _ONE_WORD.fullmatch(letter.plain):
        found["marketing_objection"] = RightFound("marketing_objection", 0.8, letter.original.strip()[:60])


class _Letter:
    """A text beside its plain form, so that what matched can be quoted as it was written."""

    def __init__(self, text: str) -> None:
        self.original = text
        characters: list[str] = []
        self.positions: list[int] = []
        for position, character in enumerate(text):
            plain = _plain(character, text, position)
            if plain in (" ", "\n") and characters and characters[-1] in (" ", "\n"):
                characters[-1] = max(characters[-1], plain, key="\n".__eq__)  # the end of a paragraph is the stronger
            elif plain:
                characters.append(plain)
                self.positions.append(position)
        self.plain = "".join(characters)

    def words(self, start: int, end: int) -> str:
        """What stands at these places of the plain text, as it was written, on one line."""
        return " ".join(self.original[self.positions[start] : self.positions[end - 1] + 1].split())[:200]

    def sentence(self, start: int, end: int) -> tuple[str, str]:
        """What stands in the sentence before and after a match, at most SENTENCE characters each."""
        before = _SENTENCE_END.split(self.plain[max(0, start - SENTENCE) : start])[-1]
        after = _SENTENCE_END.split(self.plain[end : end + SENTENCE])[0]
        return before, after


def _plain(character: str, text: str, position: int) -> str:
    """One character without accent and capital. A blank line ends a paragraph, a single newline is a blank."""
    if character == "\n":
        return "\n" if text[position + 1 : position + 2] == "\n" else " "
    if character.isspace():
        return " "
    if character in "’‘ʼ`´":
        return "'"
    folded = unicodedata.normalize("NFKD", character)[0].lower()
    return folded if len(folded) == 1 and not unicodedata.combining(folded) else ""
