"""What all file connectors share: where files are, what their failures mean, reading as text, replacing as a whole."""
