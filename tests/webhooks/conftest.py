"""What tests of webhooks share."""

from tests.deliveries.conftest import frozen, receiver

__all__ = ["frozen", "receiver"]
