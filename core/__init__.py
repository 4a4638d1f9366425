"""What every room of Radiograph stands on: errors, settings, identifiers, RDF terms, canonical forms."""
