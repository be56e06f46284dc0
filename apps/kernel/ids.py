"""Typed ids: ``run_01kb…``. The prefix says what it is, the rest sorts by time."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial

from typeid import TypeID, cached_typeid_factory
from typeid.errors import TypeIDException
from uuid_utils import UUID


class IdKind(StrEnum):
    """Every prefix the system hands out."""

    ORGANIZATION = "org"
    PROJECT = "prj"
    PRINCIPAL = "prin"
    ROLE = "role"
    ROLE_ASSIGNMENT = "ras"
    API_KEY = "key"
    WORKFLOW = "aut"
    WORKFLOW_VERSION = "ver"
    RUN = "run"
    JOB = "job"
    WORKER = "wkr"
    WAIT = "wait"
    SIGNAL = "sig"
    INTERACTION = "iact"
    INTERACTION_RESPONSE = "iresp"
    GROUP = "grp"
    GROUP_MEMBER = "gmem"
    SOURCE_EVENT = "sevt"
    TRIGGER = "trg"
    TRIGGER_FIRE = "fire"
    SECRET = "sec"  # noqa: S105
    SECRET_VERSION = "secv"  # noqa: S105
    DELIVERY = "dlv"
    INTEGRATION = "intg"
    ACTION = "act"
    INVOCATION = "ainv"
    WEBHOOK = "whk"
    AGENT = "agt"
    SESSION = "ses"
    SESSION_MESSAGE = "msg"


ID_LENGTH_MAX = 40
#: How far apart the clocks of two machines that hand out ids are thought to be.
CLOCKS_APART_MAX = timedelta(minutes=1)


def new_id(kind: IdKind) -> str:
    """Return a fresh id of ``kind``, such as ``run_01kb3v…`` (26 characters follow)."""
    return str(cached_typeid_factory(kind.value)())


def id_factory(kind: IdKind) -> "partial[str]":
    """Return ``new_id`` bound to ``kind``; a default for model fields."""
    return partial(new_id, kind)


def first_id(kind: IdKind, at: datetime) -> str:
    """Return the lowest id that ``new_id`` can give at the instant ``at``: rows at or
    after it are found through the primary key."""
    milliseconds = max(int(at.timestamp() * 1000), 0)
    return str(TypeID.from_uuid(UUID(int=milliseconds << 80), kind.value))


def minted_at(id_: str) -> datetime | None:
    """Return when an id was handed out, None if it is not one of ours."""
    try:
        number = TypeID.from_string(id_).uuid.int
    except TypeIDException:
        return None
    return datetime.fromtimestamp((number >> 80) / 1000, tz=UTC)
