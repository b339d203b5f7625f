from billing.forms import WhyForm
from common.days import DayField


class PutOffForm(WhyForm):
    day = DayField(label="Decision date")
