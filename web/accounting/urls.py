from django.urls import path

from accounting.views import ledger, payer_question, reconciliation

urlpatterns = [
    path("order/question/<str:token>/", payer_question.answer, name="order_question"),
    path("desk/reconciliation/", reconciliation.list_reconciliations, name="desk_reconciliations"),
    path("desk/reconciliation/<int:run>/", reconciliation.show_reconciliation, name="desk_reconciliation"),
    path(
        "desk/reconciliation/<int:run>/progress/",
        reconciliation.reconciliation_progress,
        name="desk_reconciliation_progress",
    ),
    path("desk/reconciliation/again/<int:pk>/", reconciliation.retry_statement, name="desk_reconciliation_again"),
    path("desk/reconciliation/finding/<int:finding>/", reconciliation.show_finding, name="desk_finding"),
    path("desk/day/", ledger.day_sheet, name="desk_day"),
    path("desk/books/", ledger.bookkeeping_summary, name="desk_ledger"),
    path("desk/books/download/", ledger.download_bookkeeping, name="desk_ledger_download"),
]
