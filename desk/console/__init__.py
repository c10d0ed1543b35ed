"""What is served on this PC alone: a Flask app of its own, on a port and with threads of its own."""
