"""Figures for Prometheus: ``/metrics``.

Times are observed as requests end; what the pool, the cache and the release know is read when it is asked for. No
address, query or name of a person is in any label.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from fastapi import APIRouter, Depends, Request, Response
from prometheus_client import CollectorRegistry, Counter, Histogram, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from api.observation import Observation
from api.refusal import Refusal
from api.state import State, state
from core.version import program_version

router = APIRouter()

#: Seconds; from an answer of the cache to the deadline of a query.
_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """The figures of one running service."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        requests = Histogram(
            "radiograph_request_seconds",
            "Time from a request to the end of its answer",
            ("route", "method", "status"),
            buckets=_BUCKETS,
            registry=self.registry,
        )
        queries = Histogram(
            "radiograph_query_seconds",
            "Time from a SPARQL query to the end of its answer, by where the answer came from",
            ("source",),
            buckets=_BUCKETS,
            registry=self.registry,
        )
        first_bytes = Histogram(
            "radiograph_query_first_byte_seconds",
            "Time from a SPARQL query to the first byte of its answer",
            ("source",),
            buckets=_BUCKETS,
            registry=self.registry,
        )
        sent = Counter("radiograph_sent_bytes", "Bytes of answers sent", ("route",), registry=self.registry)
        self._cut = Counter(
            "radiograph_answers_cut", "Answers that did not reach their end", ("route",), registry=self.registry
        )
        # Finding the figure that belongs to labels takes longer than counting; there are few labels.
        self._request, self._sent = cache(requests.labels), cache(sent.labels)
        self._query, self._first_byte = cache(queries.labels), cache(first_bytes.labels)

    def follow(self, state: State) -> None:
        """Give the figures that the parts of the service keep themselves, too."""
        self.registry.register(ServiceCollector(state))

    def observe(self, seen: Observation) -> None:
        """Take a request into account that has ended."""
        self._request(seen.route, seen.method, seen.status).observe(seen.seconds)
        self._sent(seen.route).inc(seen.sent)
        if seen.cut:
            self._cut.labels(seen.route).inc()
        if seen.query is not None:
            source = _source(seen)
            self._query(source).observe(seen.seconds)
            if seen.first_byte is not None:
                self._first_byte(source).observe(seen.first_byte)


def _source(seen: Observation) -> str:
    if seen.status >= 400:
        return "refused"
    return "cache" if seen.cache == "hit" or seen.status == 304 else "engine"


@dataclass(frozen=True)
class ServiceCollector(Collector):
    """Reads the figures that the parts of the service keep themselves."""

    state: State

    def collect(self) -> Iterator[Metric]:
        """The figures as they are now."""
        release = self.state.current
        information = GaugeMetricFamily("radiograph_info", "The running program", labels=("version", "store"))
        information.add_metric(
            (program_version(), "embedded" if self.state.settings.store == "embedded" else "remote"), 1
        )
        yield information
        yield _gauge("radiograph_release", "Number of the release being served", release.number if release else 0)
        yield _gauge("radiograph_release_triples", "Triples of that release", release.triples if release else 0)
        yield from self._workers()
        yield from self._cache()

    def _workers(self) -> Iterator[Metric]:
        pool = self.state.pool.status()
        workers = GaugeMetricFamily("radiograph_query_workers", "Query workers by what they are at", labels=("state",))
        workers.add_metric(("idle",), pool.idle)
        workers.add_metric(("busy",), pool.busy)
        yield workers
        yield _gauge("radiograph_query_queue_length", "Queries waiting for a worker", pool.waiting)
        ended = CounterMetricFamily("radiograph_query_workers_killed", "Query workers ended early", labels=("reason",))
        for reason, number in pool.kills.items():
            ended.add_metric((reason,), number)
        yield ended
        yield _counter("radiograph_query_workers_started", "Query workers started", pool.started)
        yield _counter("radiograph_query_workers_recycled", "Query workers replaced by fresh ones", pool.recycled)
        yield _counter("radiograph_query_queue_waits", "Queries that waited for a worker", pool.waited)
        yield _counter("radiograph_query_queue_seconds", "Time that queries waited in all", pool.wait_seconds)
        yield _counter("radiograph_query_queue_refusals", "Queries for which no worker was free in time", pool.refused)

    def _cache(self) -> Iterator[Metric]:
        cache = self.state.results.status()
        asked = CounterMetricFamily(
            "radiograph_result_cache_requests", "Look-ups in the result cache", labels=("found",)
        )
        asked.add_metric(("yes",), cache.hits)
        asked.add_metric(("no",), cache.misses)
        yield asked
        yield _gauge("radiograph_result_cache_bytes", "Bytes of the answers in the result cache", cache.bytes)
        yield _gauge("radiograph_result_cache_entries", "Answers in the result cache", cache.entries)


@router.api_route("/metrics", methods=["GET", "HEAD"], summary="Figures for Prometheus")
def metrics(request: Request, radiograph: State = Depends(state)) -> Response:
    """The figures in the text format of Prometheus, or OpenMetrics where it is asked for."""
    if radiograph.settings.metrics == "off":
        raise Refusal(404, "this deployment publishes no metrics", remedy="set RADIOGRAPH_METRICS=on")
    encode, content_type = choose_encoder(request.headers.get("accept", ""))
    body = encode(request.app.state.metrics.registry)
    return Response(body, media_type=content_type, headers={"Cache-Control": "no-store"})


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)


def _counter(name: str, text: str, value: float) -> CounterMetricFamily:
    return CounterMetricFamily(name, text, value=value)
