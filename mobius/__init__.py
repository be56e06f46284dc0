"""Mobius: durable workflows shared by services, people and agents.

Wiring only: settings, URLs, ASGI, Celery and the local stack; beside it what talks to
a server from outside, ``sdk`` and ``cli``.
"""

__version__ = "0.1.0"
