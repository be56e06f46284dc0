#!/bin/sh
# Dump the database of Mobius into one file, and prove that the file can be read.
#
#   MOBIUS_DATABASE_URL=postgresql://... MOBIUS_BACKUP_DIR=/backups dump.sh
#
# Consistent without stopping anything: one snapshot. Redis needs no backup. Prints the
# file's name. Needs pg_dump of the server's version or newer on the PATH; the file
# appears under its name only when it is whole, with its SHA-256 beside it.
set -eu
umask 077

: "${MOBIUS_DATABASE_URL:?the address of the database to dump}"
folder="${MOBIUS_BACKUP_DIR:-.}"
keep="${MOBIUS_BACKUP_KEEP:-14}"

case "$keep" in
'' | *[!0-9]* | 0*)
    echo "MOBIUS_BACKUP_KEEP: expected a whole number from 1, got '$keep'" >&2
    exit 2
    ;;
esac

cd "$folder"
name="mobius-$(date -u +%Y%m%dT%H%M%SZ).dump"
part=".$name.part"
trap 'rm -f "$part"' EXIT
trap 'exit 1' HUP INT TERM

pg_dump --dbname "$MOBIUS_DATABASE_URL" --format custom \
    --no-owner --no-privileges --file "$part"
pg_restore --list "$part" | grep -q "TABLE DATA public runs_run " || {
    echo "the dump has no runs: is this the database of Mobius?" >&2
    exit 1
}
sync "$part" 2>/dev/null || sync
mv "$part" "$name"
sha256sum "$name" >"$name.sha256"

# Names sort by time: everything before the newest $keep may go.
count=$(find . -maxdepth 1 -name 'mobius-*.dump' | wc -l)
if [ "$count" -gt "$keep" ]; then
    find . -maxdepth 1 -name 'mobius-*.dump' | sort | head -n "$((count - keep))" |
        while IFS= read -r old; do rm -f "$old" "$old.sha256"; done
fi
echo "$folder/$name"
