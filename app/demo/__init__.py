"""A believable organisation to look at: `fill` writes it into an empty store, `company.facts` tells it."""

from app.demo.filling import NotEmpty, fill

__all__ = ["NotEmpty", "fill"]
