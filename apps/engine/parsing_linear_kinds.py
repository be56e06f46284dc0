"""The configs of linear steps that ask, check, start others, or would use an agent."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from apps.engine.json_schema import schema_problem
from apps.engine.limits import NAME_CHARS_MAX, RULES_PER_STEP_MAX
from apps.engine.parsing_fields import Fields, Report, bare
from apps.engine.parsing_interactions import (
    LOOP_MODES,
    QUESTION_FIELDS,
    check_interaction,
)
from apps.engine.spec import (
    AgentStep,
    Assertion,
    CheckStep,
    ChildStep,
    InteractionStep,
    OnFail,
)
from apps.engine.templates import Template

_PROTOCOLS: Final[Mapping[str, str]] = {
    "request_information": "input",
    "request_approval": "approval",
    "request_review": "review",
    "assign_work": "work",
}
#: Fields of a question that are called the same in all dialects.
_SAME: Final = QUESTION_FIELDS - {"type", "message", "target"}
_CHECKS_MAX: Final = 50
_TOOLS_MAX: Final = 200


def read_interaction(
    fields: Fields, shape: dict[str, Any], timeout: timedelta | None, *, skips: bool
) -> InteractionStep:
    """Return a question: ``protocol``, ``prompt`` and ``targets`` are its words for
    ``type``, ``message`` and who is asked."""
    config = fields.object("config", _SAME | {"protocol", "prompt", "title"})
    config.require("protocol")
    protocol = config.choice("protocol", tuple(_PROTOCOLS), "request_information")
    block = {key: config.raw(key) for key in _SAME if config.has(key)}
    block["type"] = _PROTOCOLS[protocol]
    otherwise = shape["description"].strip() or shape["name"]
    block["message"] = _message(config, ("prompt", "title"), otherwise)
    _check_question(config, block, timeout)
    return InteractionStep(
        **shape,
        config=config.template("", block),
        timeout=timeout,
        timeout_skips=skips,
        takes_signals=False,
    )


def _message(config: Fields, keys: tuple[str, ...], otherwise: str) -> str:
    """Return the first of these texts that says something; ``otherwise`` is no
    template."""
    found = ""
    for key in keys:
        text = config.text(key)
        is_sound = config.template(key, text).authored is not None
        if is_sound and not found:
            found = text.strip()
    return found or otherwise.replace("{{", r"\{{")


def _check_question(
    config: Fields, block: dict[str, Any], timeout: timedelta | None
) -> None:
    """Report what is wrong with a question, in the words of ``config``."""
    has_targets = config.has("targets")
    if not has_targets:
        config.problem("targets", "expected at least one target")
    report = Report()
    check_interaction(
        type(config)(report, "", block, QUESTION_FIELDS),
        LOOP_MODES,
        with_target=has_targets,
        templated=True,
        timeout=timeout,
    )
    words = {"type": "protocol", "message": "prompt"}
    for problem in report.problems:
        config.problem(words.get(problem.path, problem.path), problem.message)


def read_check(fields: Fields, shape: dict[str, Any]) -> CheckStep:
    """Return a check; with ``gate`` people decide about what does not hold."""
    config = fields.object("config", frozenset({"checks", "on_fail", "gate"}))
    known = frozenset({"name", "kind", "expr", "agent", "prompt", "evidence"})
    assertions = config.objects("checks", _CHECKS_MAX, known, _assertion)
    if config.raw("checks") in (None, []):
        config.problem("checks", "expected at least one check")
    names = [assertion.name for assertion in assertions]
    for index, name in enumerate(names):
        if name and name in names[:index]:
            config.problem(f"checks[{index}].name", f"{name} is used twice")
    on_fail = OnFail(config.choice("on_fail", tuple(OnFail), OnFail.FAIL))
    gate = None
    if on_fail is OnFail.GATE:
        config.require("gate")
    elif config.has("gate"):
        config.problem("gate", "only on_fail gate asks somebody")
    if config.has("gate"):
        gate = _gate(config, f"{shape['name']} failed: go on?")
    return CheckStep(**shape, assertions=assertions, on_fail=on_fail, gate=gate)


def _gate(config: Fields, otherwise: str) -> Template:
    asked = config.object("gate", frozenset({"targets", "prompt"}))
    block = {
        "type": "approval",
        "message": _message(asked, ("prompt",), otherwise),
        "targets": asked.raw("targets"),
        "spec": {"mode": "confirm"},
    }
    _check_question(asked, block, None)
    return asked.template("", block)


def _assertion(fields: Fields) -> Assertion:
    name = fields.name("name", required=True)
    fields.require("kind")
    kind = fields.choice("kind", ("expr", "agent"), "expr")
    fields.name("agent")
    fields.text("prompt")
    fields.names("evidence", RULES_PER_STEP_MAX)
    if kind == "agent":
        return Assertion(name)
    source = fields.text("expr", required=True)
    expression = fields.expression("expr", bare(source)) if source.strip() else None
    return Assertion(name, expression)


def read_child(fields: Fields, shape: dict[str, Any]) -> ChildStep:
    """Return a step that starts a run of ``loop_id``, an id or a handle."""
    known = frozenset({"loop_id", "event", "config", "condition"})
    config = fields.object("config", known)
    event, sent = (
        config.template(key, config.mapping(key)) if config.has(key) else None
        for key in ("event", "config")
    )
    definition = config.name("loop_id", required=True)
    return ChildStep(
        **shape,
        definition=config.template("loop_id", definition),
        event=event,
        config=sent,
        start_if=config.condition("condition"),
    )


def read_sub_automation(fields: Fields, shape: dict[str, Any]) -> ChildStep:
    """Return a step that starts a run of another automation: with ``inputs``, else
    with those of this run."""
    known = frozenset({"automation_handle", "inputs", "condition"})
    config = fields.object("config", known)
    definition = config.name("automation_handle", required=True)
    given = config.mapping("inputs") if config.has("inputs") else "{{ inputs }}"
    return ChildStep(
        **shape,
        definition=config.template("automation_handle", definition),
        inputs=config.template("inputs", given),
        start_if=config.condition("condition"),
    )


def read_agent(fields: Fields, shape: dict[str, Any]) -> AgentStep:
    """Return an agent's step, checked although nothing runs it yet."""
    known = frozenset(
        {"agent_id", "instructions", "tool_names", "disable_tools", "output_schema"}
        | {"max_turns", "model_route", "session", "memory_tables"}
    )
    config = fields.object("config", known)
    agent_id = config.name("agent_id")
    config.text("instructions", required=True)
    config.names("tool_names", _TOOLS_MAX)
    config.flag("disable_tools")
    if config.has("max_turns") and config.whole("max_turns", 1, 10_000) < 1:
        config.problem("max_turns", "expected at least 1")
    if config.has("output_schema"):
        problem = schema_problem(config.mapping("output_schema"))
        if problem:
            config.problem("output_schema", problem)
    if config.has("model_route"):
        _check_route(config)
    config.mapping("session")
    config.listing("memory_tables", RULES_PER_STEP_MAX)
    authored = config.template("", dict(fields.mapping("config")))
    return AgentStep(**shape, config=authored, agent_id=agent_id)


def _check_route(config: Fields) -> None:
    route = config.object(
        "model_route",
        frozenset({"mode", "environment_id", "provider", "model", "queue"})
        | {"required_capabilities"},
    )
    route.require("mode")
    route.choice("mode", ("managed", "byo_provider", "worker"), "managed")
    for key in ("environment_id", "provider", "model", "queue"):
        route.text(key, chars_max=NAME_CHARS_MAX)
    route.names("required_capabilities", RULES_PER_STEP_MAX)
