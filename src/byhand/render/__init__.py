"""Documents drawn: one file for each output. Nothing here sees a tensor or works out a number."""
