"""Composition root. The import below binds Celery's shared tasks to our broker; without it a web process
queues into nowhere."""

from dsar.celery import app as celery_app

__all__ = ["celery_app"]
