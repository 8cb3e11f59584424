"""Regions that daxswitch gives back: what a capture shows of them, and the cases."""
