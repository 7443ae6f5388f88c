"""A small sum for the browser of whoever sends the form: nothing for one person, a lot for a machine with thousands.

Self-hosted (ALTCHA, version 2): the challenge is signed with a key of ours, so nothing is stored before it is solved.
A missing or wrong solution shuts nobody out: the request is accepted, and a person looks at it first.
"""

import base64
import json
import secrets
import time

import altcha
from django.core.cache import cache

from dsar.core.hashing import keyed_hash

VALID_SECONDS = 4 * 60 * 60  # a page of answers may stand open for a while
LARGEST = 60_000  # hashes at most; half of them on average, which is a second for a telephone
ALGORITHM = "SHA-256"
LONGEST = 2_000  # characters of a solution


def challenge_make() -> str:
    """A fresh challenge as JSON, for the script of the page: find the number whose hash begins with `keyPrefix`."""
    challenge = altcha.create_challenge(
        ALGORITHM,
        1,
        counter=secrets.randbelow(LARGEST),
        expires_at=int(time.time()) + VALID_SECONDS,
        hmac_secret=_secret(),
    )
    return json.dumps(challenge.to_dict(), separators=(",", ":"))


def solution_accept(solution: str, *, used_for: str) -> bool:
    """Whether the solution is right and fresh, and was not used for anything else than `used_for` before.

    Sending the same thing twice uses the same solution twice, and is no replay. Never raises. While the cache is away
    no replay is noticed.
    """
    if not solution or len(solution) > LONGEST or not altcha.verify_solution(solution, _secret()).verified:
        return False
    signature = json.loads(base64.b64decode(solution))["challenge"]["signature"]
    name = "work:" + keyed_hash("work", signature.lower())
    mark = keyed_hash("work_used_for", used_for)
    return bool(cache.add(name, mark, VALID_SECONDS)) or cache.get(name, mark) == mark


def _secret() -> str:
    return keyed_hash("work_challenge", "")
