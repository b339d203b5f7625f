"""Repeatable measurements. Each is one command, and exit code 0 means that its promise holds."""
