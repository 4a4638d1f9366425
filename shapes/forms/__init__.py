"""Forms that stewards fill: what a profile asks of a dataset, as columns of a table or lines of Turtle."""
