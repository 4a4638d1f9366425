"""The triple store: who writes it, and the worker processes that answer queries from a release's checkpoint.

Nothing is imported here: a query worker must deny itself the network before the engine comes in.
"""
