"""The trading loop's rooms: one account at its broker, the plan of a turn, a person's commands.

Same floor as Trader: they know the core, the broker's Protocol and what the constructor hands them, no other door.
"""
