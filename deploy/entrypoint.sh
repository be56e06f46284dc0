#!/bin/sh
# One image, one word for each role; every other word is a management command.
#
#   entrypoint.sh web              HTTP, held claims, event streams, sockets
#   entrypoint.sh worker           Celery worker: dispatch, rescue, retention
#   entrypoint.sh beat             the clock; holds nothing, several may run
#   entrypoint.sh migrate          tables, then the first project and key; ends
#   entrypoint.sh check web        healthy? (also: check worker)
#   entrypoint.sh keys list        any command of manage.py
set -eu
cd "$(dirname "$0")/.."

role="${1:-web}"
if [ "$#" -gt 0 ]; then shift; fi

check_web() {
    exec python -c '
import os, sys, urllib.request
url = "http://127.0.0.1:" + os.environ.get("MOBIUS_PORT", "8000") + "/readyz"
try:
    urllib.request.urlopen(url, timeout=8)
except OSError as error:
    sys.exit(f"{url}: {error}")
'
}

# A worker that answers is well. One that does not is unwell only if Redis answers:
# without Redis every worker is silent, and starting it again would mend nothing.
check_worker() {
    if python -m celery -A mobius inspect ping --timeout 5 \
        --destination "celery@$(python -c 'import socket; print(socket.gethostname())')" \
        >/dev/null 2>&1; then
        exit 0
    fi
    if python -c '
import os, redis
url = os.environ.get("MOBIUS_REDIS_URL", "redis://127.0.0.1:6379/0")
redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2).ping()
' >/dev/null 2>&1; then
        echo "the worker does not answer, Redis does" >&2
        exit 1
    fi
}

case "$role" in
web)
    exec python -m uvicorn mobius.asgi:application \
        --host "${MOBIUS_HOST:-0.0.0.0}" --port "${MOBIUS_PORT:-8000}" \
        --loop uvloop --http httptools --ws mobius.websockets:WebSockets \
        --lifespan on --no-access-log \
        --timeout-graceful-shutdown "${MOBIUS_WEB_DRAIN_SECONDS:-10}" "$@"
    ;;
worker)
    exec python -m celery -A mobius worker \
        --concurrency "${MOBIUS_WORKER_PROCESSES:-2}" \
        --without-mingle --without-gossip --loglevel WARNING "$@"
    ;;
beat)
    exec python -m celery -A mobius beat \
        --scheduler celery.beat:Scheduler --loglevel WARNING "$@"
    ;;
migrate)
    python manage.py migrate --noinput "$@"
    case "${MOBIUS_BOOTSTRAP:-true}" in
    1 | true | yes | on) exec python manage.py bootstrap ;;
    esac
    ;;
check)
    case "${1:-}" in
    web) check_web ;;
    worker) check_worker ;;
    *)
        echo "check: expected web or worker" >&2
        exit 2
        ;;
    esac
    ;;
*)
    exec python manage.py "$role" "$@"
    ;;
esac
