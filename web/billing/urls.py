from django.urls import path, re_path

from billing.views import cart, checkout, desk_money, desk_orders, orders, payments

urlpatterns = [
    path("cart/", cart.show, name="cart"),
    path("cart/remove/<int:number>/", cart.remove, name="cart_remove"),
    path("checkout/", checkout.details, name="checkout"),
    path("checkout/review/", checkout.review, name="checkout_review"),
    path("checkout/code/", checkout.code, name="checkout_code"),
    path("order/<int:number>/", orders.order, name="order"),
    path("order/<int:number>/receipt/", orders.receipt, name="order_receipt"),
    path("order/<int:number>/door/", orders.at_the_door, name="order_door"),
    path("order/<int:number>/cancel/", orders.cancel, name="order_cancel"),
    path("order/<int:number>/pay/", payments.start, name="order_pay"),
    path("payment/", payments.open_order, name="payment"),
    path("payment/done/<int:number>", payments.success, name="payment_success"),
    path("payment/fail/<int:number>", payments.fail, name="payment_fail"),
    path("payment/attempt/<uuid:token>/", payments.attempt, name="payment_attempt"),
    # The paths and names that django-payments gives its own two views; `process_data` is the older name of the first.
    path("payments/process/<uuid:token>/", payments.process, name="process_data"),
    path("payments/process/<uuid:token>/", payments.process, name="process_payment"),
    re_path(r"^payments/process/(?P<variant>[a-z-]+)/$", payments.hear, name="static_process_payment"),
    path("user/orders/", orders.mine, name="my_orders"),
    path("user/credit/", orders.my_credit, name="my_credit"),
    path("desk/orders/", desk_orders.index, name="desk_orders"),
    path("desk/orders/<int:number>/", desk_orders.one, name="desk_order"),
    path("desk/orders/<int:number>/record/", desk_orders.record, name="desk_record_payment"),
    path("desk/orders/<int:number>/refund/", desk_orders.refund, name="desk_refund"),
    path("desk/orders/<int:number>/cancel/", desk_orders.cancel_order, name="desk_cancel_order"),
    path("desk/orders/<int:number>/cancel/<int:line>/", desk_orders.cancel_line, name="desk_cancel_line"),
    path("desk/payments/", desk_money.payments, name="desk_payments"),
    path("desk/payments/handed-back/<int:refund>/", desk_money.handed_back, name="desk_handed_back"),
    path("desk/money-questions/", desk_money.all_cases, name="desk_cases"),
    path("desk/money-questions/<int:case>/", desk_money.close_case, name="desk_close_case"),
    path("desk/credit/", desk_money.all_credit, name="desk_credit"),
    path("desk/credit/<int:account>/", desk_money.one_credit, name="desk_credit_of"),
]
