#!/bin/sh
# Restore a dump into an empty database. The rows come in one transaction.
#
#   MOBIUS_DATABASE_URL=postgresql://... restore.sh FILE
#
# Stop web, worker and beat first; deploy/README.md, "Restore", has the whole order.
# Refuses a database that holds tables of Mobius, and a file that differs from its
# SHA-256. Needs psql and pg_restore of the server's version or newer on the PATH.
set -eu

: "${MOBIUS_DATABASE_URL:?the address of an empty database}"
file="${1:?usage: restore.sh FILE}"

sql() { psql --no-psqlrc --quiet --tuples-only --no-align --set ON_ERROR_STOP=1 \
    --dbname "$MOBIUS_DATABASE_URL" "$@"; }

if [ -f "$file.sha256" ]; then
    expected=$(cut -d ' ' -f 1 "$file.sha256")
    found=$(sha256sum "$file" | cut -d ' ' -f 1)
    if [ "$expected" != "$found" ]; then
        echo "$file is not what was dumped: its SHA-256 differs" >&2
        exit 1
    fi
else
    echo "no $file.sha256: restoring without comparing" >&2
fi
if [ "$(sql --command "SELECT to_regclass('public.runs_run') IS NOT NULL")" = t ]; then
    echo "the database holds tables of Mobius already; create an empty one" >&2
    exit 1
fi

pg_restore --dbname "$MOBIUS_DATABASE_URL" --single-transaction --exit-on-error \
    --no-owner --no-privileges "$file"

# Timeline rows carry the number of the transaction that wrote them, which means
# nothing in another cluster: a high one would hide new events from project streams.
# Restored rows are before everything to come, in the order of their ids.
renumber="UPDATE public.run_events_runevent SET xid = 0 WHERE xid <> 0;
    UPDATE public.run_events_runstream SET last_xid = 0 WHERE last_xid <> 0"
sql --command "$renumber" || {
    echo "the rows are restored, but before anything starts this must succeed:" >&2
    echo "    $renumber" >&2
    exit 1
}
sql --command "ANALYZE"
echo "restored; now: entrypoint.sh migrate, then start web, worker and beat"
