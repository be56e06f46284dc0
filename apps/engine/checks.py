"""Check steps: assertions about what the run has so far, and the gate behind them.

A verdict is worked out anew whenever it is needed: while a path waits at its gate its
variables do not change.
"""

from collections.abc import Mapping
from typing import Any, Final

from apps.engine.expressions import ExpressionError
from apps.engine.failures import fail_step
from apps.engine.move import Move
from apps.engine.retry import CHECK_FAILED, GATE_REJECTED
from apps.engine.routing import finish_step
from apps.engine.spec import Assertion, CheckStep, OnFail
from apps.engine.state import Path
from apps.engine.waits import note_resumed, open_gate

NO_JUDGE: Final = "no agent can judge it: this server runs no agents yet"


def run_check(move: Move, path: Path, step: CheckStep) -> None:
    """Look at every assertion; one that has no value does not hold."""
    output = _verdict(move, path, step)
    failed = _names_of(output)
    if not failed or step.on_fail is OnFail.CONTINUE:
        finish_step(move, path, output)
    elif step.on_fail is OnFail.GATE and step.gate is not None:
        config = step.gate.render(move.roots(path))
        context = {"failed": failed, "checks": output["checks"]}
        open_gate(move, path, step, {**config, "context": context})
    else:
        message = f"{step.name}: {', '.join(failed)} did not hold"
        fail_step(move, path, CHECK_FAILED, message, stop_reason=CHECK_FAILED)


def pass_gate(move: Move, path: Path, step: CheckStep, response: Any) -> None:
    """Somebody was asked whether a failed check matters."""
    note_resumed(move, path, response)
    answer = response if isinstance(response, Mapping) else {}
    if answer.get("value") is True:
        output = {**_verdict(move, path, step), "overridden": True}
        finish_step(move, path, {**output, "decision": response})
    else:
        message = f"{step.name} was not approved"
        fail_step(move, path, GATE_REJECTED, message, stop_reason=GATE_REJECTED)


def _verdict(move: Move, path: Path, step: CheckStep) -> dict[str, Any]:
    roots = move.roots(path)
    checks = [_look(assertion, roots) for assertion in step.assertions]
    passed = all(check["verdict"] == "pass" for check in checks)
    return {"verdict": "pass" if passed else "fail", "checks": checks}


def _look(assertion: Assertion, roots: Mapping[str, Any]) -> dict[str, Any]:
    error = ""
    holds = False
    if assertion.expression is None:
        error = NO_JUDGE
    else:
        try:
            holds = assertion.expression.holds(roots)
        except ExpressionError as problem:
            error = str(problem)
    found = {"name": assertion.name, "verdict": "pass" if holds else "fail"}
    return {**found, "error": error} if error else found


def _names_of(output: Mapping[str, Any]) -> list[str]:
    return [check["name"] for check in output["checks"] if check["verdict"] == "fail"]
