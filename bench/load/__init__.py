"""The app that the benchmarks add by EXTRA_APPS: events, and receivers whose effects can be counted."""
