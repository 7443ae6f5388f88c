"""The Regulation's words: names that the project does not use, in its identifiers, files and addresses."""

import ast
import re
from collections.abc import Iterator

from django.conf import settings
from django.urls import URLResolver, get_resolver

from tests.architecture.source import own_modules

FORBIDDEN = {"ticket", "tickets", "customer", "customers", "sla", "slas", "resolution", "resolutions"}
VAGUE_MODULES = {"utils", "helpers", "common", "managers", "selectors", "misc"}


def words(name: str) -> list[str]:
    """Words of a snake_case, kebab-case or CamelCase name."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)]


def is_forbidden(name: str) -> bool:
    """Whether a name holds a forbidden word, is called "type", or "deletes" something."""
    parts = words(name)
    if FORBIDDEN & set(parts):
        return True
    # content_type is a term of its own; `delete` alone overrides Django's.
    return name != "content_type" and (name == "type_" or (parts[:1] == ["delete"] and len(parts) > 1))


def defined_names(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.id if isinstance(node, ast.Name) else node.attr


def test_names_in_the_code() -> None:
    guilty = {
        f"{path.relative_to(settings.BASE_DIR)}: {name}"
        for path, tree in own_modules().values()
        for name in defined_names(tree)
        if is_forbidden(name)
    }
    assert guilty == set()


def test_names_of_files() -> None:
    folders = [settings.BASE_DIR / name for name in ("dsar", "requests_app", "identity", "exports", "templates")]
    paths = [path for folder in folders for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    assert [path for path in paths if is_forbidden(path.stem) or path.stem in VAGUE_MODULES] == []


def test_names_of_addresses() -> None:
    def named(resolver: URLResolver) -> Iterator[str]:
        for entry in resolver.url_patterns:
            if isinstance(entry, URLResolver):
                yield from named(entry)
            elif entry.name:
                yield entry.name

    assert [name for name in named(get_resolver()) if is_forbidden(name)] == []


def test_the_words_of_a_name() -> None:
    assert words("caseRightDelete_now") == ["case", "right", "delete", "now"]
    assert all(map(is_forbidden, ("ticket_open", "SLAClock", "delete_case", "type_", "resolution")))
    assert not any(map(is_forbidden, ("content_type", "translate", "delete", "type")))
