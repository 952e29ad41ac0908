"""What `app/server.py` puts around the Streamlit app: headers, compressed files, health, error pages."""
