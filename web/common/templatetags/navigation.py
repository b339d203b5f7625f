from django import template

from common.navigation import Navigation, build_navigation

register = template.Library()


@register.simple_tag(takes_context=True)
def navigation(context: template.Context) -> Navigation:
    """Works without a request too: the page for a broken site has none."""
    request = context.get("request")
    return build_navigation(context.get("user"), request.path if request else "")
