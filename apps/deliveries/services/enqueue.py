"""The one way to send something: write it down, and it leaves after the commit."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from apps.deliveries.client import origin_of
from apps.deliveries.models import Delivery, DeliveryKind
from apps.deliveries.nudge import nudge_after_commit
from apps.kernel import tracing


@dataclass(frozen=True, slots=True)
class NewHttpDelivery:
    """A signed POST of ``body`` as JSON. Where somebody enters ``url``, check it with
    ``client.url_problem``; it is checked again before every attempt.

    ``secret_ref`` is ``name`` or ``name:version`` of a secret that holds
    ``signing_key_b64``, or the secret that belongs to the subject. Two deliveries of a
    project with one ``dedup_key`` are one. ``lane`` names the receiver where others
    with the same origin are not meant. ``headers`` go with it as they are.
    """

    project_id: str
    purpose: str
    url: str
    secret_ref: str
    body: dict[str, Any]
    subject_id: str = ""
    run_id: str = ""
    dedup_key: str = ""
    lane: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    refusal_is_final: bool = False
    traceparent: str | None = field(default_factory=tracing.traceparent)


@dataclass(frozen=True, slots=True)
class NewMailDelivery:
    """A mail; each address of ``to`` gets its own, and none sees the others.

    ``dedup_key`` counts per address. Subject and texts are erased once the mail has
    left or finally failed.
    """

    project_id: str
    purpose: str
    to: list[str]
    subject: str
    text: str = field(repr=False)
    html: str = field(default="", repr=False)
    subject_id: str = ""
    run_id: str = ""
    dedup_key: str = ""
    traceparent: str | None = field(default_factory=tracing.traceparent)


NewDelivery = NewHttpDelivery | NewMailDelivery


def enqueue_deliveries(new: Iterable[NewDelivery], *, now: datetime) -> None:
    """Write down what is to be sent, in the caller's transaction; it is sent soon after
    the commit, and not at all without one.

    Raises:
        ValueError: an HTTP delivery names no secret; nothing leaves unsigned.
    """
    rows = [row for one in new for row in _rows(one, now)]
    if rows:
        Delivery.objects.bulk_create(rows, ignore_conflicts=True)
        nudge_after_commit()


def _rows(new: NewDelivery, now: datetime) -> list[Delivery]:
    shared: dict[str, Any] = {
        "project_id": new.project_id,
        "purpose": new.purpose,
        "subject_id": new.subject_id,
        "run_id": new.run_id,
        "traceparent": new.traceparent,
        "next_attempt_at": now,
        "created_at": now,
        "updated_at": now,
    }
    if isinstance(new, NewHttpDelivery):
        if not new.secret_ref:
            raise ValueError("an HTTP delivery needs a secret_ref")
        return [
            Delivery(
                kind=DeliveryKind.HTTP,
                url=new.url,
                lane=new.lane or origin_of(new.url),
                headers=dict(new.headers),
                refusal_is_final=new.refusal_is_final,
                secret_ref=new.secret_ref,
                payload=new.body,
                dedup_key=new.dedup_key,
                **shared,
            )
        ]
    text = {"subject": new.subject, "text": new.text, "html": new.html}
    return [
        Delivery(
            kind=DeliveryKind.MAIL,
            recipient=address,
            payload=text,
            dedup_key=f"{new.dedup_key}:{address}" if new.dedup_key else "",
            **shared,
        )
        for address in dict.fromkeys(new.to)
    ]
