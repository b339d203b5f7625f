"""All tests of the site."""

from hypothesis import settings

# A busy machine is slow, which is no fault of what is tested: no property has a deadline.
settings.register_profile("school", deadline=None)
settings.load_profile("school")
