"""The acceptance checklist of the published documents: items 9 to 11, one by one.

Each test's docstring says which item it shows. Most are shown in more depth by the
guides' own files; here each stands alone. Items 1 to 8: ``test_checklist_platform.py``
and ``test_checklist_routes.py``.
"""

from tests.support.remote import Remote
from tests.support.specs import ONE_STEP, TWO_STEPS


def test_a_workflow_is_created(remote: Remote) -> None:
    """Item 9."""
    made = remote.post("workflows", {"name": "Ingest document", "spec": TWO_STEPS})

    assert made.status == 201
    assert made.body["spec"] == TWO_STEPS
    assert remote.get(f"workflows/{made.body['id']}").body == made.body


def test_a_handle_comes_from_the_name_and_is_unique(remote: Remote) -> None:
    """Item 10."""
    first = remote.post("workflows", {"name": "Ingest document", "spec": ONE_STEP})
    clash = {"name": "Other", "handle": "ingest-document", "spec": ONE_STEP}

    assert first.body["handle"] == "ingest-document"
    assert remote.post("workflows", clash).status == 409
    assert remote.get("workflows/ingest-document").body["id"] == first.body["id"]


def test_the_same_name_is_409_and_patch_updates(remote: Remote) -> None:
    """Item 11."""
    body = {"name": "Ingest document", "spec": ONE_STEP}
    first = remote.post("workflows", body).body

    assert remote.post("workflows", body).status == 409
    path = f"workflows/{first['id']}"
    patched = remote.call("PATCH", path, {"spec": TWO_STEPS})

    assert patched.status == 200
    assert (patched.body["latest_version"], patched.body["spec"]) == (2, TWO_STEPS)
