"""``each``: one step for every item of a list, in order, on one path."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from apps.engine.expressions import ExpressionError
from apps.engine.limits import EACH_ITEMS_MAX
from apps.engine.spec import Each, Spec
from apps.engine.state import Loop, Path


def begin_loop(path: Path, each: Each, roots: Mapping[str, Any]) -> Path:
    """Return ``path`` before its first item; the loop may have no items.

    A list gives its items, an object its values, null nothing, anything else itself.

    Raises:
        ExpressionError: the items have no value, or are too many.
    """
    value = each.items.render(roots)
    if isinstance(value, dict):
        items = tuple(value.values())
    elif isinstance(value, list | tuple):
        items = tuple(value)
    else:
        items = () if value is None else (value,)
    if len(items) > EACH_ITEMS_MAX:
        raise ExpressionError(f"each has more than {EACH_ITEMS_MAX} items")
    name = each.variable
    had = name in path.variables
    return replace(
        path, loop=Loop(items=items, had=had, saved=path.variables.get(name))
    )


def with_item(path: Path, each: Each) -> Path:
    """Return ``path`` with the variable of ``each`` holding the item that is next."""
    loop = path.loop
    assert loop is not None, "only called inside a loop"
    item = loop.items[len(loop.results)]
    return replace(path, variables={**path.variables, each.variable: item})


def end_loop(spec: Spec, path: Path) -> Path:
    """Return ``path`` after its loop, its variable as before; harmless without one."""
    each = spec.step(path.step).each
    if path.loop is None or each is None:
        return path
    variables = dict(path.variables)
    if path.loop.had:
        variables[each.variable] = path.loop.saved
    else:
        variables.pop(each.variable, None)
    return replace(path, variables=variables, loop=None)
