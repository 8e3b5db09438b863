"""Documents for people: each view gives the parts of a text, one below the other. Nothing is computed here."""
