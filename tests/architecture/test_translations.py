"""French says everything that English says: each string of the code and the templates has its translation."""

import ast
import re
import shutil

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po
from django.conf import settings
from django.core.management import call_command

from tests import parts
from tests.architecture.source import own_modules

FRENCH = settings.BASE_DIR / "dsar" / "locale" / "fr" / "LC_MESSAGES" / "django.po"
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")


def french() -> Catalog:
    with FRENCH.open("rb") as file:
        return read_po(file, locale="fr")


@pytest.fixture(scope="module")
def extracted(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """Every string marked for translation, as `makemessages` finds it; needs gettext."""
    if shutil.which("xgettext") is None and not parts.required():
        pytest.skip("gettext is missing: apt-get install gettext")
    copy = tmp_path_factory.mktemp("source")
    for name in ("dsar", "requests_app", "identity", "exports", "templates"):
        useless = shutil.ignore_patterns("__pycache__", "static", "locale")
        shutil.copytree(settings.BASE_DIR / name, copy / name, ignore=useless)
    (copy / "locale").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(copy)
        patch.setattr(settings, "LOCALE_PATHS", [str(copy / "locale")])
        call_command("makemessages", locale=["fr"], verbosity=0, no_obsolete=True)
    with (copy / "locale" / "fr" / "LC_MESSAGES" / "django.po").open("rb") as file:
        return read_po(file, locale="fr")


def key(message: Message) -> tuple[object, str | None]:
    return (message.id, message.context)


def texts(value: object) -> list[str]:
    return list(value) if isinstance(value, tuple | list) else [str(value)]


def test_every_string_has_its_french(extracted: Catalog) -> None:
    done = {
        key(message)
        for message in french()
        if message.id and not message.fuzzy and all(texts(message.string))
    }
    missing = [message.id for message in extracted if message.id and key(message) not in done]
    assert missing == []


def test_no_text_hides_in_an_f_string() -> None:
    """xgettext does not look into f-strings: such a text is never translated, and never missed."""
    marks = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy", "pgettext", "pgettext_lazy", "npgettext"}
    hidden = [
        f"{path.name}:{call.lineno}"
        for path, tree in own_modules().values()
        for text in ast.walk(tree)
        if isinstance(text, ast.JoinedStr)
        for call in ast.walk(text)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in marks
    ]
    assert hidden == []


def test_french_keeps_every_placeholder() -> None:
    wrong = []
    for message in french():
        if message.id and all(texts(message.string)):
            expected = set().union(*(PLACEHOLDER.findall(text) for text in texts(message.id)))
            # "One case" may say its number in words: a plural form keeps a subset, the last form everything.
            found = [set(PLACEHOLDER.findall(text)) for text in texts(message.string)]
            if found[-1] != expected or any(form - expected for form in found):
                wrong.append(message.id)
    assert wrong == []


def test_the_compiled_french_is_current() -> None:
    compiled = FRENCH.with_suffix(".mo")
    assert compiled.exists(), "make test compiles the translations"
    assert compiled.stat().st_mtime >= FRENCH.stat().st_mtime, "the compiled translations are older than their source"


def test_french_typography() -> None:
    """Before ; : ! ? and inside « » French has a no-break space, never a plain one or none."""
    wrong = [
        text
        for message in french()
        for text in texts(message.string)
        if message.id and re.search(r"\w [;!?»]|« \w|\w[!?;](\s|$)| :(\s|$)", text) and "http" not in text
    ]
    assert wrong == []
