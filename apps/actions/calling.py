"""Calling an HTTP action of a project's own: body, signature, and what it answers."""

from dataclasses import replace
from typing import Any, Final

from apps.actions.asking import TRIES_MAX, Asked, Heard, ask
from apps.actions.calls import (
    INVALID_OUTPUT,
    REFUSED,
    SECRET,
    Attempt,
    Call,
    Outcome,
    done,
    failed,
)
from apps.actions.headers import SecretRefused, headers_of
from apps.actions.models import CustomAction, InvocationFormat
from apps.actions.schemas import misfit
from apps.actions.values import Unreadable, read_value
from apps.api.rendering import present, to_json
from apps.deliveries.client import url_problem
from apps.deliveries.signing import signature_headers
from apps.kernel import clock
from apps.secrets.cipher import unseal
from apps.secrets.selectors import ResolvedSecret

#: An answer of this type holds ``output`` among other things; any other is all output.
ACTION_JSON: Final = "application/vnd.mobius.action+json"
SCHEMA_VERSION: Final = 1
_SYSTEM: Final = "system"


def secret_ref(action_id: str) -> str:
    """Return how calls name the key that signs them."""
    return f"mobius/action/{action_id}"


def may_repeat(action: CustomAction) -> bool:
    """Say whether the action promises that a second call does no more than one."""
    return bool(
        action.annotations.get("idempotent") or action.annotations.get("read_only")
    )


def prepare_custom(call: Call, action: CustomAction) -> Outcome | Attempt:
    """Return how to call the endpoint; the body is the same however often."""
    problem = url_problem(action.endpoint_url)
    if problem:
        return failed(REFUSED, problem)
    values = unseal(action.id, action.sealed_key)
    url, written = action.endpoint_url, action.headers
    try:
        own = headers_of(call.project_id, url, written, known=values.values())
    except SecretRefused as error:
        return failed(SECRET, f"headers: {error}")
    key = ResolvedSecret(secret_ref(action.id), action.key_version, values)
    body = to_json(_body(call, action))

    def headers() -> dict[str, str]:
        signed = signature_headers(
            call.id, body, [key], secret_ref=key.name, turn=0, at=clock.now()
        )
        accepted = f"{ACTION_JSON}, application/json"
        return {
            **own.headers,
            "Content-Type": "application/json",
            "Accept": accepted,
            **signed,
        }

    asked = Asked(
        method="POST",
        url=action.endpoint_url,
        body=body,
        headers=headers,
        seconds=action.timeout_seconds,
        total=call.seconds or TRIES_MAX * action.timeout_seconds,
        repeatable=may_repeat(action),
        hidden=own.hidden,
    )
    schema = action.output_schema

    async def attempt() -> Outcome:
        outcome = _outcome(await ask(asked), schema, key.version)
        return replace(
            outcome,
            output=own.hidden.value(outcome.output),
            error=own.hidden.text(outcome.error, is_cut=True),
        )

    return attempt


def _body(call: Call, action: CustomAction) -> dict[str, Any]:
    if action.invocation_format == InvocationFormat.LEGACY:
        return {
            "run_id": call.run_id or None,
            "step_key": call.step_name or None,
            "parameters": call.parameters,
        }
    # The engine's clients read empty ids as mistakes: what is unknown is left out.
    organization_id = action.project.organization_id
    scope = {"org_id": organization_id, "project_id": call.project_id}
    return {
        "mobius": {
            "schema_version": SCHEMA_VERSION,
            "scope": scope,
            "action": {"id": action.id, "name": action.name},
            "actor": present(
                principal_id=call.actor_id or _SYSTEM,
                principal_type=call.actor_type or _SYSTEM,
                agent_id=call.actor_id if call.actor_type == "agent" else None,
            ),
            "origin": present(
                kind=call.origin,
                run_id=call.run_id or None,
                loop_id=call.definition_id or None,
                step_key=call.step_name or None,
            ),
        },
        "parameters": call.parameters,
    }


def _outcome(heard: Heard | Outcome, schema: Any, version: int) -> Outcome:
    if isinstance(heard, Outcome):
        return failed(
            heard.error_type,
            heard.error,
            http_status=heard.http_status,
            secret_version=version,
            retries=heard.retries,
        )
    answer = heard.answer
    facts = {
        "http_status": answer.status,
        "secret_version": version,
        "retries": heard.retries,
    }
    try:
        value = read_value(answer.body)
    except Unreadable as error:
        return failed(INVALID_OUTPUT, f"the answer is refused: {error}", **facts)
    if answer.content_type.partition(";")[0].strip().lower() == ACTION_JSON:
        if not isinstance(value, dict) or "output" not in value:
            words = f"an answer of type {ACTION_JSON} is an object with output"
            return failed(INVALID_OUTPUT, words, **facts)
        value = value["output"]
    problem = misfit(value, schema)
    if problem:
        return failed(INVALID_OUTPUT, f"the output does not fit: {problem}", **facts)
    return done(value, **facts)
