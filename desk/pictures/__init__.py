"""Pictures (PNG) with Chinese labels. The drawing library is imported only when a picture is drawn."""
