SENTENCES = {
    "demo_lms.enrolled": ("enrolled the buyer of order {order}", "enrolled the buyer"),
    "demo_lms.order_recorded": ("recorded order {order}", "recorded the order"),
}
