"""Every bound of the engine, in one place, with its unit in its name.

A spec beyond a bound is refused when it is parsed. A run beyond a bound fails with
the error type ``step_limit``, so nothing that is authored can keep a server busy.
"""

from datetime import timedelta
from typing import Final

# What may be authored.
STEPS_IN_SPEC_MAX: Final = 1000
EDGES_PER_STEP_MAX: Final = 100
RULES_PER_STEP_MAX: Final = 20  # retry items, and catch items
NAMES_PER_RULE_MAX: Final = 50  # error_equals
FIELDS_DECLARED_MAX: Final = 200  # inputs, and outputs
OPTIONS_MAX: Final = 200  # choices of one interaction
NAME_CHARS_MAX: Final = 128
TEXT_CHARS_MAX: Final = 10_000
NESTING_MAX: Final = 32  # of parameters and other authored JSON
PROBLEMS_MAX: Final = 100  # reported at once
RETRIES_MAX: Final = 100
BACKOFF_RATE_MAX: Final = 100.0
DURATION_MAX: Final = timedelta(days=3650)

# What an expression may cost.
SOURCE_CHARS_MAX: Final = 4096
EXPRESSION_NESTING_MAX: Final = 64
EVALUATION_STEPS_MAX: Final = 20_000
OUTPUT_CHARS_MAX: Final = 1_048_576
VALUE_NESTING_MAX: Final = 100
GLOB_WORK_MAX: Final = 1_000_000  # characters of the text times those of the pattern
NUMBER_MAX: Final = 2**63 - 1

# What a run may do.
MOVES_MAX: Final = 1000  # steps started by one input
STEPS_MAX: Final = 10_000  # tasks of one run
EACH_ITEMS_MAX: Final = 1000
PATHS_MAX: Final = 256
SIGNALS_KEPT_MAX: Final = 1000
SIGNALS_REMEMBERED: Final = 200  # consumed ones, to recognise a second delivery
