"""For `{% load money %}`, which no template needs any longer: the filters of formats.py are always there."""

from common.templatetags.formats import register  # noqa: F401
