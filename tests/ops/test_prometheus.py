"""/metrics: who may read it, what it tells, and that every process is in it."""

import os
import re
import subprocess
import sys

import httpx
import pytest
from django.conf import LazySettings
from django.conf import settings as present
from django.test import Client

from apps.identity.models import Project
from apps.kernel import clock
from apps.ops.prometheus import FAMILIES, exposition
from apps.realtime import connections, counting, pulses
from apps.realtime.connections import client
from apps.realtime.pulses import Role, give_pulse
from mobius.local.environment import ROOT
from tests.diagnosis.asking import report, start
from tests.support.api import Api
from tests.support.drive import claim
from tests.support.server import running_server
from tests.support.specs import NO_RETRY, action
from tests.support.valkey import own_valkey

pytestmark = pytest.mark.django_db
TOKEN = "prometheus-reads-this"
LINE = re.compile(r'([a-z_]+)(\{(?:[a-z_]+="(?:[^"\\\n]|\\.)*",?)+\})? (-?[0-9.e+-]+)')


@pytest.fixture(autouse=True)
def counted(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures are on, nothing is counted yet, and this process says nothing."""
    settings.METRICS_TOKEN = TOKEN
    settings.METRICS_ON = True
    monkeypatch.setattr(counting, "_counted", {})
    monkeypatch.setattr(counting, "GAUGES", {})
    client().delete(counting.TOTALS_KEY, counting.NOW_KEY)


def read() -> dict[str, float]:
    """The samples, each line being well formed and below its family's head."""
    found: dict[str, float] = {}
    family = ""
    for line in exposition(now=clock.now()).splitlines():
        if line.startswith("# TYPE "):
            family, kind = line.split()[2:]
            assert kind == FAMILIES[family][0]
        elif not line.startswith("# HELP "):
            match = LINE.fullmatch(line)
            assert match is not None, line
            assert match[1].startswith(family)
            found[match[1] + (match[2] or "")] = float(match[3])
    return found


def ask(**headers: str) -> int:
    return Client().get("/metrics", headers=headers).status_code


def test_who_has_the_token_reads_others_do_not(settings: LazySettings) -> None:
    assert ask(Authorization=f"Bearer {TOKEN}") == 200
    refused = Client().get("/metrics")
    assert (refused.status_code, refused["WWW-Authenticate"]) == (401, "Bearer")
    assert ask(Authorization="Bearer wrong") == 401
    assert ask(Authorization=f"Basic {TOKEN}") == 401

    settings.METRICS_TOKEN, settings.METRICS_LOCALHOST = "", True
    assert ask(Authorization="Bearer ") == 200
    settings.METRICS_LOCALHOST = False
    assert ask(Authorization="Bearer ") == 401
    settings.METRICS_ON = False
    assert ask(Authorization=f"Bearer {TOKEN}") == 404


def test_a_key_of_the_api_opens_no_figures(api: Api) -> None:
    assert ask(Authorization=f"Bearer {api.key}") == 401


def test_from_this_machine_no_token_is_needed_unless_a_proxy_asks(
    settings: LazySettings,
) -> None:
    settings.METRICS_LOCALHOST = True

    assert ask() == 200
    assert ask(**{"X-Forwarded-For": "203.0.113.9"}) == 401
    elsewhere = Client(REMOTE_ADDR="203.0.113.9").get("/metrics")
    assert elsewhere.status_code == 401


def test_runs_jobs_and_batches_are_counted(
    api: Api, project: Project, django_capture_on_commit_callbacks: object
) -> None:
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        start(api, action("a"))
        report(api, project)
        start(api, action("b", retry=NO_RETRY))
        report(api, project, status="failed", error_type="io", error_message="x")
        start(api, action("c"))
        assert claim(project.id) is not None

    found = read()

    started = 'mobius_runs_started_total{dialect="workflow",by="caller"}'
    assert found[started] == 3
    ended = "mobius_runs_ended_total"
    assert found[f'{ended}{{status="completed",stop_reason="completed"}}'] == 1
    assert found[f'{ended}{{status="failed",stop_reason="step_failed"}}'] == 1
    assert found["mobius_jobs_claimed_total"] == 3
    assert found['mobius_jobs_reported_total{status="completed"}'] == 1
    assert found['mobius_jobs_reported_total{status="failed"}'] == 1
    assert found["mobius_dispatch_events_total"] >= 8
    batches = found["mobius_dispatch_batch_seconds_count"]
    assert found['mobius_dispatch_batch_seconds_bucket{le="+Inf"}'] == batches > 0
    assert found['mobius_jobs{state="claimed"}'] == 1
    assert found['mobius_workers{state="live"}'] == 1


def test_how_things_stand_is_told(api: Api) -> None:
    start(api, {"name": "p", "pause": {}})
    start(api, action("a"), dispatch=False)
    client().delete(*(pulses._key(role) for role in Role))
    pulses._given.clear()
    give_pulse(Role.WORKER)

    found = read()

    assert found['mobius_waits_open{kind="pause"}'] == 1
    assert found["mobius_outbox_due"] == 1
    assert 0 < found["mobius_outbox_lag_seconds"] < 60
    assert [found[f'mobius_up{{part="{p}"}}'] for p in ("beat", "worker")] == [0, 1]
    assert [found[f'mobius_up{{part="{p}"}}'] for p in ("redis", "postgresql")] == [
        1,
        1,
    ]


def test_a_rolled_back_start_is_not_counted(api: Api) -> None:
    start(api, action("a"))  # inside the test's own transaction, which never commits

    assert not any(name.startswith("mobius_runs_started") for name in read())


def test_the_classes_of_a_histogram_grow_and_end_with_all() -> None:
    for seconds in (0.001, 0.2, 99.0):
        counting.observe("mobius_dispatch_batch_seconds", seconds)

    classes = [v for n, v in read().items() if "batch_seconds_bucket" in n]

    assert classes == sorted(classes)
    assert (classes[0], classes[-2], classes[-1]) == (1, 2, 3)
    assert read()["mobius_dispatch_batch_seconds_sum"] == pytest.approx(99.201)


def test_label_values_are_escaped() -> None:
    counting.count("mobius_tasks_total", task='a"b\\c\nd', outcome="done")

    assert 'mobius_tasks_total{task="a\\"b\\\\c\\nd",outcome="done"}' in read()


def test_what_an_older_version_counted_is_left_out() -> None:
    client().hset(counting.TOTALS_KEY, "mobius_of_old_total", 5)

    assert "mobius_of_old_total" not in exposition(now=clock.now())


_OTHER = """
import django; django.setup()
from apps.realtime import counting
counting.GAUGES["mobius_streams_open"] = lambda: 2.0
for _ in range(50): counting.count("mobius_jobs_claimed_total")
counting.flush()
"""


def test_all_processes_add_to_the_same_totals() -> None:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "mobius.settings.test",
        "MOBIUS_REDIS_URL": present.REDIS_URL,
        "MOBIUS_METRICS_TOKEN": TOKEN,
    }
    run = [sys.executable, "-c", _OTHER]
    others = [subprocess.Popen(run, env=environment, cwd=ROOT) for _ in range(3)]
    assert [other.wait(timeout=60) for other in others] == [0, 0, 0]
    counting.count("mobius_jobs_claimed_total")

    found = read()

    assert found["mobius_jobs_claimed_total"] == 151
    assert found["mobius_streams_open"] == 6


def test_a_process_that_is_gone_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(counting.GAUGES, "mobius_streams_open", lambda: 2.0)
    assert read()["mobius_streams_open"] == 2

    counting.GAUGES.clear()
    monkeypatch.setattr(counting, "SAID_SECONDS", -1.0)

    assert "mobius_streams_open" not in read()
    assert client().hlen(counting.NOW_KEY) == 0


def test_what_was_counted_while_redis_was_away_is_sent_later(
    settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with own_valkey(settings, monkeypatch) as valkey:
        valkey.kill()
        counting.count("mobius_jobs_claimed_total")
        assert read()['mobius_up{part="redis"}'] == 0
        valkey.start()
        monkeypatch.setattr(connections.breaker, "open_until", 0.0)
        assert read()["mobius_jobs_claimed_total"] == 1


def test_nothing_is_counted_where_nobody_may_read(settings: LazySettings) -> None:
    settings.METRICS_ON = False

    counting.count("mobius_jobs_claimed_total")
    counting.observe("mobius_dispatch_batch_seconds", 1.0)

    assert counting._counted == {}


def test_every_family_is_counted_and_everything_counted_has_a_family() -> None:
    code = [path.read_text() for path in [*ROOT.glob("apps/**/*.py")]]
    code += [path.read_text() for path in [*ROOT.glob("mobius/*.py")]]
    named = {name for text in code for name in re.findall(r"\bmobius_[a-z_]+", text)}
    counts = {name for name in named if name.endswith(("_total", "_seconds", "_open"))}

    assert counts - set(FAMILIES) == set()
    assert set(FAMILIES) - named == set()


@pytest.mark.django_db(transaction=True)
def test_the_web_process_counts_answers_and_what_it_holds(
    api: Api, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    key = {"Authorization": f"Bearer {api.key}"}
    with running_server() as url, httpx.Client(base_url=url, headers=key) as caller:
        project = f"/v1/projects/{api.project}"
        assert caller.get(f"{project}/runs").status_code == 200
        assert caller.get(f"{project}/runs/run_none").status_code == 404
        assert caller.post(f"{project}/jobs/claim", json={"worker_id": "w"}).is_success
        assert caller.get("/nothing").status_code == 404
        token = {"Authorization": f"Bearer {TOKEN}"}
        text = caller.get("/metrics", headers=token).text

    answers = "mobius_http_requests_total"
    where = "/v1/projects/<str:project>/runs"
    assert f'{answers}{{method="GET",route="{where}",status="200"}} 1.0' in text
    assert f'route="{where}/<str:run_id>",status="404"}} 1.0' in text
    claim_route = "/v1/projects/{project}/jobs/claim"
    assert f'{answers}{{method="POST",route="{claim_route}",status="204"}} 1.0' in text
    assert f'{answers}{{method="GET",route="none",status="404"}} 1.0' in text
    assert "mobius_claims_held 0.0" in text
    assert "run_none" not in text
