"""Figures for Prometheus: what came in, how fast it was acknowledged, what went out."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

ACK_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 3.0)
DELIVERY_BUCKETS_S = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0)
CONTENT_TYPE = CONTENT_TYPE_LATEST


class Metrics:
    """The bot's figures in a registry of their own."""

    def __init__(self) -> None:
        registry = self.registry = CollectorRegistry()
        self.received = Counter("peak_ops_received", "Deliveries from Slack", ["kind"], registry=registry)
        self.repeated = Counter("peak_ops_repeated", "Deliveries that had come before", registry=registry)
        self.refused = Counter("peak_ops_refused", "Requests refused at the door", ["why"], registry=registry)
        self.ack_s = Histogram(
            "peak_ops_ack_seconds", "Arrival to acknowledgement", buckets=ACK_BUCKETS_S, registry=registry
        )
        self.listener_failed = Counter(
            "peak_ops_listener_failed", "Listeners that failed for good", registry=registry
        )
        self.halts = Counter("peak_ops_halts", "Halts asked for", ["outcome"], registry=registry)
        self.halt_s = Histogram(
            "peak_ops_halt_seconds", "Halt to latch and gates", buckets=ACK_BUCKETS_S, registry=registry
        )
        self.sent = Counter("peak_ops_sent", "Messages delivered", ["kind"], registry=registry)
        self.undeliverable = Counter(
            "peak_ops_undeliverable", "Messages given up", ["kind"], registry=registry
        )
        self.delivery_s = Histogram(
            "peak_ops_delivery_seconds",
            "State change to message",
            buckets=DELIVERY_BUCKETS_S,
            registry=registry,
        )
        self.dialled = Counter(
            "peak_ops_socket_links",
            "Socket Mode links opened, by why a new one was wanted",
            ["why"],
            registry=registry,
        )
        self.strangers = Gauge(
            "peak_ops_socket_strangers",
            "Socket Mode links of this app that are not this bot's, counted twice",
            registry=registry,
        )
        self.connections = Gauge(
            "peak_ops_socket_connections",
            "Socket Mode links that Slack counts for this app",
            registry=registry,
        )

    def gauge(self, name: str, what: str, read: Callable[[], float]) -> None:
        """Add a figure that is read when it is asked for."""
        Gauge(name, what, registry=self.registry).set_function(read)

    def text(self) -> bytes:
        """Everything in Prometheus' text format."""
        return generate_latest(self.registry)
