"""Which functions of a module are actions; what ``mobius worker MODULE`` runs.

    from mobius.sdk.actions import action

    @action("doc.parse")
    def parse(parameters, context):
        ...

Without any mark every public function of the module is an action by its own name.
"""

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any, Final, TypeVar

from mobius.sdk.errors import ConfigurationError

Function = Callable[..., Any]
F = TypeVar("F", bound=Function)
_MARK: Final = "mobius_action"


def action(name: str) -> Callable[[F], F]:
    """Return a decorator that marks a function as serving this action.

    Raises:
        ConfigurationError: there is no name.
    """
    if not isinstance(name, str) or not name:
        raise ConfigurationError("action: expected a name such as doc.parse")

    def mark(function: F) -> F:
        setattr(function, _MARK, name)
        return function

    return mark


def actions_of(module: ModuleType) -> Mapping[str, Function]:
    """Return the actions of a module by name: its marked functions, else the public
    functions that it defines itself.

    Raises:
        ConfigurationError: it has none, or two for one name.
    """
    own = [
        (name, found)
        for name, found in vars(module).items()
        if callable(found) and not isinstance(found, type)
    ]
    marked = [(getattr(f, _MARK), f) for _, f in own if isinstance(_mark(f), str)]
    here = module.__name__
    plain = [(n, f) for n, f in own if not n.startswith("_") and _home(f) == here]
    found: dict[str, Function] = {}
    for name, function in marked or plain:
        if found.get(name, function) is not function:
            raise ConfigurationError(f"{here}: action {name}: has two functions")
        found[name] = function
    if not found:
        raise ConfigurationError(f"{here}: expected functions to run as actions")
    return found


def _mark(function: Function) -> object:
    return getattr(function, _MARK, None)


def _home(function: Function) -> object:
    return getattr(function, "__module__", None)
