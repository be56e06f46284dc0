"""Whoever may do everything in the database is found out by ``audit verify``."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from apps.audit.models import AuditRecord
from apps.audit.writer import problems_of_writer
from apps.identity.models import Project
from tests.support.api import Api
from tests.support.specs import ONE_STEP

pytestmark = pytest.mark.django_db(transaction=True)

LOG = "audit_auditrecord"
LAST = f"(SELECT max(number) FROM {LOG} WHERE organization_id = '{{org}}')"
OF_IT = "organization_id = '{org}'"
COLUMNS = (
    "resource_type, resource_id, resource_name, actor, changes, created_at, project_id"
)

Verify = Callable[..., tuple[int, str]]


@pytest.fixture
def verify(api: Api, project: Project, capsys: pytest.CaptureFixture[str]) -> Verify:
    """Verify; what it said is the second. There are a few records."""
    for name in ("First", "Second"):
        made = api.post("workflows", {"name": name, "spec": ONE_STEP})
        assert made.status_code == 201

    def run(*options: str) -> tuple[int, str]:
        code = 0
        try:
            call_command("audit", "verify", *options)
        except SystemExit as end:
            code = int(str(end.code))
        return code, capsys.readouterr().out

    assert run()[0] == 0
    return run


def tamper(project: Project, *statements: str) -> None:
    """Do it as a superuser of PostgreSQL would, who hides it."""
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {LOG} DISABLE TRIGGER ALL")
        for statement in statements:
            cursor.execute(
                statement.replace("{last}", LAST)
                .replace("{it}", OF_IT)
                .replace("{org}", project.organization_id)
            )
        cursor.execute(f"ALTER TABLE {LOG} ENABLE TRIGGER ALL")


CHANGED = [
    f"UPDATE {LOG} SET {change} WHERE number = 2 AND {{it}}"
    for change in (
        "resource_id = 'x'",
        "resource_name = 'x'",
        "id = 'aud_x'",
        "actor = '{}'",
        "changes = '{}'",
        "action = 'delete'",
        "project_id = ''",
        "created_at = created_at - interval '1 s'",
    )
]
#: number 2 and 3 in each other's place.
REORDERED = [
    f"UPDATE {LOG} SET number = {to} WHERE number = {of} AND {{it}}"
    for of, to in ((2, -1), (3, 2), (-1, 3))
]
APPENDED = (
    f"INSERT INTO {LOG} (id, organization_id, number, action, previous_hash, hash,"
    f" {COLUMNS}) SELECT 'aud_forged', organization_id, number + 1, 'create', hash,"
    f" repeat('a', 64), {COLUMNS} FROM {LOG} WHERE number = {{last}} AND {{it}}"
)
INSERTED = [
    f"UPDATE {LOG} SET number = -number WHERE number > 2 AND {{it}}",
    f"UPDATE {LOG} SET number = 1 - number WHERE number < 0 AND {{it}}",
    APPENDED.replace("{last}", "2"),
]
CUT = f"DELETE FROM {LOG} WHERE number = {{last}} AND {{it}}"
HEAD_BACK = (
    f"UPDATE audit_audithead h SET number = r.number, hash = r.hash FROM {LOG} r"
    f" WHERE r.organization_id = h.organization_id AND r.number = {{last}} AND h.{{it}}"
)


@pytest.mark.parametrize(
    ("statements", "words"),
    [
        *[([change], "is not what was written") for change in CHANGED],
        ([f"DELETE FROM {LOG} WHERE number = 2 AND {{it}}"], "record 2 is missing"),
        ([f"DELETE FROM {LOG} WHERE number = 1 AND {{it}}"], "record 1 is missing"),
        (REORDERED, "does not follow"),
        ([APPENDED], "is not what was written"),
        (INSERTED, "is not what was written"),
        ([CUT], "its head says"),
        (["DELETE FROM audit_audithead WHERE {it}"], "its head says 0"),
        (["UPDATE audit_audithead SET hash = 'x' WHERE {it}"], "its head says"),
        (
            [f"UPDATE {LOG} SET {{it}} || 'x' WHERE number = 2 AND {{it}}"],
            "record 2 is missing",
        ),
    ],
)
def test_what_was_changed_is_found(
    project: Project, verify: Verify, statements: list[str], words: str
) -> None:
    tamper(project, *statements)

    code, told = verify()

    assert code == 1
    assert f"{project.organization_id}: BROKEN: " in told
    assert words in told


@pytest.mark.parametrize(
    ("statements", "words"),
    [
        ([CUT, HEAD_BACK], "was kept"),
        (
            [
                f"DELETE FROM {LOG} WHERE {{it}}",
                "DELETE FROM audit_audithead WHERE {it}",
            ],
            "the chain ends at 0, a head at",
        ),
    ],
)
def test_a_head_that_was_kept_finds_what_was_cut_off_with_the_head(
    project: Project, verify: Verify, tmp_path: Path, statements: list[str], words: str
) -> None:
    kept = tmp_path / "heads.txt"
    kept.write_text(verify()[1])
    tamper(project, *statements)
    assert verify()[0] == 0  # nothing in the database knows of it any more

    code, told = verify("--heads", str(kept))

    assert code == 1
    assert words in told


def test_a_head_that_was_kept_finds_a_chain_that_was_written_anew(
    api: Api, project: Project, verify: Verify, tmp_path: Path
) -> None:
    kept = tmp_path / "heads.txt"
    kept.write_text(verify()[1])
    tamper(project, CUT, HEAD_BACK)
    for name in ("Third", "Fourth"):
        api.post("workflows", {"name": name, "spec": ONE_STEP})
    assert verify()[0] == 0

    assert "is not the one whose hash was kept" in verify("--heads", str(kept))[1]


def test_a_chain_that_grew_is_whole_and_a_file_without_heads_is_refused(
    api: Api, verify: Verify, tmp_path: Path
) -> None:
    kept = tmp_path / "heads.txt"
    kept.write_text(verify()[1])
    api.post("workflows", {"name": "Third", "spec": ONE_STEP})

    assert verify("--heads", str(kept))[0] == 0
    kept.write_text("nothing\n")
    for wrong in (str(kept), str(tmp_path / "missing")):
        with pytest.raises(CommandError, match="--heads"):
            verify("--heads", wrong)


def test_records_of_the_first_version_are_read_and_none_follows_a_later_one(
    project: Project, verify: Verify
) -> None:
    records = list(
        AuditRecord.objects.filter(organization_id=project.organization_id).order_by(
            "number"
        )
    )
    old = (
        "encode(sha256(convert_to(concat_ws(E'\\n', previous_hash, number::text,"
        " organization_id, project_id, action, resource_type, resource_id,"
        " changes::text, actor::text, to_char(created_at AT TIME ZONE 'UTC',"
        """ 'YYYY-MM-DD"T"HH24:MI:SS.US')), 'UTF8')), 'hex')"""
    )
    as_before = [
        statement
        for record in records
        for statement in (
            f"UPDATE {LOG} r SET previous_hash = coalesce((SELECT hash FROM {LOG} p"
            f" WHERE p.{{it}} AND p.number = r.number - 1), '')"
            f" WHERE number = {record.number} AND {{it}}",
            f"UPDATE {LOG} SET hash = {old} WHERE number = {record.number} AND {{it}}",
        )
    ]
    last_alone = [as_before[-1], HEAD_BACK]
    tamper(project, *last_alone)
    assert "is not what was written" in verify()[1]

    tamper(project, *as_before, HEAD_BACK)
    assert verify()[0] == 0


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("ALTER TABLE identity_role DISABLE TRIGGER audit_watch", "switched off"),
        ("ALTER TABLE identity_apikey DISABLE TRIGGER ALL", "switched off"),
        ("DROP TRIGGER audit_watch ON webhooks_webhook", "is missing"),
        (f"ALTER TABLE {LOG} DISABLE TRIGGER audit_append_only", "switched off"),
        (
            "DROP TRIGGER audit_watch ON secrets_secret; CREATE CONSTRAINT TRIGGER"
            " audit_watch AFTER DELETE ON secrets_secret DEFERRABLE INITIALLY DEFERRED"
            " FOR EACH ROW EXECUTE FUNCTION audit_note('secret', '', '', '')",
            "is not the one of before",
        ),
        (
            "CREATE OR REPLACE FUNCTION audit_note() RETURNS trigger LANGUAGE plpgsql"
            " AS 'BEGIN RETURN NULL; END'",
            "audit_note is not the one",
        ),
        ("SET session_replication_role = replica", "session_replication_role"),
    ],
)
def test_a_log_that_is_not_written_any_more_is_found(
    statement: str, words: str
) -> None:
    assert problems_of_writer() == []

    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(statement)
        (problem,) = problems_of_writer()
        transaction.set_rollback(True)

    assert words in problem
    assert problems_of_writer() == []
