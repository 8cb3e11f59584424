"""Dangerous situations: what the plain module commands make of them, and what daxswitch does."""
