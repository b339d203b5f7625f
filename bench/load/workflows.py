WORKFLOWS = {
    "load.loaded": {
        "later": ["bench.load.receivers.count", "bench.load.receivers.relay", "bench.load.receivers.call_out"],
    },
    "load.relayed": {"later": ["bench.load.receivers.count"]},
    "load.idle": {"later": ["bench.load.receivers.nothing"]},
    "load.idle_outside": {"later": ["bench.load.receivers.nothing_outside"]},
}
