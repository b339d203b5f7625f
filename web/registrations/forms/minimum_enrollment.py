from billing.forms import ReasonForm
from common.days import DayField


class PostponeDecisionForm(ReasonForm):
    day = DayField(label="Decision date")
