"""Run the meeting and keep its memory. `?review=` names one, `&step=` a step of its meeting."""

from app.ui import forms, forms_review, review

if not review.limited():
    told = review.chosen()
    if told is None:
        review.listed()
        forms.shown(forms_review.LISTED)
    else:
        review.one(told)
        forms.shown(forms_review.where(told.key))
