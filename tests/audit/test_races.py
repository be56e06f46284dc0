"""Changes at the same moment are one chain, and nobody waits in a circle for it."""

import threading

import pytest
from django.db import connection, transaction

from apps.audit.chain import check_chain
from apps.audit.models import AuditRecord
from apps.identity.models import Project
from apps.workflows.models import Workflow
from tests.support.api import Api

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

SPEC = {"name": "report", "steps": [{"name": "a", "action": "b"}]}
ROUNDS = 15


def test_two_who_lock_the_same_rows_in_turn_end_with_a_whole_chain(
    api: Api, project: Project
) -> None:
    ids = [
        api.post("workflows", {"name": name, "handle": name, "spec": SPEC}).json()["id"]
        for name in ("first", "second")
    ]
    failures: list[BaseException] = []
    barrier = threading.Barrier(2)

    def change(mine: str, text: str) -> None:
        try:
            for number in range(ROUNDS):
                barrier.wait()
                with transaction.atomic():
                    row = Workflow.objects.select_for_update().get(id=mine)
                    row.description = f"{text} {number}"
                    row.save()
                    shared = Workflow.objects.select_for_update().get(id=max(ids))
                    shared.tags = {"by": f"{text} {number}"}
                    shared.save()
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [
        threading.Thread(target=change, args=(id_, f"writer {id_}")) for id_ in ids
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    found = check_chain(project.organization_id)
    assert found.finding is None
    mine = AuditRecord.objects.filter(organization_id=project.organization_id)
    assert found.records == mine.count()
    assert (
        mine.filter(resource_type="definition", action="update").count() >= 3 * ROUNDS
    )
