"""One file per provider: its signature scheme, and what its deliveries tell."""
