"""The monthly review: what is frozen of a period, and the pack that is made of it alone."""
