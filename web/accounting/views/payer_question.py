"""The page on which a payer answers a question of the school; a mailed link leads to it."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounting.domain import payer_questions
from accounting.forms import PayerAnswerForm
from billing.domain.pricing import balances
from common.views import FORM_METHODS


@require_http_methods(FORM_METHODS)
@never_cache
def answer(request: HttpRequest, token: str) -> HttpResponse:
    question = payer_questions.find_question(token)
    if question is None:
        raise Http404
    form = PayerAnswerForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        payer_questions.record_payer_answer(question, form.cleaned_data["answer"])
        return redirect(request.path)
    order = question.order
    owed = balances.open_balance(order, timezone.now())
    context = {"question": question, "order": order, "form": form, "owed": owed if order.can_be_paid() else 0}
    return render(request, "accounting/payer_question.html", context, status=400 if form.errors else 200)
