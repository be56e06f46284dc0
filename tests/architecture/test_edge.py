"""The nginx edge lets through what the server promises."""

import re

import pytest

from mobius.local.environment import ROOT
from mobius.settings import base

NGINX = (ROOT / "deploy" / "nginx" / "mobius.conf").read_text()


def locations(path: str) -> str:
    """The body of the nginx location that serves ``path``."""
    for pattern, body in re.findall(
        r"location ~ (\S+) \{(.*?)\n    \}", NGINX, re.DOTALL
    ):
        if re.search(pattern, path):
            return str(body)
    return ""


@pytest.mark.parametrize(
    "path",
    [
        "/v1/projects/default/runs/events",
        "/v1/projects/default/runs/run_1/events",
        "/v1/projects/default/runs/run_1/events.stream",
        "/v1/projects/default/sessions/ses_1/stream",
        "/v1/projects/default/agents/agt_1/sessions/ses_1/events.stream",
        "/inbox/events",
    ],
)
def test_the_edge_does_not_buffer_streams(path: str) -> None:
    seconds = re.search(r"proxy_read_timeout (\d+)s;", locations(path))

    assert "proxy_buffering off;" in locations(path)
    assert seconds
    assert float(seconds[1]) > 2 * base.KEEP_ALIVE_SECONDS


def test_the_edge_buffers_a_workers_reports() -> None:
    assert locations("/v1/projects/default/jobs/job_1/events") == ""


def test_the_edge_waits_longer_than_a_claim() -> None:
    seconds = re.search(
        r"proxy_read_timeout (\d+)s;", locations("/v1/projects/default/jobs/claim")
    )

    assert seconds
    assert int(seconds[1]) >= 60 > base.CLAIM_WAIT_SECONDS_MAX


def test_the_edge_takes_the_bodies_that_the_server_takes() -> None:
    assert f"client_max_body_size {base.REQUEST_BYTES_MAX};" in NGINX


def test_the_edge_tells_the_server_about_the_caller() -> None:
    headers = set(re.findall(r"proxy_set_header (\S+)", NGINX))

    assert headers >= {
        "Host",
        "Upgrade",
        "Connection",
        "X-Request-ID",
        "X-Forwarded-For",
        "X-Forwarded-Proto",
    }


def test_the_log_of_the_edge_holds_no_link_that_answers() -> None:
    (line,) = re.findall(r"log_format mobius (.*?);", NGINX, re.DOTALL)

    assert "$mobius_logged_uri" in line
    assert "$uri" not in line
    assert "$request_uri" not in line
    assert re.search(r"~\^/inbox/link/\s+/inbox/link/-;", NGINX)
