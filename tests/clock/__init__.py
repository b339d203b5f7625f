"""Running the tests as if it were another moment; see __main__.py."""

# What a child process needs besides PYTHONPATH where a test gives it an environment of its own.
VARIABLES = ("LD_PRELOAD", "FAKETIME", "FAKETIME_DONT_FAKE_MONOTONIC", "FAKETIME_FORCE_MONOTONIC_FIX")
