"""The tests, and the deployment they share."""
