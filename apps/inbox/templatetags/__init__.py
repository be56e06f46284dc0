"""Tags for the pages of the inbox."""
