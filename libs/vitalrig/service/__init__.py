"""A service's life: settings, logs, health, heartbeats, and the page that shows them."""
