"""Traces for OpenTelemetry: every scan is one trace, whose id is the start of its digest, wherever its pages are carried.

Where they go is set as OpenTelemetry has it: OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_SERVICE_NAME and the rest of its variables.
"""

from __future__ import annotations

import time

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context


class Traces:
    """Hears of every step that is done (`observing.Observer`)."""

    def __init__(self, exporter: SpanExporter | None = None) -> None:
        self._provider = TracerProvider(resource=Resource.create({"service.name": "scanpipe"}))
        self._provider.add_span_processor(BatchSpanProcessor(exporter or OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("scanpipe")

    def done(self, stage: str, began_s: float, scan: str, page: int | None = None) -> None:
        ended_ns = time.time_ns()
        began_ns = ended_ns - int((time.perf_counter() - began_s) * 1e9)
        about: dict[str, str | int] = {"scanpipe.scan": scan} | ({"scanpipe.page": page} if page else {})
        span = self._tracer.start_span(stage, _of_scan(scan), attributes=about, start_time=began_ns)
        span.end(ended_ns)

    def close(self) -> None:
        """Sends what is not yet sent."""
        self._provider.shutdown()


def _of_scan(scan: str):  # type: ignore[no-untyped-def]
    """A parent that all spans of a scan have in common."""
    ids = SpanContext(
        int(scan[:32], 16), int(scan[32:48], 16), is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED)
    )
    return set_span_in_context(NonRecordingSpan(ids))
