"""`python -m tests.benchmarks NAME` prints a JSON line a measure; without a name, the names."""

import importlib
import json
import sys
from dataclasses import asdict

NAMES = {
    "intake": "requests by the public form, against a view that does one INSERT (PostgreSQL, Redis)",
    "sweep": "reminders of 1,000 rights due among 1,000,000, against 1,000 among 1,000 (PostgreSQL, Redis)",
}


def main() -> int:
    """Run one benchmark; 2 for an unknown name."""
    if len(sys.argv) == 1:
        print(*(f"{name:<16}{what}" for name, what in NAMES.items()), sep="\n")  # noqa: T201 - a command's output
        return 0
    name = sys.argv[1]
    if name not in NAMES:
        print(f"No benchmark {name!r}. There are: {', '.join(NAMES)}.", file=sys.stderr)  # noqa: T201
        return 2
    for measure in importlib.import_module(f"tests.benchmarks.{name}").run():
        print(json.dumps({**asdict(measure), "ratio": round(measure.ratio, 3)}), flush=True)  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
