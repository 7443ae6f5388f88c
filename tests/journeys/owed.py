"""What the papers on each right must say, in both languages: chosen here from the law, not taken from the product.

Sources: law.md §1.1 for what every letter carries and for the grounds, §1.2 (column "Answer") for each right.
"""

Words = dict[str, tuple[str, ...]]

# Every letter: what was decided, by whom, and the remedies of GDPR arts. 12(4), 77 and 79.
OUTCOMES = {
    "granted": {"fr": "Accordée", "en": "Granted"},
    "refused": {"fr": "Refusée", "en": "Refused"},
    "no_data": {"fr": "Aucune donnée", "en": "No data held"},
    "answered": {"fr": "Réponse remise", "en": "Answered"},
}
DPO = {"fr": "Délégué à la protection des données : ", "en": "Data protection officer: "}
CONTACT = {"fr": "Contact pour vos données : ", "en": "Contact for your data: "}
CONTROLLER = {"fr": "responsable du traitement", "en": "controller"}
RECEIVED = {"fr": "jeudi 5 mars 2026", "en": "Thursday 5 March 2026"}
KEPT_UNTIL = {"fr": "31 décembre 2034", "en": "31 December 2034"}
REMEDIES: Words = {
    "fr": ("Écrivez-nous", "Saisissez l’autorité de contrôle", "(CNIL)", "3 place de Fontenoy", "75334 Paris Cedex 07",
           "https://www.cnil.fr/fr/plaintes", "Saisissez le juge", "tribunal judiciaire",
           "RGPD, article 12, paragraphe 4, et articles 77 et 79"),
    "en": ("Write to us", "Complain to the authority", "(CNIL)", "3 place de Fontenoy", "75334 Paris Cedex 07",
           "https://www.cnil.fr/fr/plaintes", "Go to court", "tribunal judiciaire", "GDPR, articles 12(4), 77 and 79"),
}  # fmt: skip
# The authority of the country where the person lives (GDPR art. 77(1)), by that country.
NEAR: dict[str, Words] = {
    "BE": {"fr": ("Belgique", "Autorité de protection des données (APD)", "Drukpersstraat 35"),
           "en": ("Belgium", "Belgian Data Protection Authority", "Drukpersstraat 35")},
    "IE": {"fr": ("Irlande", "Data Protection Commission", "21 Fitzwilliam Square South"),
           "en": ("Ireland", "Irish Data Protection Commission", "21 Fitzwilliam Square South")},
}  # fmt: skip

# The ground as the letter names it, with its article.
GROUNDS: Words = {
    "7_3_NO_CONSENT": ("Le traitement ne repose pas sur le consentement, article 7, paragraphe 3 du RGPD",
                       "The processing does not rest on consent, article 7(3) of the GDPR"),
    "12_5_REPETITIVE": ("Demande excessive : répétitive, article 12, paragraphe 5 du RGPD",
                        "Excessive request: repetitive, article 12(5) of the GDPR"),
    "16_ACCURATE": ("L’exactitude des données est prouvée, article 16 du RGPD",
                    "The data are proven to be accurate, article 16 of the GDPR"),
    "17_3_b": ("Obligation légale ou mission d’intérêt public, article 17, paragraphe 3, point b) du RGPD",
               "Legal obligation or task of public interest, article 17(3)(b) of the GDPR"),
    "18_1_NOT_MET": ("Aucun motif de limitation ne s’applique, article 18, paragraphe 1 du RGPD",
                     "No ground of restriction applies, article 18(1) of the GDPR"),
    "20_1_BASIS": ("Le traitement ne repose ni sur le consentement ni sur un contrat, article 20",
                   "The processing rests neither on consent nor on a contract, article 20(1)(a) of the GDPR"),
    "21_1_COMPELLING": ("Motifs légitimes et impérieux, ou droits en justice, article 21, paragraphe 1 du RGPD",
                        "Compelling legitimate grounds, or legal claims, article 21(1) of the GDPR"),
    "21_6_PUBLIC": ("Recherche ou statistiques nécessaires à une mission d’intérêt public, article 21, paragraphe 6",
                    "Research or statistics needed for a task of public interest, article 21(6) of the GDPR"),
    "22_NO_SOLE_AUTOMATION": ("Aucune décision n’est prise par une machine seule, article 22, paragraphe 1 du RGPD",
                              "No decision is taken by a machine alone, article 22(1) of the GDPR"),
    "85_NOT_ENTITLED": ("Ni héritier, ni exécuteur, ni personne désignée, article 85, loi 78-17",
                        "Neither heir, executor nor designated person, article 85, loi 78-17"),
}  # fmt: skip

# Each right and outcome: what its letter cannot do without, beside the reasons that the handler wrote.
OWED: dict[tuple[str, str], Words] = {
    ("withdrawal", "granted"): {
        "fr": ("Votre consentement est retiré", "avant ce jour reste licite", "article 7, paragraphe 3",
               "effacer les données", "article 17, paragraphe 1, point b)"),
        "en": ("Your consent is withdrawn", "before this day stays lawful", "article 7(3)", "data erased",
               "article 17(1)(b)")},
    ("withdrawal", "no_data"): {
        "fr": ("Ce que vous visez ne repose pas sur votre consentement", "pas ici de consentement à retirer",
               "vous opposer au traitement ou demander l’effacement"),
        "en": ("does not rest on your consent", "no consent to withdraw", "object to the processing")},
    ("access", "granted"): {
        "fr": ("Oui, nous traitons des données sur vous", "à quoi servent vos données", "quelles catégories",
               "qui les reçoit", "d’où elles viennent", "combien de temps", "Espace économique européen",
               "si une machine prend des décisions", "Votre copie", "articles 16 à 18, 20 et 21"),
        "en": ("Yes, we process data about you", "what your data are used for", "which categories", "who receives them",
               "where they come from", "how long we keep them", "European Economic Area", "whether a machine decides",
               "Your copy", "articles 16 to 18, 20 and 21")},
    ("access", "refused"): {
        "fr": ("Nous ne vous remettons pas de copie", "Vous pouvez renouveler votre demande"),
        "en": ("We do not give you a copy", "You may ask again")},
    ("rectification", "granted"): {
        "fr": ("Vos données sont rectifiées",), "en": ("Your data are corrected",)},
    ("rectification", "refused"): {
        "fr": ("Nous ne modifions pas vos données", "une déclaration, avec vos propres mots"),
        "en": ("We do not change your data", "a statement in your own words")},
    ("erasure", "granted"): {
        "fr": ("Vos données sont effacées", "sauvegardes", "article 17, paragraphe 2"),
        "en": ("Your data are erased", "backups", "article 17(2)")},
    ("erasure", "refused"): {
        "fr": ("Nous n’effaçons pas vos données", "seulement à cette fin"),
        "en": ("We do not erase your data", "only for this purpose")},
    ("restriction", "granted"): {
        "fr": ("Vos données sont gelées", "votre consentement", "article 18, paragraphe 2", "Avant de lever",
               "article 18, paragraphe 3"),
        "en": ("Your data are frozen", "your consent", "article 18(2)", "Before we lift", "article 18(3)")},
    ("restriction", "refused"): {
        "fr": ("Nous ne gelons pas vos données", "quatre cas"),
        "en": ("We do not freeze your data", "four cases")},
    ("portability", "granted"): {
        "fr": ("prêtes à être emportées", "JSON et CSV", "laissé de côté", "n’efface rien"),
        "en": ("ready to go elsewhere", "JSON and CSV", "left out", "erases nothing")},
    ("portability", "refused"): {
        "fr": ("Nous ne remettons pas vos données", "demander une copie", "article 15"),
        "en": ("We do not hand over your data", "ask for a copy", "article 15")},
    ("objection", "granted"): {
        "fr": ("Nous cessons l’usage", "faire effacer", "article 17, paragraphe 1, point c)"),
        "en": ("We stop the use", "data erased", "article 17(1)(c)")},
    ("objection", "refused"): {
        "fr": ("Nous poursuivons l’usage", "mis nos raisons en balance"),
        "en": ("We go on with the use", "weighed our reasons")},
    ("marketing_objection", "granted"): {
        "fr": ("plus de publicité", "profilage", "liste de refus", "article 21, paragraphe 3"),
        "en": ("no more advertising", "profiling", "list of refusals", "article 21(3)")},
    ("marketing_objection", "no_data"): {
        "fr": ("aucune publicité",), "en": ("no advertising sent to you",)},
    ("research_objection", "granted"): {
        "fr": ("sortent de nos recherches",), "en": ("leave our research",)},
    ("research_objection", "refused"): {
        "fr": ("Nos recherches se poursuivent",), "en": ("Our research goes on",)},
    ("automated_decision", "granted"): {
        "fr": ("Une personne a réexaminé la décision", "vous contestez", "article 22, paragraphe 3"),
        "en": ("A person has reviewed the decision", "you contest", "article 22(3)")},
    ("automated_decision", "refused"): {
        "fr": ("Aucune machine n’a décidé seule", "Une personne prend part à cette décision"),
        "en": ("No machine alone decided", "A person takes part in this decision")},
    ("directives", "granted"): {
        "fr": ("est enregistré", "modifier ou les révoquer à tout moment", "vos héritiers", "85, loi 78-17"),
        "en": ("is recorded", "change or revoke them at any time", "your heirs", "85, loi 78-17")},
    ("directives", "no_data"): {
        "fr": ("aucune directive de votre part",), "en": ("no directives of yours",)},
    ("post_mortem", "granted"): {
        "fr": ("pour la personne décédée", "directives", "héritiers", "85, loi 78-17"),
        "en": ("for the person who died", "directives", "heirs", "85, loi 78-17")},
    ("post_mortem", "refused"): {
        "fr": ("Nous ne pouvons pas faire ce que vous demandez", "Envoyez-nous ce qui montre"),
        "en": ("We cannot do what you ask", "Send us what shows")},
    ("question", "answered"): {
        "fr": ("Notre réponse à votre question",), "en": ("Our answer to your question",)},
}  # fmt: skip

# Every mail: how to reach the organisation and to follow the request.
MAIL: Words = {"fr": ("Votre référence : ",), "en": ("Your reference: ",)}
MAILS: dict[str, Words] = {
    "emails/acknowledgement": {
        "fr": ("Votre demande est arrivée le jeudi 5 mars 2026", "au plus tard le mardi 7 avril 2026",
               "RGPD, article 12, paragraphe 3", "1182/71", "n’avez pas à envoyer de pièce d’identité",
               "même si vous ne confirmez pas"),
        "en": ("5 March 2026", "Tuesday 7 April 2026 at the latest",
               "GDPR art. 12(3)", "1182/71", "not need to send an identity document",
               "even if you do not confirm")},
    "emails/access_code": {"fr": ("code",), "en": ("code",)},
    "emails/answer_ready": {
        "fr": ("ne contient aucune de vos données", "saisissez l’autorité de contrôle ou le juge",
               "articles 77 et 79", "(CNIL), 3 place de Fontenoy"),
        "en": ("holds none of your data", "rite to us, complain to the supervisory authority or go to court",
               "arts. 77 and 79", "(CNIL), 3 place de Fontenoy")},
}  # fmt: skip
MAILS["emails/answer_without_data"] = {
    "fr": ("Notre lettre est sur la page de suivi", *MAILS["emails/answer_ready"]["fr"][1:]),
    "en": ("Our letter is on the tracking page", *MAILS["emails/answer_ready"]["en"][1:]),
}

# The sheet of the data package, GDPR art. 15(1)-(2): items A1 to A9 of law.md §1.2.
SHEET: Words = {
    "fr": ("Finalité", "Catégories de données", "Transmises à", "Gardées", "articles 16, 17, 18 et 21",
           "réclamation à l’autorité de contrôle", "D’où elles viennent", "Décisions automatisées",
           "Hors de l’Espace économique européen"),
    "en": ("Purpose", "Categories of data", "Passed on to", "Kept", "articles 16, 17, 18 and 21",
           "complain to the supervisory authority", "Where they come from", "Automated decisions",
           "Outside the European Economic Area"),
}  # fmt: skip
