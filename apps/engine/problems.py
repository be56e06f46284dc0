"""What is wrong with a spec or with inputs, told whole."""

from typing import NamedTuple


class Problem(NamedTuple):
    """One thing that is wrong, and where: ``steps[2].retry[0].base_delay``."""

    path: str
    message: str


class SpecErrors(ValueError):
    """A spec that cannot run. ``problems`` lists everything wrong with it."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(f"{p.path}: {p.message}" for p in problems))
        self.problems = problems


class InputErrors(ValueError):
    """Inputs that do not fit what the spec declares."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = problems
