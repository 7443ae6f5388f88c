"""Signs of life of the workers: what has given none for too long is taken up by another."""

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from time import monotonic

BEAT_EVERY = 5  # seconds between two signs of life of a worker
COLLECTION_STALE = timedelta(seconds=90)  # longer than the longest query: then its worker is gone
BUILD_STALE = timedelta(seconds=30)


def beating(pieces: Iterable[bytes], beat: Callable[[], None]) -> Iterator[bytes]:
    """The pieces unchanged; while they flow, a sign of life every BEAT_EVERY seconds."""
    last = monotonic()
    for piece in pieces:
        yield piece
        if monotonic() - last > BEAT_EVERY:
            beat()
            last = monotonic()
