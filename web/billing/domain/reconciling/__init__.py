"""Our books beside the gateways': what fits, what does not, and what a person does about it."""
