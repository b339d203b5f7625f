"""An imitation of Stripe that keeps state, refuses what Stripe refuses, and signs what it tells."""

from tests.fakes.stripe_server.server import KEY, WEBHOOK_SECRET, Stripe, stripe_server

__all__ = ["KEY", "WEBHOOK_SECRET", "Stripe", "stripe_server"]
