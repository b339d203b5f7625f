"""The app that bench/ brings in by EXTRA_APPS: an event, and receivers whose effects can be counted."""
