"""The admin pages on which the office plans, as a browser uses them."""

import re
from html import unescape

from tests.base import SchoolTestCase


class OfficeTestCase(SchoolTestCase):
    def setUp(self):
        self.log_in(self.ada)

    def values_of(self, url):
        """What the page's form would send as it stands: the values that a browser reads out of it."""
        response = self.client.get(url)
        self.assertEqual(response.status_code, 200)
        context = response.context
        formsets = [inline.formset for inline in context["inline_admin_formsets"]]
        forms = [context["adminform"].form, *(form for formset in formsets for form in formset.forms)]
        values = {form.add_prefix(name): value for form in forms for name, value in self.sent(form)}
        for formset in formsets:
            counted = {"TOTAL_FORMS": formset.total_form_count(), "INITIAL_FORMS": formset.initial_form_count()}
            values |= {f"{formset.prefix}-{name}": count for name, count in counted.items()}
        return values

    def sent(self, form):
        for name in form.fields:
            value = form[name].value()
            if value or (value == 0 and value is not False):
                yield name, "on" if value is True else value

    def post(self, url, values, **changes):
        return self.client.post(url, values | changes)

    def seen(self, response):
        return re.search(r'name="seen" value="([^"]*)"', response.content.decode())[1]

    def taking(self, response):
        """The values behind the first button that takes a proposal."""
        return unescape(re.search(r'name="take" value="([^"]*)"', response.content.decode())[1])
