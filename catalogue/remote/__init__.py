"""The external triple store: any SPARQL 1.1 store over HTTP, in the place of the embedded engine."""
