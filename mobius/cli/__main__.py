"""``python3 -m mobius.cli``."""

import sys

from mobius.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
