"""Who is asked, by which rule the answers count, and who hears of it when."""

from collections.abc import Iterator, Set
from datetime import timedelta
from typing import Any, Final

from apps.engine.durations import DurationError, parse_duration
from apps.engine.limits import (
    ADDRESS_CHARS_MAX,
    ADDRESSES_MAX,
    CHANNELS_MAX,
    ESCALATIONS_MAX,
    REMINDERS_MAX,
    REVIEWERS_MAX,
    TARGETS_MAX,
)
from apps.engine.parsing_fields import Fields

#: The fields that ``check_people`` reads.
RULE_FIELDS: Final = frozenset(
    {"resolution_policy", "exclude_initiator", "allow_delegation", "reminders"}
    | {"escalation", "review", "delivery"}
)
_TARGET_TYPES: Final = ("user", "group", "agent")
_PLAIN_POLICIES: Final = ("any_of", "all_of")
_POLICIES: Final = (*_PLAIN_POLICIES, "quorum")
_THRESHOLD_MAX: Final = 2**31 - 1  # groups have any number of members


def check_targets(
    asked: Fields, alone: Set[str] = frozenset({"type", "id", "require_all"})
) -> None:
    """Report what is wrong with ``target`` or ``targets``, one of which is given.

    ``alone`` are the fields of a single target.
    """
    if asked.has("targets"):
        if asked.has("target"):
            asked.problem("targets", "give either target or targets")
        _check_listed(asked)
    elif asked.require("target"):
        target = asked.object("target", alone)
        _check_target(target)
        target.flag("require_all")


def check_people(
    asked: Fields,
    *,
    with_target: bool,
    templated: bool,
    timeout: timedelta | None,
) -> None:
    """Report what is wrong with the rule, the reviewers and the words sent out."""
    _check_policy(asked, with_target=with_target)
    asked.flag("exclude_initiator")
    asked.flag("allow_delegation")
    _check_reminders(asked, timeout, templated=templated)
    _check_escalation(asked, timeout, templated=templated)
    if asked.has("review"):
        review = asked.object("review", frozenset({"reviewers"}))
        review.names("reviewers", REVIEWERS_MAX)
    if asked.has("delivery"):
        _check_delivery(asked, templated=templated)


def _check_listed(asked: Fields) -> None:
    listed = asked.listing("targets", TARGETS_MAX)
    if not listed and isinstance(asked.raw("targets"), list):
        asked.problem("targets", "expected at least one target")
    for index, item in enumerate(listed):
        if not isinstance(item, str):
            known = frozenset({"type", "id"})
            _check_target(asked.entry("targets", index, known))
        elif not item.strip():
            asked.problem(f"targets[{index}]", "must not be blank")


def _check_target(target: Fields) -> None:
    target.require("type")
    target.choice("type", _TARGET_TYPES, "user")
    target.text("id", required=True)


def _check_policy(asked: Fields, *, with_target: bool) -> None:
    authored = asked.raw("resolution_policy")
    if authored is None:
        return
    if isinstance(authored, str):
        if authored == "quorum":
            asked.problem(
                "resolution_policy", "expected an object: quorum has a threshold"
            )
        asked.choice("resolution_policy", _POLICIES, "any_of")
    else:
        _check_rule(asked, with_target=with_target)
    target = asked.raw("target") if with_target else None
    if isinstance(target, dict) and target.get("require_all") is True:
        asked.problem("resolution_policy", "not together with target.require_all")


def _check_rule(asked: Fields, *, with_target: bool) -> None:
    rule = asked.object("resolution_policy", frozenset({"type", "threshold"}))
    if not rule.require("type"):
        return
    if rule.choice("type", _POLICIES, "any_of") != "quorum":
        if rule.has("threshold"):
            rule.problem("threshold", "only a quorum has a threshold")
        return
    if not rule.require("threshold"):
        return
    threshold = rule.whole("threshold", 1, _THRESHOLD_MAX)
    if threshold < 1:
        rule.problem("threshold", "expected at least 1")
    users = _users_in(asked) if with_target else None
    if users and threshold > len(users):
        rule.problem("threshold", f"no more than {len(users)} can answer")


def _users_in(asked: Fields) -> set[Any] | None:
    """Return the ids of those asked; None where groups or agents are among them."""
    found: set[Any] = set()
    listed = asked.raw("targets")
    for item in listed if isinstance(listed, list) else [asked.raw("target")]:
        user = item if isinstance(item, str) else None
        if isinstance(item, dict) and item.get("type") == "user":
            user = item.get("id")
        if not isinstance(user, str):
            return None
        found.add(user)
    return found


def _check_reminders(
    asked: Fields, timeout: timedelta | None, *, templated: bool
) -> None:
    spans = [
        (f"reminders[{index}]", value)
        for index, value in enumerate(asked.listing("reminders", REMINDERS_MAX))
    ]
    _check_ascending(asked, spans, timeout, templated=templated)


def _check_escalation(
    asked: Fields, timeout: timedelta | None, *, templated: bool
) -> None:
    spans: list[tuple[str, Any]] = []
    known = frozenset({"after", "target", "targets"})
    for index in range(len(asked.listing("escalation", ESCALATIONS_MAX))):
        step = asked.entry("escalation", index, known)
        check_targets(step, alone=frozenset({"type", "id"}))
        if step.require("after"):
            spans.append((f"escalation[{index}].after", step.raw("after")))
    _check_ascending(asked, spans, timeout, templated=templated)


def _check_ascending(
    asked: Fields,
    spans: list[tuple[str, Any]],
    timeout: timedelta | None,
    *,
    templated: bool,
) -> None:
    """Report spans that are none, do not grow, or are over with the ``timeout``."""
    before = timedelta(0)
    for where, value in spans:
        if templated and asked.is_template(value):
            continue
        if not isinstance(value, str):
            asked.problem(where, "expected a string")
            continue
        try:
            span = parse_duration(value)
        except DurationError as error:
            asked.problem(where, str(error))
            continue
        if not span:
            asked.problem(where, "expected more than 0s")
        elif span <= before:
            asked.problem(where, "expected more than the one before")
        elif timeout is not None and span >= timeout:
            asked.problem(where, "comes after the timeout")
        before = max(before, span)


def _check_delivery(asked: Fields, *, templated: bool) -> None:
    delivery = asked.object("delivery", frozenset({"channels"}))
    if not delivery.require("channels"):
        return
    channels = delivery.listing("channels", CHANNELS_MAX)
    if not channels and isinstance(delivery.raw("channels"), list):
        delivery.problem("channels", "expected at least one channel")
    for index in range(len(channels)):
        channel = delivery.entry("channels", index, frozenset({"kind", "email"}))
        channel.require("kind")
        kind = channel.choice("kind", ("inbox_only", "email"), "email")
        if not channel.has("email"):
            continue
        if kind != "email":
            channel.problem("email", "only kind email has addresses")
        for where, problem in _address_problems(channel, templated=templated):
            channel.problem(where, problem)


def _address_problems(channel: Fields, *, templated: bool) -> Iterator[tuple[str, str]]:
    email = channel.object("email", frozenset({"to"}))
    addresses = email.listing("to", ADDRESSES_MAX)
    if not addresses and isinstance(email.raw("to"), list):
        yield "email.to", "expected at least one address"
    for index, address in enumerate(addresses):
        if templated and channel.is_template(address):
            continue
        name, _, host = (
            address.rpartition("@") if isinstance(address, str) else [""] * 3
        )
        if not name or not host or len(address) > ADDRESS_CHARS_MAX or " " in address:
            yield f"email.to[{index}]", "expected an email address"
