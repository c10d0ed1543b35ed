"""The position sync: strategies upload what they want to hold, others read it, one by one or merged.

The routes of an earlier system (COMPAT, prefix /api/v1) without its faults: a failed or doubtful request changes and
answers nothing that could be read as "holds nothing".
"""
