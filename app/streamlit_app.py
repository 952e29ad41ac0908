"""The entry: who is here, which pages exist, and the frame around each. Started by `nines serve` (or
`streamlit run app`)."""

import streamlit as st

from app import settings
from app.people import NotAllowed
from app.store.engine import StoreError
from app.ui import frame, outage
from app.ui.markup import plain

st.set_page_config(page_title="Nines", page_icon=frame.FAVICON, layout="wide", initial_sidebar_state=frame.SIDEBAR_PX)

try:
    frame.show()
except NotAllowed as refused:
    st.error(plain(str(refused)), icon=":material/lock:")
except StoreError as refused:
    outage.show(refused)
except settings.SettingsError as refused:
    st.error(plain(str(refused)), icon=":material/database_off:")
