"""The plain lock file is enough to run the system; developers' tools are not needed."""

import os
import re
import subprocess
import sys
from importlib.metadata import packages_distributions

from mobius.local.environment import ROOT

#: Loads what web, worker, beat and `up` load, without the modules in its arguments.
LOADER = """
import sys
sys.modules.update(dict.fromkeys(sys.argv[1:]))  # None: importing it fails
import mobius.asgi
import celery.apps.beat, celery.apps.worker, celery.bin.celery
import celery.concurrency.prefork
import uvicorn.lifespan.on, uvicorn.loops.uvloop
import uvicorn.protocols.http.httptools_impl
import uvicorn.protocols.websockets.websockets_sansio_impl
import mobius.local.demo_worker, mobius.local.up
from mobius.celery import app
app.connection().transport
app.loader.import_default_modules()
print("loaded")
"""


def test_everything_that_runs_comes_from_the_plain_lock() -> None:
    lock = (ROOT / "deploy" / "requirements.lock").read_text()
    locked = {_name(found) for found in re.findall(r"(?m)^([\w.-]+)==", lock)}
    owners = packages_distributions().items()
    missing = [
        module
        for module, packages in owners
        if not locked & {_name(package) for package in packages}
    ]

    told = subprocess.run(
        [sys.executable, "-c", LOADER, *missing],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "mobius.settings.test"},
        check=False,
        capture_output=True,
        text=True,
    )

    assert "pytest" in missing
    assert told.stdout == "loaded\n", told.stderr


def _name(package: str) -> str:
    return re.sub(r"[-_.]+", "-", package).lower()
