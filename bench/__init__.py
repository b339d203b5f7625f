"""Repeatable measurements, one command each; exit 0 means that what they promise holds."""
