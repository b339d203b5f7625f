from django.utils.translation import gettext_lazy as _

from common.days import DayField
from common.forms import ReasonForm


class PostponeDecisionForm(ReasonForm):
    day = DayField(label=_("Decision date"))
