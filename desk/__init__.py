"""Nouns, rules and adapters of Gendan: what the doors (Receiver, Trader, send_trader_info) work with."""
