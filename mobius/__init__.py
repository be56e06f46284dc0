"""Mobius: durable workflows shared by services, people and agents.

Wiring only: settings, URLs, ASGI, Celery and the local stack.
"""

__version__ = "0.1.0"
