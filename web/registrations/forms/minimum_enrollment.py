from django.utils.translation import gettext_lazy as _

from billing.forms import ReasonForm
from common.days import DayField


class PostponeDecisionForm(ReasonForm):
    day = DayField(label=_("Decision date"))
