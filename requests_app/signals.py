"""News that travels up: the apps above listen, queue a task and nothing else (DESIGN §2)."""

from django.dispatch import Signal

# Sent after commit with case_right_id: int, source: Stage, target: Stage.
case_right_moved = Signal()

# Sent after commit with outgoing_id: int, when the mail server has accepted a mail of the outbox.
outgoing_sent = Signal()
