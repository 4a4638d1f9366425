"""What a query asks elsewhere by SERVICE, answered by the front and put in its place as VALUES."""
