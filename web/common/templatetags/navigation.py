from django import template

from common import navigation as ways

register = template.Library()


@register.simple_tag(takes_context=True)
def navigation(context: template.Context) -> ways.Navigation:
    """Works without a request too: the page for a broken site has none."""
    request = context.get("request")
    return ways.navigation(context.get("user"), request.path if request else "")
