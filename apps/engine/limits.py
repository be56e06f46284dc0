"""Every bound of the engine, in one place, with its unit in its name.

A spec beyond a bound is refused when it is parsed. A run beyond a bound fails with
the error type ``step_limit``, so nothing that is authored can keep a server busy. How
large its state may be is the caller's to measure: see ``StateOutgrown``.
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
TARGETS_MAX: Final = 100  # asked by one interaction or one escalation
REVIEWERS_MAX: Final = 100
REMINDERS_MAX: Final = 10
ESCALATIONS_MAX: Final = 10
CHANNELS_MAX: Final = 10
MATCHES_MAX: Final = 20  # of one wait for an event
ADDRESSES_MAX: Final = 50  # of one channel
ADDRESS_CHARS_MAX: Final = 254
NAME_CHARS_MAX: Final = 128
TEXT_CHARS_MAX: Final = 10_000
NESTING_MAX: Final = 32  # of parameters and other authored JSON
PROBLEMS_MAX: Final = 100  # reported at once
RETRIES_MAX: Final = 100
BACKOFF_RATE_MAX: Final = 100.0
DURATION_MAX: Final = timedelta(days=3650)
LOOKBACK_MAX: Final = timedelta(hours=24)

# What an expression may cost.
SOURCE_CHARS_MAX: Final = 4096
EXPRESSION_NESTING_MAX: Final = 64
EVALUATION_STEPS_MAX: Final = 20_000
OUTPUT_CHARS_MAX: Final = 1_048_576
VALUE_NESTING_MAX: Final = 100
GLOB_WORK_MAX: Final = 1_000_000  # characters of the text times those of the pattern
NUMBER_MAX: Final = 2**63 - 1

# What a JSON Schema may cost. Parts are counted with references followed.
SCHEMA_CHARS_MAX: Final = 65_536
SCHEMA_DEPTH_MAX: Final = 100
SCHEMA_PARTS_MAX: Final = 5000
SCHEMA_PATTERN_PARTS: Final = 100  # what one regular expression weighs
SCHEMA_PATTERN_BYTES_MAX: Final = 131_072  # compiled
SCHEMA_WORK_MAX: Final = 20_000_000  # values times parts
SCHEMA_FINDINGS_WORK_MAX: Final = 20_000  # above it one problem is told, not all
SCHEMA_PROBLEMS_MAX: Final = 20
SCHEMA_CHOICES_NAMED_MAX: Final = 20  # of an enumeration, in a message
SCHEMA_QUOTED_CHARS_MAX: Final = 100
SCHEMAS_KEPT_MAX: Final = 64  # compiled, per process

# What a run may do.
MOVES_MAX: Final = 1000  # steps started by one input
STEPS_MAX: Final = 10_000  # tasks of one run
EACH_ITEMS_MAX: Final = 1000
PATHS_MAX: Final = 256
SIGNALS_KEPT_MAX: Final = 1000
SIGNALS_REMEMBERED: Final = 200  # consumed ones, to recognise a second delivery
EVENTS_REMEMBERED: Final = 200  # taken ones, so that no later wait takes them
