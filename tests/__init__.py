"""All tests of the site."""

import os

from hypothesis import settings

# A busy machine is slow, which is no fault of what is tested: no property has a deadline. On a developer's machine each
# run tries other examples; in CI the same tree always gets the same, so that what is red there is red by its change.
settings.register_profile("school", deadline=None, derandomize=os.environ.get("CI") == "true")
settings.load_profile("school")
