"""The configs of linear steps that ask, check, start others, or would use an agent."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from apps.engine.json_schema import schema_problem
from apps.engine.limits import NAME_CHARS_MAX, RULES_PER_STEP_MAX, TARGETS_MAX
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
    if not config.has("targets"):
        config.problem("targets", "expected at least one target")
    block = {key: config.raw(key) for key in _SAME if config.has(key)}
    block["type"] = _PROTOCOLS[protocol]
    words = config.text("prompt").strip() or config.text("title").strip()
    block["message"] = words or str(shape["description"] or shape["name"])
    _check_question(fields, block, timeout)
    return InteractionStep(
        **shape,
        config=config.template("", block),
        timeout=timeout,
        timeout_skips=skips,
        takes_signals=False,
    )


def _check_question(
    fields: Fields, block: dict[str, Any], timeout: timedelta | None
) -> None:
    if "targets" not in block:
        return
    report = Report()
    asked = type(fields)(report, "", block, QUESTION_FIELDS)
    check_interaction(asked, LOOP_MODES, templated=True, timeout=timeout)
    words = {"type": "protocol", "message": "prompt"}
    for problem in report.problems:
        where = words.get(problem.path, problem.path)
        fields.problem(f"config.{where}", problem.message)


def read_check(fields: Fields, shape: dict[str, Any]) -> CheckStep:
    """Return a check; with ``gate`` people decide about what does not hold."""
    config = fields.object("config", frozenset({"checks", "on_fail", "gate"}))
    known = frozenset({"name", "kind", "expr", "agent", "prompt", "evidence"})
    assertions = config.objects("checks", _CHECKS_MAX, known, _assertion)
    if not assertions and not config.raw("checks"):
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
        asked = config.object("gate", frozenset({"targets", "prompt"}))
        if not asked.listing("targets", TARGETS_MAX):
            asked.problem("targets", "expected at least one target")
        block = {
            "type": "approval",
            "message": asked.text("prompt") or f"{shape['name']} failed: go on?",
            "targets": asked.listing("targets", TARGETS_MAX),
            "spec": {"mode": "confirm"},
        }
        gate = asked.template("", block)
    return CheckStep(**shape, assertions=assertions, on_fail=on_fail, gate=gate)


def _assertion(fields: Fields) -> Assertion:
    name = fields.name("name", required=True)
    fields.require("kind")
    kind = fields.choice("kind", ("expr", "agent"), "expr")
    fields.name("agent")
    fields.text("prompt")
    fields.names("evidence", RULES_PER_STEP_MAX)
    if kind == "agent":
        return Assertion(name)
    source = bare(fields.text("expr", required=True))
    expression = fields.expression("expr", source) if source else None
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
