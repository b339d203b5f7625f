from common.templatetags.formats import register  # noqa: F401
