"""Make projects for a stack's tests. A program that joins the stack's processes.

    python -m tests.support.tenants PREFIX COUNT

Prints one line of JSON per project: ``{project, api_key, reviewer_id}``. One process
makes many, because starting Django costs more than all the projects.
"""

import json
import sys

import django


def main(prefix: str, count: int) -> None:
    """Make ``count`` projects, each in an organization of its own."""
    django.setup()
    from apps.identity.services.bootstrap import bootstrap
    from apps.kernel import clock

    for number in range(count):
        handle = f"{prefix}-{number}"
        first = bootstrap(organization=handle, project=handle, now=clock.now())
        tenant = {
            "project": first.project,
            "api_key": first.api_key,
            "reviewer_id": first.reviewer_id,
        }
        sys.stdout.write(json.dumps(tenant) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
