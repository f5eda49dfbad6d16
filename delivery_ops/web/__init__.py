"""HTTP adapters: what the rooms say, over HTTP, and nothing of their own. Today the intake of webhooks."""
