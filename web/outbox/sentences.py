SENTENCES = {
    "outbox.dismissed": ("dismissed the background job {receiver}", "dismissed the background job"),
    "outbox.retried": ("retried the background job {receiver}", "retried the background job"),
}
