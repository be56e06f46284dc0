"""The Celery app: one queue of hints and the clock of the house.

Celery carries hints, never facts: every task drains rows that PostgreSQL holds, so
a lost message costs at most one tick of the clock. Hence early acknowledgement, no
results, no retries and short expiry.
"""

import os
from typing import Any

from celery import Celery, Task, signals
from celery.app.amqp import AMQP
from django.conf import settings
from kombu import Connection

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mobius.settings.production")

TICK_SECONDS = 1.0
#: How often the worker and beat look for a broker that is away.
RECONNECT_SECONDS = 1.0


class HouseTask(Task):  # type: ignore[misc]
    """A task that keeps its process's database connection, once it is known good."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Check the connection, then run."""
        # Django is not set up yet when Celery imports this module.
        from apps.kernel import tracing
        from apps.kernel.log_context import about
        from apps.realtime.bridge import refresh_connections
        from apps.realtime.counting import count, flush_if_due

        refresh_connections()
        outcome = "failed"
        try:
            with (
                about(task=self.name),
                tracing.begin(self.name, kind=tracing.Kind.CONSUMER) as span,
            ):
                answer = self.run(*args, **kwargs)
                if not answer:
                    span.drop()  # the clock calls every second, mostly for nothing
            outcome = "done"
        finally:
            count("mobius_tasks_total", task=self.name, outcome=outcome)
            flush_if_due()
        return answer


class SteadyConnection(Connection):  # type: ignore[misc]
    """Asks a broker that is away every second, however long it is away.

    Kombu's own waits grow to half a minute, and so long nothing would be dispatched
    after Redis is back.
    """

    def _ensure_connection(self, *args: Any, **kwargs: Any) -> Any:
        pace = {"interval_start": RECONNECT_SECONDS, "interval_step": 0}
        return super()._ensure_connection(*args, **pace | kwargs)


class HouseAMQP(AMQP):  # type: ignore[misc]
    """Celery's messaging with steady connections."""

    Connection = SteadyConnection


app = Celery("mobius", task_cls=HouseTask, amqp=HouseAMQP)
app.conf.update(
    broker_url=settings.REDIS_URL,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_transport_options={
        "global_keyprefix": "mobius:celery:",
        "socket_timeout": 10,
        "socket_connect_timeout": 2,
        "socket_keepalive": True,
        "retry_on_timeout": False,
    },
    broker_pool_limit=2,
    task_ignore_result=True,
    task_store_errors_even_if_ignored=False,
    task_acks_late=False,
    task_publish_retry=False,
    task_default_queue="mobius",
    task_default_expires=30,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_send_task_events=False,
    worker_cancel_long_running_tasks_on_connection_loss=False,
    CELERY_DB_REUSE_MAX=10_000,
    beat_max_loop_interval=TICK_SECONDS,
    beat_schedule={
        "dispatch": {
            "task": "dispatch.drain",
            "schedule": TICK_SECONDS,
            "options": {"expires": 2 * TICK_SECONDS},
        },
        "rescue": {
            "task": "jobs.rescue",
            "schedule": TICK_SECONDS,
            "options": {"expires": 2 * TICK_SECONDS},
        },
        "actions": {
            "task": "actions.run",
            "schedule": TICK_SECONDS,
            "options": {"expires": 2 * TICK_SECONDS},
        },
        "triggers": {
            "task": "triggers.tick",
            "schedule": TICK_SECONDS,
            "options": {"expires": 2 * TICK_SECONDS},
        },
        "interactions": {
            "task": "interactions.expire",
            "schedule": 60.0,
            "options": {"expires": 30},
        },
        "deliveries": {
            "task": "deliveries.send",
            "schedule": TICK_SECONDS,
            "options": {"expires": 2 * TICK_SECONDS},
        },
        "webhooks": {
            "task": "webhooks.look_after",
            "schedule": 60.0,
            "options": {"expires": 30},
        },
        "prune": {
            "task": "ops.prune",
            "schedule": 30.0,
            "options": {"expires": 15},
        },
    },
)
app.autodiscover_tasks()


def _worker_lives(**_: Any) -> None:
    from apps.realtime.pulses import Role, give_pulse

    give_pulse(Role.WORKER)


def _beat_lives(**_: Any) -> None:
    from apps.realtime.pulses import Role, give_pulse

    give_pulse(Role.BEAT)


def _trace(**_: Any) -> None:
    from apps.kernel.trace_export import start_traces

    start_traces()


def _end_traces(**_: Any) -> None:
    from apps.kernel import tracing

    tracing.stop()


def _listen_to_beat(**_: Any) -> None:
    signals.after_task_publish.connect(_beat_lives)


# A worker's own heartbeat, every two seconds; and each message that beat has sent.
signals.heartbeat_sent.connect(_worker_lives)
signals.beat_init.connect(_listen_to_beat)
# Each process has its own sender of spans: a thread does not survive a fork.
signals.worker_process_init.connect(_trace)
signals.worker_process_shutdown.connect(_end_traces)
