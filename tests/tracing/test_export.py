"""Which variables switch traces on, and what is really sent."""

import gzip
from collections.abc import Iterator, Mapping

import pytest
from django.core.exceptions import ImproperlyConfigured
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
)

from apps.kernel import tracing
from apps.kernel.trace_export import exporters_wanted, start_traces
from tests.deliveries.receiver import running_receiver

TRACE = "0af7651916cd43dd8448eb211c80319c"
ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"


@pytest.fixture(autouse=True)
def stopped() -> Iterator[None]:
    yield
    tracing.stop()


def test_spans_are_posted_as_protobuf_to_the_endpoint(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with running_receiver() as receiver:
        base = receiver.url.removesuffix("/hook")
        monkeypatch.setenv(ENDPOINT, base)
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=acme")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
        start_traces()
        facts: tracing.Facts = {"mobius.run_id": "run_1", "left_out": None}
        with tracing.begin("call", parent=f"00-{TRACE}-{'1' * 16}-01", facts=facts):
            pass
        tracing.stop()

    [got] = receiver.received
    assert (got.path, got.headers["x-tenant"]) == ("/v1/traces", "acme")
    assert got.headers["content-type"] == "application/x-protobuf"
    [sent] = ExportTraceServiceRequest.FromString(
        gzip.decompress(got.body)
    ).resource_spans
    said = {one.key: one.value.string_value for one in sent.resource.attributes}
    [span] = sent.scope_spans[0].spans
    assert said["service.name"] == "mobius"
    assert (span.name, span.trace_id.hex()) == ("call", TRACE)
    assert [(one.key, one.value.string_value) for one in span.attributes] == [
        ("mobius.run_id", "run_1")
    ]


def test_name_and_sampler_are_those_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with running_receiver() as receiver:
        monkeypatch.setenv(ENDPOINT, receiver.url.removesuffix("/hook"))
        monkeypatch.setenv("OTEL_SERVICE_NAME", "orders")
        monkeypatch.setenv("OTEL_TRACES_SAMPLER", "parentbased_always_off")
        start_traces()
        with tracing.begin("unseen") as unseen:
            assert unseen.traceparent is not None
            assert unseen.traceparent.endswith("-00")
        with tracing.begin("seen", parent=f"00-{TRACE}-{'1' * 16}-01"):
            pass
        tracing.stop()

    [got] = receiver.received
    [sent] = ExportTraceServiceRequest.FromString(got.body).resource_spans
    said = {one.key: one.value.string_value for one in sent.resource.attributes}
    assert said["service.name"] == "orders"
    assert [span.name for span in sent.scope_spans[0].spans] == ["seen"]


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({}, []),
        ({ENDPOINT: "http://c:4318"}, ["otlp"]),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c/v1/traces"}, ["otlp"]),
        ({"OTEL_TRACES_EXPORTER": "console"}, ["console"]),
        ({"OTEL_TRACES_EXPORTER": "otlp, console"}, ["otlp", "console"]),
        ({ENDPOINT: "http://c:4318", "OTEL_TRACES_EXPORTER": "none"}, []),
        ({ENDPOINT: "http://c:4318", "OTEL_SDK_DISABLED": "true"}, []),
    ],
)
def test_traces_are_off_unless_the_environment_asks_for_them(
    environment: Mapping[str, str], wanted: list[str]
) -> None:
    assert exporters_wanted(environment) == wanted


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("OTEL_TRACES_EXPORTER", "zipkin", "otlp, console, none, got 'zipkin'"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "http/protobuf, got 'grpc'"),
    ],
)
def test_what_cannot_be_followed_is_named_at_boot(
    name: str, value: str, expected: str
) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"^{name}: expected {expected}$"):
        exporters_wanted({ENDPOINT: "http://c:4318", name: value})
