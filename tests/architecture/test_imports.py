"""Imports point down: the contracts of pyproject.toml hold, and what calls itself pure knows no database."""

import pytest
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

from tests.architecture.source import imported, own_modules

PURE = ["requests_app.deadlines", "requests_app.inbound_email", "requests_app.understanding"]
ALLOWED_ABOVE_CORE = {"dsar", "dsar.core"}


def test_the_contracts_hold(capsys: pytest.CaptureFixture[str]) -> None:
    assert lint_imports(cache_dir=None) == EXIT_STATUS_SUCCESS, capsys.readouterr().out


def test_nobody_imports_the_composition_root() -> None:
    modules = own_modules()
    guilty = [
        f"{name} imports {target}"
        for name, (_, tree) in modules.items()
        if not name.startswith("dsar") or name.startswith("dsar.core")
        for target in imported(tree)
        if target.startswith("dsar.") and not target.startswith("dsar.core")
    ]
    assert guilty == []


@pytest.mark.parametrize("name", PURE)
def test_pure_modules_know_no_database(name: str) -> None:
    modules = own_modules()
    seen: set[str] = set()
    waiting = [name]
    guilty = []
    while waiting:
        module = waiting.pop()
        if module in seen:
            continue
        seen.add(module)
        for target in imported(modules[module][1]):
            if target.split(".")[0] == "django" and target.startswith(("django.db", "django.apps", "django.contrib")):
                guilty.append(f"{module} imports {target}")
            elif target in modules:
                waiting.append(target)
    assert guilty == []


def test_only_the_outbox_and_the_tasks_send_mail() -> None:
    senders = {
        name
        for name, (_, tree) in own_modules().items()
        if any(target.startswith("django.core.mail") for target in imported(tree))
    }
    # The outbox sends; the folder of the demo receives; sign-in mail to staff is allauth's.
    assert senders <= {"requests_app.outbox", "requests_app.mail_folder", "dsar.core.accounts"}
