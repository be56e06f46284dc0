"""The function by which PostgreSQL writes records.

It runs when a transaction commits, after everything else: the head of the chain is the
last lock of every transaction, so nothing waits for it in a circle. Who acts is what
``mobius.actor`` says in the session (``apps.identity.acting``).
"""

from typing import Final

NOTE_BODY: Final = r"""
DECLARE
    parent text := TG_ARGV[1];
    hidden text[] := string_to_array(TG_ARGV[2], ',');
    unnoted text[] := string_to_array(TG_ARGV[3], ',');
    old_row jsonb := '{}';
    new_row jsonb := '{}';
    shown jsonb;
    said jsonb;
    project text;
    organization text;
    act text := CASE TG_OP WHEN 'INSERT' THEN 'create'
                           WHEN 'UPDATE' THEN 'update' ELSE 'delete' END;
    who jsonb;
    at timestamptz := clock_timestamp();
    head record;
    digest text;
    record_id text := 'aud_' || replace(gen_random_uuid()::text, '-', '');
    title text;
BEGIN
    IF TG_OP <> 'INSERT' THEN old_row := to_jsonb(OLD) - unnoted; END IF;
    IF TG_OP <> 'DELETE' THEN new_row := to_jsonb(NEW) - unnoted; END IF;
    IF old_row = new_row THEN RETURN NULL; END IF;
    shown := CASE WHEN TG_OP = 'DELETE' THEN old_row ELSE new_row END;
    IF TG_TABLE_NAME = 'identity_project' THEN
        project := shown ->> 'id';
    ELSIF shown ? 'project_id' THEN
        project := shown ->> 'project_id';
    ELSIF parent <> '' THEN
        EXECUTE format('SELECT project_id FROM %I WHERE id = $1',
                       split_part(parent, ':', 2))
            INTO project USING shown ->> split_part(parent, ':', 1);
        IF project IS NULL AND split_part(parent, ':', 2) = 'identity_principal' THEN
            SELECT organization_id INTO organization FROM identity_principal
            WHERE id = shown ->> split_part(parent, ':', 1);
        END IF;
        -- It went with what it belonged to, which has a record of its own.
        IF coalesce(project, organization) IS NULL AND TG_OP = 'DELETE' THEN
            RETURN NULL;
        END IF;
    END IF;
    IF TG_TABLE_NAME = 'identity_organization' THEN
        organization := shown ->> 'id';
    ELSIF organization IS NULL THEN
        organization := shown ->> 'organization_id';
    END IF;
    IF organization IS NULL AND project IS NOT NULL THEN
        SELECT organization_id INTO organization
        FROM identity_project WHERE id = project;
    END IF;
    IF TG_OP = 'UPDATE' AND shown ? 'archived_at' THEN
        IF old_row ->> 'archived_at' IS NULL AND new_row ->> 'archived_at' IS NOT NULL
        THEN act := 'archive'; END IF;
        IF old_row ->> 'archived_at' IS NOT NULL AND new_row ->> 'archived_at' IS NULL
        THEN act := 'restore'; END IF;
    END IF;
    SELECT coalesce(jsonb_object_agg(key, jsonb_strip_nulls(jsonb_build_object(
        'before', CASE WHEN key = ANY(hidden) AND o.value <> '""'
                       THEN '"(hidden)"' ELSE o.value END,
        'after', CASE WHEN key = ANY(hidden) AND n.value <> '""'
                      THEN '"(hidden)"' ELSE n.value END))), '{}')
    INTO said
    FROM jsonb_each(old_row) o FULL JOIN jsonb_each(new_row) n USING (key)
    WHERE o.value IS DISTINCT FROM n.value;
    BEGIN
        who := nullif(current_setting('mobius.actor', true), '')::jsonb;
    EXCEPTION WHEN others THEN
        who := jsonb_build_object('source', current_setting('mobius.actor', true));
    END;
    who := coalesce(who, '{"source": "system"}');
    organization := coalesce(organization, '-');
    title := left(coalesce(shown ->> 'name', shown ->> 'username', ''), 255);
    INSERT INTO audit_audithead (organization_id, number, hash)
    VALUES (organization, 0, '') ON CONFLICT DO NOTHING;
    SELECT number, hash INTO head FROM audit_audithead
    WHERE organization_id = organization FOR UPDATE;
    digest := encode(sha256(convert_to(concat_ws(E'\n', head.hash,
        (head.number + 1)::text, organization, coalesce(project, ''), act, TG_ARGV[0],
        shown ->> 'id', said::text, who::text,
        to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'),
        record_id, to_jsonb(title)::text), 'UTF8')), 'hex');
    INSERT INTO audit_auditrecord
        (id, organization_id, number, project_id, action, resource_type, resource_id,
         resource_name, actor, changes, created_at, previous_hash, hash)
    VALUES (record_id, organization, head.number + 1, coalesce(project, ''), act,
            TG_ARGV[0], shown ->> 'id', title, who, said, at, head.hash, digest);
    UPDATE audit_audithead SET number = head.number + 1, hash = digest
    WHERE organization_id = organization;
    RETURN NULL;
END
"""

REFUSE_BODY: Final = """
BEGIN
    RAISE EXCEPTION 'audit records are never changed or deleted';
END
"""

_SIGNATURE: Final = "() RETURNS trigger LANGUAGE plpgsql AS $audit$"

#: In the place of what an earlier version made.
NOTE_NOW: Final = (
    f"CREATE OR REPLACE FUNCTION audit_note{_SIGNATURE}{NOTE_BODY}$audit$;"
)

NOTE: Final = f"""
CREATE FUNCTION audit_note{_SIGNATURE}{NOTE_BODY}$audit$;

CREATE FUNCTION audit_refuse{_SIGNATURE}{REFUSE_BODY}$audit$;

CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit_auditrecord
    FOR EACH ROW EXECUTE FUNCTION audit_refuse();
"""

FORGET: Final = """
DROP TRIGGER audit_append_only ON audit_auditrecord;
DROP FUNCTION audit_refuse();
DROP FUNCTION audit_note();
"""
