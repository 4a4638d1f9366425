"""The validation service: what is handed in at ``/validate`` is judged in a process of its own, and kept nowhere."""
