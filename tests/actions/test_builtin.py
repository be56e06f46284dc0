"""What each built-in action does."""

import uuid
from typing import Any

import pytest

from apps.actions.builtin import BUILTINS
from apps.deliveries.models import Delivery
from apps.engine.json_schema import schema_problem
from apps.run_events.models import RunEvent
from apps.runs.models import Run
from tests.support.api import Api
from tests.support.server_actions import run_actions, run_step

pytestmark = pytest.mark.django_db


def output(api: Api, action: str, **parameters: Any) -> Any:
    run = run_step(api, action, parameters)
    assert run.status == "completed", (run.error_type, run.error_message)
    return run.result


@pytest.mark.parametrize("name", BUILTINS)
def test_every_schema_of_a_built_in_action_can_be_used(name: str) -> None:
    builtin = BUILTINS[name]

    assert schema_problem(dict(builtin.input_schema)) == ""
    if builtin.output_schema:
        assert schema_problem(dict(builtin.output_schema)) == ""


def test_print_puts_a_line_on_the_timeline(api: Api) -> None:
    run = run_step(api, "print", {"message": "so many:", "args": [3, {"a": 1}]})

    assert run.result == 'so many: 3 {"a":1}'
    [line] = RunEvent.objects.filter(run_id=run.id, type="print")
    assert line.payload["message"] == run.result
    assert line.payload["step"] == "do"
    ended = RunEvent.objects.get(run_id=run.id, type="action.completed")
    assert line.seq < ended.seq


def test_fail_fails_with_what_it_is_told(api: Api) -> None:
    run = run_step(api, "fail", {"message": "enough", "error_type": "Enough"})

    assert (run.status, run.error_type, run.error_message) == (
        "failed",
        "Enough",
        "enough",
    )


def test_time_now_reads_the_clock_in_a_zone(api: Api) -> None:
    said = output(api, "time.now", timezone="Asia/Tokyo")

    assert said["now"].endswith("Z")
    assert said["local"].endswith("+09:00")


def test_an_unknown_zone_is_refused(api: Api) -> None:
    run = run_step(api, "time.now", {"timezone": "Mars/Base"})

    assert (run.error_type, run.error_message) == (
        "invalid_input",
        "timezone: there is no zone 'Mars/Base'",
    )


def test_random_draws_what_is_asked_for(api: Api) -> None:
    assert uuid.UUID(output(api, "random")).version == 4
    assert output(api, "random", type="number", min=5, max=5) == 5
    assert 0 <= output(api, "random", type="float") <= 1
    assert output(api, "random", type="choice", choices=["a"]) == "a"
    assert len(output(api, "random", type="hex", length=9)) == 9
    assert output(api, "random", type="boolean") in (True, False)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"type": "number", "min": 2, "max": 1}, "max: expected no less than min"),
        ({"type": "choice"}, "choices: expected at least one"),
    ],
)
def test_random_refuses_what_it_cannot_draw(
    api: Api, parameters: dict[str, Any], words: str
) -> None:
    run = run_step(api, "random", parameters)

    assert (run.error_type, run.error_message) == ("invalid_input", words)


def test_a_value_drawn_once_stays(api: Api) -> None:
    spec = {
        "name": "draw",
        "steps": [
            {"name": "id", "action": "random", "action_kind": "server", "store": "id"},
            {
                "name": "again",
                "action": "json.transform",
                "action_kind": "server",
                "parameters": {"data": "${state.id}", "expression": "[input, input]"},
            },
        ],
    }
    run_id = api.post("runs", {"spec": spec}).json()["id"]
    run_actions()

    first, second = Run.objects.get(id=run_id).result or (None, None)
    drawn = RunEvent.objects.filter(run_id=run_id, type="action.completed").first()
    assert drawn is not None
    assert first == second == drawn.payload["result"]


def test_json_transform_builds_a_value_of_expressions(api: Api) -> None:
    said = output(
        api,
        "json.transform",
        data={"items": [1, 2], "name": "Ada"},
        expression={"n": "size(input.items)", "who": ["lower(input.name)", 7]},
    )

    assert said == {"n": 2, "who": ["ada", 7]}


def test_json_transform_says_which_expression_has_no_value(api: Api) -> None:
    run = run_step(
        api, "json.transform", {"expression": {"a": "input.b.c", "d": "secrets.x"}}
    )

    assert run.error_type == "invalid_input"
    assert run.error_message.startswith("expression.")


def test_email_send_writes_one_mail_to_each(api: Api) -> None:
    said = output(
        api,
        "email.send",
        to=["ada@example.com", "bob@example.com"],
        subject="Hello",
        text="How are you?",
    )

    assert said == {"accepted": True, "recipients": 2}
    assert Delivery.objects.count() == 2


@pytest.mark.parametrize("address", ["nobody", "a b@example.com", "x@y\nBcc: z@y.com"])
def test_email_send_refuses_what_is_no_address(api: Api, address: str) -> None:
    run = run_step(api, "email.send", {"to": address, "subject": "Hello"})

    assert (run.status, run.error_type) == ("failed", "invalid_input")
    assert not Delivery.objects.exists()
