"""``python -m tests.load``: the load on the system that the environment names."""

import sys

from tests.load.bench import main

sys.exit(main(sys.argv[1:]))
