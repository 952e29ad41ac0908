"""How fast Nines is, as ratios to the least that the same machine could do in the same run: `python -m tests.bench`."""
