"""The rooms behind `main.py`: what each verb does. They belong to the roof and may construct what they need."""

VERSION = "0.1.0"  # the one in pyproject.toml; a test compares them
