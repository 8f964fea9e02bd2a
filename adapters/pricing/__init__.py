"""The shipped price list: what the providers ask for their models' tokens, on its date."""
