"""The REST interface of our own, version 2: every answer is a typed model, and the description is made from them."""
