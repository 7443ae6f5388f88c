"""A door that dies: opens a request as every door does, and is killed at KILL_AT. `python -m tests.kill.door SLUG`."""

import sys

import tests.kill.app  # noqa: F401 - sets Django up, without which nothing below can be imported, and the killing point
from dsar.core.actors import Actor
from dsar.core.models import Organisation
from requests_app.services import case_open
from tests.factories import incoming

if __name__ == "__main__":
    case_open(incoming(Organisation.objects.get(slug=sys.argv[1])), actor=Actor.DATA_SUBJECT)
