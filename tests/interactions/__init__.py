"""Questions: asked, answered, expired, cancelled."""
