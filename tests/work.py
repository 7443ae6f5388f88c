"""Does what work.js does: solves the sum of a page of the form."""

import json
import re
from html import unescape

import altcha


def work_solved(page: str) -> str:
    """What a browser fills into the field `work` of that page (HTML). Raises LookupError for a page without a sum."""
    found = re.search(r'data-work="([^"]*)"', page)
    if found is None:
        raise LookupError("the page sets no sum")
    return challenge_solved(unescape(found[1]))


def challenge_solved(text: str) -> str:
    """The same for a challenge as it is, in JSON."""
    challenge = altcha.Challenge.from_dict(json.loads(text))
    solution = altcha.solve_challenge(challenge)
    assert solution is not None
    return altcha.Payload(challenge=challenge, solution=solution).to_base64()
