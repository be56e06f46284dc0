"""``{{...}}`` and ``${{...}}`` in texts, and what they see of a linear run."""

from typing import Any

import pytest

from apps.engine.expressions import ExpressionError, compile_expression, text_of
from apps.engine.expressions.values import Placed
from apps.engine.limits import OUTPUT_CHARS_MAX
from apps.engine.roots import LINEAR_ROOTS, roots_at, roots_of
from apps.engine.templates import BRACES, Template, compile_template, has_placeholder
from tests.engine.linear_stories import begin, call, linear

SPEC = linear(call("0"), call("a-b", save_as="found"), call("c"), call("d"))
INPUTS = {"n": 3, "event": {"id": "e1", "m": {"k": [1]}}, "config": {"to": "ops"}}
ROOTS = roots_of(SPEC, INPUTS, {"0": {"v": 1}, "a-b": "x", "c": None})


def read(authored: Any) -> Template:
    return compile_template(authored, LINEAR_ROOTS, BRACES)


@pytest.mark.parametrize(
    ("authored", "rendered"),
    [
        ("plain", "plain"),
        ("{{ inputs.n }}", 3),
        ("${{ inputs.n }}", 3),
        ("{{inputs.n}}", 3),
        (" {{ .inputs.n }}\n", 3),
        ("{{ event.m }}", {"k": [1]}),
        ("<{{ event.m }}>", '<{"k":[1]}>'),
        ("{{ inputs.n }}{{ inputs.n }}", "33"),
        ("${{ inputs.n }}, {{ event.id }} and {{ .config.to }}", "3, e1 and ops"),
        ("{{ meta.none }}", None),
        ("<{{ meta.none }}>", "<>"),
        ("{{ '}}' + event.id }}", "}}e1"),
        ("{{ '{{' + event.id }}", "{{e1"),
        ('{{ "a \\" }}" }}', 'a " }}'),
        ('{"a":{"b":{{ inputs.n }}}}', '{"a":{"b":3}}'),
        ("{{ inputs.n }}}", "3}"),
        ("{ {inputs.n} }", "{ {inputs.n} }"),
        ("}} {{ inputs.n }}", "}} 3"),
        ("${inputs.n}", "${inputs.n}"),
        ("${inputs.n} {{ inputs.n }}", "${inputs.n} 3"),
        ("$${{ inputs.n }}", "${{ inputs.n }}"),
        (r"\{{ inputs.n }}", "{{ inputs.n }}"),
        ("$$${{ inputs.n }}", "$${{ inputs.n }}"),
        (r"$${{ a }} \{{ b }} {{ inputs.n }}", "${{ a }} {{ b }} 3"),
        ("costs $ {{ inputs.n }}", "costs $ 3"),
        ("$$ {{ inputs.n }}", "$$ 3"),
        (
            {"a": ["{{ inputs.n }}", {"b": 1}], "c": True},
            {"a": [3, {"b": 1}], "c": True},
        ),
        ({"{{ inputs.n }}": 1}, {"{{ inputs.n }}": 1}),
        (None, None),
        (4.5, 4.5),
    ],
)
def test_rendering(authored: Any, rendered: Any) -> None:
    assert read(authored).render(ROOTS) == rendered


@pytest.mark.parametrize(
    "authored",
    [
        "{{",
        "{{ inputs.n",
        "{{ inputs.n }",
        "a {{ }} b",
        "{{ . }}",
        "{{ ..inputs.n }}",
        "{{ '}}",
        "{{ {{ inputs.n }} }}",
        "{{{ inputs.n }}}",
        "{{ state.x }}",
        "{{ steps.a-b.output }}",
        "{{ inputs.n }} {{",
        {"a": [{"b": "{{ env.x }}"}]},
    ],
)
def test_a_broken_placeholder_is_refused_when_compiled(authored: Any) -> None:
    with pytest.raises(ExpressionError):
        read(authored)
    assert has_placeholder("{{ inputs.n", BRACES)


def test_what_never_changes_is_handed_back_as_it_is() -> None:
    authored = {"a": ["${inputs.n}", 2]}

    assert read(authored).render(ROOTS) is authored
    assert not has_placeholder(authored, BRACES)


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("steps[0].output.v", 1),
        ("steps['0'].output.v", 1),
        ("steps['a-b'].output", "x"),
        ("steps[1].output", "x"),
        ("steps[2].output", None),
        ("steps.c", {"output": None}),
        ("steps[3]", None),
        ("steps[3].output.v.w", None),
        ("steps[4].output", None),
        ("steps[0 - 1].output", None),
        ("steps.none.output", None),
        ("'c' in steps", True),
        ("'d' in steps", False),
        ("steps.size()", 3),
        ("context.found", "x"),
        ("context['0'].v", 1),
        ("context['a-b']", None),
        ("context.c", None),
        ("inputs.n + steps[0].output.v", 4),
        ("event.id + config.to", "e1ops"),
        ("meta", None),
        ("inputs.event.id == event.id", True),
    ],
)
def test_expressions_see_the_run(source: str, value: Any) -> None:
    assert compile_expression(source, LINEAR_ROOTS).evaluate(ROOTS) == value


@pytest.mark.parametrize("index", ["true", "1.5", "null", "[0]"])
def test_a_place_is_a_whole_number(index: str) -> None:
    with pytest.raises(ExpressionError, match="index of an array"):
        compile_expression(f"steps[{index}]").evaluate(ROOTS)


@pytest.mark.parametrize("output", [0, "", False, [], None])
def test_an_output_that_is_nothing_is_in_the_context_all_the_same(output: Any) -> None:
    roots = roots_of(SPEC, {}, {"a-b": output})

    assert roots["context"] == {"found": output}


def test_steps_as_a_whole_are_an_object() -> None:
    value = compile_expression("steps").evaluate(ROOTS)

    assert isinstance(value, Placed)
    assert value == {
        "0": {"output": {"v": 1}},
        "a-b": {"output": "x"},
        "c": {"output": None},
    }
    assert text_of(value).startswith('{"0":{"output":{"v":1}}')


def test_what_a_wait_sees_is_told_while_it_is_open() -> None:
    story = begin(call("a"), event={"n": 1})

    seen = roots_at(story.spec, story.state, 1)

    assert seen is not None
    assert (seen["event"], seen["steps"]) == ({"n": 1}, {})
    assert roots_at(story.spec, story.state, 2) is None


def test_rendering_does_not_grow_without_end() -> None:
    roots = roots_of(SPEC, {"t": "x" * (OUTPUT_CHARS_MAX - 9)}, {})
    for authored in ("{{ inputs.t }} {{ inputs.t }}", ["{{ inputs.t }}"] * 2):
        with pytest.raises(ExpressionError, match="larger than"):
            read(authored).render(roots)


@pytest.mark.parametrize("authored", ["{{ inputs.n }}!", "{{ string(inputs.n) }}"])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_number_of_too_many_digits_is_no_text(authored: str, sign: int) -> None:
    with pytest.raises(ExpressionError, match="digits"):
        read(authored).render({"inputs": {"n": sign * 10**5000}})
