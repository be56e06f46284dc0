"""Where spans go, as the variables of OpenTelemetry say: ``OTEL_*``."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from django.core.exceptions import ImproperlyConfigured

from apps.kernel import tracing

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter

SERVICE: Final = "mobius"
_KNOWN: Final = ("otlp", "console", "none")
_ENDPOINTS: Final = (
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
)
_PROTOCOLS: Final = (
    "OTEL_EXPORTER_OTLP_PROTOCOL",
    "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
)
_PROTOCOL: Final = "http/protobuf"


def exporters_wanted(environment: Mapping[str, str]) -> list[str]:
    """Return the exporters that the environment asks for; traces are off without any.

    Raises:
        ImproperlyConfigured: names the variable that cannot be followed.
    """
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return []
    has_endpoint = any(environment.get(name) for name in _ENDPOINTS)
    asked = environment.get("OTEL_TRACES_EXPORTER") or (has_endpoint and "otlp") or ""
    names = [name for word in asked.split(",") if (name := word.strip().lower())]
    for name in names:
        if name not in _KNOWN:
            raise ImproperlyConfigured(
                f"OTEL_TRACES_EXPORTER: expected {', '.join(_KNOWN)}, got {name!r}"
            )
    for variable in _PROTOCOLS:
        protocol = environment.get(variable) or _PROTOCOL
        if "otlp" in names and protocol != _PROTOCOL:
            raise ImproperlyConfigured(
                f"{variable}: expected {_PROTOCOL}, got {protocol!r}"
            )
    return [name for name in dict.fromkeys(names) if name != "none"]


def start_traces() -> None:
    """Begin to make and send spans in this process, if the environment asks for it."""
    names = exporters_wanted(os.environ)
    if not names or tracing.is_on():
        return
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = make_provider()
    for name in names:
        provider.add_span_processor(BatchSpanProcessor(_exporter(name)))
    tracing.start(provider)


def make_provider() -> "TracerProvider":
    """Return a provider whose name and sampler are those of the environment, and that
    sends nothing anywhere yet."""
    from opentelemetry.sdk.resources import SERVICE_NAME, Resource
    from opentelemetry.sdk.trace import TracerProvider

    from apps.kernel.trace_spans import Ids

    resource = Resource.create()
    if str(resource.attributes[SERVICE_NAME]).startswith("unknown_service"):
        resource = resource.merge(Resource({SERVICE_NAME: SERVICE}))
    return TracerProvider(resource=resource, id_generator=Ids(), shutdown_on_exit=False)


def _exporter(name: str) -> "SpanExporter":
    if name == "console":
        from opentelemetry.sdk.trace.export import ConsoleSpanExporter

        return ConsoleSpanExporter()
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return OTLPSpanExporter()
