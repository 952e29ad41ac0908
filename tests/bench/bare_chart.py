"""The least that a Streamlit page with a plotly chart can be."""

import plotly.graph_objects as go
import streamlit as st

st.plotly_chart(go.Figure(go.Scatter(x=list(range(24)), y=[n * n % 17 for n in range(24)])))
