"""What the system costs while nothing happens."""

import time
from typing import Final

from tests.load.figures import Row, in_mib
from tests.load.processes import memory_of, tree_of
from tests.load.setting import Meter, Setting

WATCH_SECONDS: Final = 10.0
SETTLE_SECONDS: Final = 3.0
BYTES_AIM: Final = 600 * 10**6


def measure(setting: Setting, when: str = "") -> list[Row]:
    """Watch for ten seconds; memory is counted by share, so nothing counts twice."""
    setting.say(f"idle{when}: {WATCH_SECONDS:.0f} s")
    time.sleep(SETTLE_SECONDS)
    meter = Meter(setting.parts)
    time.sleep(WATCH_SECONDS)
    spent = {name: s / WATCH_SECONDS for name, s in meter.spent().items()}
    sizes = {name: memory_of(tree_of(pid)).pss for name, pid in setting.parts.items()}
    sizes["launcher"] = memory_of([setting.launcher]).pss
    total = sum(sizes.values())
    by_part = ", ".join(f"{name} {in_mib(size)}" for name, size in sizes.items())
    busy = ", ".join(f"{name} {part:.1%}" for name, part in spent.items() if part)
    return [
        Row(
            f"memory of the whole system, idle{when} (PSS)",
            f"{total / 10**6:.0f} MB: {by_part}",
            f"<= {BYTES_AIM // 10**6} MB",
        ),
        Row(
            f"processor of the whole system, idle{when}",
            f"{sum(spent.values()):.1%} of a core: {busy}",
        ),
    ]
